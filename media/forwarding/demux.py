"""Which peer a datagram belongs to: by the address it comes from, or by the ufrag of a check.

An address counts as a peer's after a connectivity check that proves the password (RFC 8445 section
7.3). Everything else from there is the peer's; everything from elsewhere is a stranger's.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from media.forwarding import connectivity_checks
from media.forwarding.observer import Observer
from media.native.lookup import routed_by_address
from media.rooms.peer import Peer
from media.transport.port import SLOT, Port

LONGEST_PACKET = 1500
"Bytes of a received packet; anything longer was not made for the internet."


class Demultiplexer:
    """The peers behind the ports of one worker, and what they send besides RTP."""

    def __init__(self, observer: Observer) -> None:
        self.by_ufrag: dict[str, Peer] = {}
        "By our ufrag, from the moment the peer joins."
        self.by_address: MutableMapping[bytes, Peer] = routed_by_address()
        "By verified address, packed."
        self.mapped: dict[bytes, tuple[str, int]] = {}
        "By packed address on loopback: that of the client whose TCP connection it stands for."
        self.strangers = 0
        "Datagrams that belong to no peer."
        self._observer = observer

    def add(self, peer: Peer) -> None:
        """Answer this peer's connectivity checks from now on."""
        self.by_ufrag[peer.credentials.ufrag] = peer

    def remove(self, peer: Peer) -> None:
        """Forget a peer and its addresses."""
        self.by_ufrag.pop(peer.credentials.ufrag, None)
        for address in peer.addresses:
            if self.by_address.get(address) is peer:
                del self.by_address[address]

    def keep_destination_only(self, peer: Peer) -> None:
        """Forget a peer's other addresses; a check makes any of them its own again."""
        for address in peer.addresses:
            if address != peer.destination.address and self.by_address.get(address) is peer:
                del self.by_address[address]
        peer.addresses = [
            address for address in peer.addresses if address == peer.destination.address
        ]

    def is_check_for_a_peer(self, data: bytes) -> bool:
        """Whether it is a connectivity check that names a peer of ours; nothing is proven yet."""
        return connectivity_checks.find(data, self.by_ufrag) is not None

    def dispatch(
        self, port: Port, index: int, peer: Peer | None, now: float, arrived_at: float
    ) -> None:
        """Handle datagram ``index`` if it is not a peer's RTP: STUN, DTLS, RTCP, a stranger's.

        ``peer`` is the one at its source address. First bytes are told apart as in RFC 7983.
        """
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
            source = port.source(index)
            if named is None or not connectivity_checks.admit(
                named, data, port, source, self.by_address, now, self.mapped.get(source)
            ):
                self.strangers += 1
        elif peer is None:
            self.strangers += 1
        elif 19 < first < 64:
            if not peer.allowance.spend_record(peer.limits, now):
                peer.over_limit += 1
            elif peer.handshake is not None:
                peer.handshake.carrier.feed(bytes(view))
            else:
                peer.early_records.add(bytes(view))
        elif 127 < first < 192 and length <= LONGEST_PACKET:
            self._observer.on_rtcp(peer, bytes(view), now, arrived_at)
