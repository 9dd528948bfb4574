"""Rooms in which messages are sent and timed, for benchmarks of the chat."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import aiohttp

TEXT = "I have had a headache since yesterday evening, and the light hurts. " * 2


@dataclass
class Desk:
    """Both sockets of one room, and the times at which messages arrived."""

    service_user: aiohttp.ClientWebSocketResponse
    scheduler: aiohttp.ClientWebSocketResponse
    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)

    async def send(self) -> None:
        message_id = secrets.token_urlsafe(12)
        frame = json.dumps({"type": "chat_send", "id": message_id, "text": TEXT})
        self.sent[message_id] = time.perf_counter()
        await self.service_user.send_str(frame)

    async def hear_acknowledgements(self) -> None:
        async for frame in self.service_user:
            if '"type":"ack"' in frame.data:
                self.acknowledged[json.loads(frame.data)["id"]] = time.perf_counter()
            elif '"type":"error"' in frame.data:
                raise RuntimeError(frame.data)

    async def hear_messages(self) -> None:
        async for frame in self.scheduler:
            if '"type":"chat_added"' in frame.data:
                message = json.loads(frame.data)["message"]
                if message["kind"] == "text":
                    self.shown[message["id"]] = time.perf_counter()

    @property
    def complete(self) -> bool:
        return len(self.acknowledged) == len(self.shown) == len(self.sent)


async def until_complete(desks: Sequence[Desk], listeners: Sequence[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(120):
        while not all(desk.complete for desk in desks):
            for listener in listeners:
                if listener.done():
                    listener.result()
                    raise RuntimeError("A socket was closed during the measurement.")
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def heard(desks: Sequence[Desk]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Within, what arrives on the sockets is noted; yields the tasks that do so."""
    listeners = [
        asyncio.create_task(hearing)
        for desk in desks
        for hearing in (desk.hear_acknowledgements(), desk.hear_messages())
    ]
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
