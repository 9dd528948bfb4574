"""Which connectivity checks are accepted: those that prove the password, each from one address.

A lite agent accepts a valid check from any address, and a check carries no time. Anybody who
overhears one could replay it from elsewhere and have the media sent there, so a transaction is
valid only from the address it first came from, and as often as a client retransmits (RFC 8489
section 6.2.1).
"""

from __future__ import annotations

from collections.abc import MutableMapping

from media.rooms.peer import REMEMBERED_ADDRESSES, Peer
from media.transport import ice
from media.transport.port import Port, unpack_address

REMEMBERED_CHECKS = 1024
"Transactions remembered per peer: some forty minutes of a browser's checks."
REPETITIONS = 7
"Times that one transaction is answered: a client without a response sends it so often."


def find(data: bytes, by_ufrag: dict[str, Peer]) -> Peer | None:
    """The peer that a check's ufrag names; nothing is proven yet."""
    ufrag = ice.local_ufrag(data) if ice.is_binding_request(data) else None
    return by_ufrag.get(ufrag) if ufrag is not None else None


def admit(
    peer: Peer,
    data: bytes,
    port: Port,
    address: bytes,
    by_address: MutableMapping[bytes, Peer],
    now: float,
    mapped: tuple[str, int] | None = None,
) -> bool:
    """Answer a check for ``peer`` from a packed address, and follow it there.

    ``mapped`` is what the client is told to have as its address, if that is another.

    False if it does not prove the password: then nothing has changed. Only proven checks count
    against the limit, so that nobody else can use it up. One that comes again is answered, and
    changes nothing: it may be a replay with a forged source, by which somebody who overheard it
    would have the media sent to where the peer was before, or a peer that is gone seem alive.
    """
    check = ice.verify(data, peer.credentials)
    if check is None:
        return False
    first, times = peer.answered_checks.get(check.transaction_id, (address, 0))
    if first != address or times >= REPETITIONS:
        return False
    peer.answered_checks[check.transaction_id] = (address, times + 1)
    if len(peer.answered_checks) > REMEMBERED_CHECKS:
        del peer.answered_checks[next(iter(peer.answered_checks))]
    if not peer.allowance.spend_check(peer.limits, now):
        peer.over_limit += 1
        return True
    response = ice.respond(check, peer.credentials, mapped or unpack_address(address))
    if len(response) > len(data):
        # It has not what a check must have: priority and role (RFC 8445 section 7.1).
        return False
    port.send_to(response, address)
    if check.controlled or check.unknown or times:
        return True
    peer.liveness.note_check(now)
    if by_address.get(address) is not peer:
        by_address[address] = peer
        peer.addresses.append(address)
        while len(peer.addresses) > REMEMBERED_ADDRESSES:
            old = next(each for each in peer.addresses if each != peer.destination.address)
            peer.addresses.remove(old)
            if by_address.get(old) is peer:
                del by_address[old]
    if check.nominates or peer.destination.port is None:
        peer.move(port, address)
    return True
