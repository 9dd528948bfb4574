"""Whose datagram this is: peers by the fragment they were given and by the addresses they proved.

An address is believed after a connectivity check that knows the password (RFC 8445 section 7.3);
everything else from there is the peer's, everything from elsewhere a stranger's.
"""

from __future__ import annotations

from collections.abc import Callable

from . import ice
from .datagrams import SLOT, Port, unpack_address
from .peer import REMEMBERED_ADDRESSES, Peer

LONGEST_PACKET = 1500
"Bytes of a received packet; what is longer was not made for the internet."


class Directory:
    """The peers behind the ports of one worker, and what they send beside RTP."""

    def __init__(self) -> None:
        self.by_fragment: dict[str, Peer] = {}
        self.by_address: dict[bytes, Peer] = {}
        self.strangers = 0
        self.on_rtcp: Callable[[Peer, bytes, float], None] = lambda peer, data, now: None

    def add(self, peer: Peer) -> None:
        """Answer this peer's connectivity checks from now on."""
        self.by_fragment[peer.credentials.fragment] = peer

    def remove(self, peer: Peer) -> None:
        """Forget a peer and its addresses."""
        self.by_fragment.pop(peer.credentials.fragment, None)
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
            self._check(port, index, bytes(view), now)
        elif peer is None:
            self.strangers += 1
        elif 19 < first < 64:
            if peer.handshake is not None:
                peer.handshake.carrier.feed(bytes(view))
        elif 127 < first < 192 and length <= LONGEST_PACKET:
            peer.allowance.rtcp -= 1
            if peer.allowance.rtcp < 0 or peer.ciphers is None:
                peer.over_limit += 1
                return
            self.on_rtcp(peer, bytes(view), now)

    def _check(self, port: Port, index: int, data: bytes, now: float) -> None:
        """Answer a connectivity check if it knows the password; ignore it otherwise."""
        fragment = ice.local_fragment(data) if ice.is_binding_request(data) else None
        peer = self.by_fragment.get(fragment) if fragment is not None else None
        if peer is None:
            self.strangers += 1
            return
        peer.allowance.checks -= 1
        if peer.allowance.checks < 0:
            peer.over_limit += 1
            return
        check = ice.verify(data, peer.credentials)
        if check is None:
            self.strangers += 1
            return
        name = port.source(index)
        port.send_to(ice.respond(check, peer.credentials, unpack_address(name)), name)
        if check.controlled:
            return
        peer.checked_at = now
        if self.by_address.get(name) is not peer:
            self.by_address[name] = peer
            peer.addresses.append(name)
            while len(peer.addresses) > REMEMBERED_ADDRESSES:
                old = peer.addresses.pop(0)
                if self.by_address.get(old) is peer and old != peer.destination.name:
                    del self.by_address[old]
        if check.nominates or peer.destination.port is None:
            peer.move(port, name)
