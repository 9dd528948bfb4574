"""Who is notified of events in the packet path: in a worker, its SFU."""

from __future__ import annotations

from typing import Protocol

from media.rooms.peer import Peer
from media.streams.inbound import Follower, InboundStream


class Observer(Protocol):
    """Called while datagrams are handled, so it must not block and must not read a port."""

    def on_rtcp(self, peer: Peer, data: bytes, now: float, arrived_at: float) -> None:
        """An SRTCP datagram came from a peer's address; nothing in it is authenticated yet.

        It may have waited since ``arrived_at``, which is by the same clock as ``now``.
        """

    def on_stream(self, peer: Peer, inbound: InboundStream) -> None:
        """A peer's first packet of a new stream was accepted."""

    def on_switch(self, peer: Peer, inbound: InboundStream, outbound: Follower) -> None:
        """An outbound stream forwards this stream of ``peer`` from the present packet on."""
