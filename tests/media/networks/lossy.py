"""A bad link to the relay: a UDP proxy that drops, delays, reorders and duplicates datagrams."""

import asyncio
import random
import re
from dataclasses import dataclass


@dataclass
class Trouble:
    """What happens to each datagram, in either direction."""

    loss: float = 0.0
    doubled: float = 0.0
    delay: float = 0.0
    "Seconds each way."
    jitter: float = 0.0
    "Seconds that single datagrams may be late by, so that they overtake each other."


class LossyLink:
    """Forwards datagrams between one client and a port of the relay on the same address."""

    def __init__(self, host: str, port: int, trouble: Trouble, seed: int = 1) -> None:
        self.trouble = trouble
        self.lost = self.doubled = self.passed = 0
        self._relay = (host, port)
        self._chance = random.Random(seed)
        self._client: tuple[str, int] | None = None
        self._near: asyncio.DatagramTransport | None = None
        self._far: asyncio.DatagramTransport | None = None

    async def start(self) -> int:
        """The port that clients use as the relay's."""
        loop = asyncio.get_running_loop()
        host = self._relay[0]
        self._near, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self._from_client), local_addr=(host, 0)
        )
        self._far, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self._from_relay), local_addr=(host, 0)
        )
        number: int = self._near.get_extra_info("sockname")[1]
        self.number = number
        return number

    def stop(self) -> None:
        for transport in (self._near, self._far):
            if transport is not None:
                transport.close()

    def lead(self, offer: str) -> str:
        """The offer with this link instead of the relay as its only candidate."""
        host, port = self._relay
        led = offer.replace(f" {host} {port} typ", f" {host} {self.number} typ")
        assert led != offer
        # A machine has more addresses, and a browser would find the good link by them.
        return re.sub(rf"a=candidate:(?!.* {host} {self.number} typ).*\r\n", "", led)

    def _from_client(self, data: bytes, address: tuple[str, int]) -> None:
        self._client = address
        self._pass(self._far, data, self._relay)

    def _from_relay(self, data: bytes, address: tuple[str, int]) -> None:
        self._pass(self._near, data, self._client)

    def _pass(
        self, side: asyncio.DatagramTransport | None, data: bytes, to: tuple[str, int] | None
    ) -> None:
        trouble, chance = self.trouble, self._chance
        if side is None or to is None or chance.random() < trouble.loss:
            self.lost += 1
            return
        copies = 2 if chance.random() < trouble.doubled else 1
        self.doubled += copies - 1
        self.passed += copies
        for _ in range(copies):
            wait = trouble.delay + chance.random() * trouble.jitter
            asyncio.get_running_loop().call_later(wait, self._send, side, data, to)

    @staticmethod
    def _send(side: asyncio.DatagramTransport, data: bytes, to: tuple[str, int]) -> None:
        if not side.is_closing():
            side.sendto(data, to)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, receive) -> None:
        self.datagram_received = receive
