"""Whose datagram this is: peers by the fragment they were given and by the addresses they proved.

An address is believed after a connectivity check that knows the password (RFC 8445 section 7.3);
everything else from there is the peer's, everything from elsewhere a stranger's.
"""

from __future__ import annotations

from collections.abc import Callable

from media.forwarding import connectivity_checks
from media.rooms.peer import Peer
from media.transport.port import SLOT, Port

LONGEST_PACKET = 1500
"Bytes of a received packet; what is longer was not made for the internet."


class Demultiplexer:
    """The peers behind the ports of one worker, and what they send beside RTP."""

    def __init__(self) -> None:
        self.by_ufrag: dict[str, Peer] = {}
        self.by_address: dict[bytes, Peer] = {}
        self.strangers = 0
        self.on_rtcp: Callable[[Peer, bytes, float], None] = lambda peer, data, now: None

    def add(self, peer: Peer) -> None:
        """Answer this peer's connectivity checks from now on."""
        self.by_ufrag[peer.credentials.ufrag] = peer

    def remove(self, peer: Peer) -> None:
        """Forget a peer and its addresses."""
        self.by_ufrag.pop(peer.credentials.ufrag, None)
        for address in peer.addresses:
            if self.by_address.get(address) is peer:
                del self.by_address[address]

    def take(self, port: Port, index: int, peer: Peer | None, now: float) -> None:
        """Everything but RTP: checks, handshakes, reports, and what strangers send."""
        length = port.length(index)
        base = index * SLOT
        view = port.incoming[base : base + min(length, SLOT)]
        if not length:
            self.strangers += 1
            return
        first = view[0]
        if first < 2:
            data = bytes(view)
            named = connectivity_checks.find(data, self.by_ufrag)
            address = port.source(index)
            if named is None or not connectivity_checks.admit(
                named, data, port, address, self.by_address, now
            ):
                self.strangers += 1
        elif peer is None:
            self.strangers += 1
        elif 19 < first < 64:
            peer.allowance.records -= 1
            if peer.allowance.records < 0:
                peer.over_limit += 1
            elif peer.handshake is not None:
                peer.handshake.carrier.feed(bytes(view))
        elif 127 < first < 192 and length <= LONGEST_PACKET:
            self.on_rtcp(peer, bytes(view), now)
