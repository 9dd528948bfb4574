"""A room of the relay in this process, with light clients in it: the target of hostile traffic."""

import asyncio
import time
from collections.abc import Callable

from aiortc import RTCCertificate

from media.messages import (
    AcceptAnswer,
    Connected,
    Disconnected,
    Event,
    Join,
    OfferNeeded,
    OpenRoom,
    Publishing,
)
from media.rtp.codecs import Kind
from media.sfu.sfu import Sfu
from media.transport.port import Port
from scripts.traffic.relay_clients import LoadClient

HOST = "127.0.0.1"


class Target:
    """A room of four light clients in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.port = Port(HOST, 0)
        self.parted: list[tuple[str, str]] = []
        "Who was disconnected, and why."
        self.sfu = Sfu([(HOST, self.port.number)], self._on_event, clock=clock)
        self.sfu.open([self.port])
        self.clients: dict[str, LoadClient] = {}
        self._certificate = RTCCertificate.generateCertificate()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connected = 0
        self.ready = asyncio.Event()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(event, Connected):
            self._connected += 1
            if self._connected == len(self.clients):
                self.ready.set()
        elif isinstance(event, Disconnected):
            self.parted.append((event.peer_id, event.reason))

    async def _answer(self, event: OfferNeeded) -> None:
        client = self.clients[event.peer_id]
        connecting = asyncio.ensure_future(client.connect(event.sdp)) if event.fresh else None
        answer = client.answer(event.sdp)
        self.sfu.execute(AcceptAnswer(event.room_id, event.peer_id, answer, event.revision))
        if connecting is not None:
            await connecting

    async def fill(self, names: str = "abcd") -> None:
        """Have the clients join and connect."""
        self.sfu.execute(OpenRoom("room"))
        publishing = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))
        for name in names:
            self.clients[name] = LoadClient(self._certificate, HOST)
        for name in names:
            self.sfu.execute(Join("room", name, publishing))
        async with asyncio.timeout(30):
            await self.ready.wait()
            while self._tasks:
                await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """End the call."""
        for client in self.clients.values():
            await client.close()
        await self.sfu.close()
