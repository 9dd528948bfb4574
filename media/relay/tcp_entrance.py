"""Where clients come in by TCP: which addresses are listened at and offered, as they change."""

from __future__ import annotations

import asyncio
import ipaddress
import logging

from media.messages import Start
from media.sfu.sfu import Sfu
from media.transport.addresses import local_addresses, offered_by_tcp, tcp_hosts
from media.transport.tcp import Bounds, TcpListener

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"Between two attempts to listen at an address where that was not possible."


class TcpEntrance:
    """Offers TCP beside the UDP port of an SFU, where that number is free for TCP."""

    def __init__(
        self,
        sfu: Sfu,
        start: Start,
        bounds: Bounds | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._sfu = sfu
        self._clock = asyncio.get_running_loop().time
        self._retry_seconds = retry_seconds
        self._retry_at: float | None = None
        "When to try again what could not be bound."
        self._hosts = start.hosts if start.tcp else ()
        self._number = sfu.addresses()[0][1]
        self._offered: tuple[str, ...] = ()
        demux = sfu.forwarder.demux
        self.listener = TcpListener(
            (_loopback_of(start.hosts[0]), self._number),
            demux.is_check_for_a_peer,
            lambda address: address in demux.by_address,
            demux.mapped,
            bounds,
        )

    async def follow(self) -> tuple[str, ...]:
        """Listen at, and offer, what goes with the addresses offered now; those reached by TCP."""
        offered = tuple(host for host, _ in self._sfu.addresses())
        due = self._retry_at is not None and self._clock() >= self._retry_at
        if self._hosts and (due or offered != self._offered):
            try:
                await self._listen(offered)
            except OSError as error:  # as without another file to open: calls go on, UDP too
                logger.warning("TCP clients cannot be listened for at present: %s", error)
        return tuple(host for host, _ in self._sfu.tcp_addresses())

    async def _listen(self, offered: tuple[str, ...]) -> None:
        local = await asyncio.to_thread(local_addresses)
        wanted = tcp_hosts(self._hosts, offered, local)
        bound = await self.listener.listen(wanted)
        # Whoever has the port may give it up, and an address may be configured later than it is known.
        missing = not set(wanted).issubset(bound)
        self._retry_at = self._clock() + self._retry_seconds if missing else None
        reached = offered_by_tcp(offered, local, bound)
        self._sfu.offer_tcp([(host, self._number) for host in reached])
        self._offered = offered

    async def close(self) -> None:
        """End every connection once its client has what was sent to it."""
        await self.listener.close()


def _loopback_of(host: str) -> str:
    """Where this machine reaches what is bound to a host."""
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
