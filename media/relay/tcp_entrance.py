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


class TcpEntrance:
    """Offers TCP beside the UDP port of an SFU, where that number is free for TCP."""

    def __init__(self, sfu: Sfu, start: Start, bounds: Bounds | None = None) -> None:
        self._sfu = sfu
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
        if self._hosts and offered != self._offered:
            try:
                await self._listen(offered)
            except OSError as error:  # as without another file to open: calls go on, UDP too
                logger.warning("TCP clients cannot be listened for at present: %s", error)
        return tuple(host for host, _ in self._sfu.tcp_addresses())

    async def _listen(self, offered: tuple[str, ...]) -> None:
        local = await asyncio.to_thread(local_addresses)
        bound = await self.listener.listen(tcp_hosts(self._hosts, offered, local))
        reached = offered_by_tcp(offered, local, bound)
        self._sfu.offer_tcp([(host, self._number) for host in reached])
        self._offered = offered

    def close(self) -> None:
        """End every connection."""
        self.listener.close()


def _loopback_of(host: str) -> str:
    """Where this machine reaches what is bound to a host."""
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
