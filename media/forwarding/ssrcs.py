"""Which of its publisher's streams a packet of an unknown SSRC belongs to: new, or retransmitted.

Decisions on a peer's tables; nothing is forwarded here.
"""

from __future__ import annotations

import struct

from media.rooms.peer import Peer
from media.rtp.codecs import BY_PAYLOAD_TYPE
from media.rtp.header_extensions import Layout
from media.rtp.rtx import restore
from media.streams.inbound import InboundStream
from media.streams.publication import Publication

_SSRC = struct.Struct("!8xI")


def new_stream(
    peer: Peer, ssrc: int, payload_type: int, layout: Layout
) -> tuple[Publication, InboundStream] | None:
    """The publication and the new stream of a first packet; None if it was not negotiated.

    The stream is not in any table yet.
    """
    codec = BY_PAYLOAD_TYPE.get(payload_type)
    if codec is None or len(peer.inbound_streams) >= peer.limits.streams:
        return None
    publication = None
    for candidate in peer.publications.by_kind.values():
        if candidate.active and (
            candidate.mid == layout.mid
            if layout.mid
            else peer.publications.announced.get(ssrc) == (peer.id, candidate.kind)
        ):
            publication = candidate
    if publication is None or publication.kind.medium != codec.medium:
        return None
    if publication.rids and layout.rid not in publication.rids:
        return None
    inbound = InboundStream(ssrc, codec, peer.id, layout.rid if publication.rids else "")
    inbound.layout = layout
    return publication, inbound


def enter(peer: Peer, publication: Publication, inbound: InboundStream, now: float) -> None:
    """Enter a new stream into the tables, in place of one that the browser restarted."""
    before = publication.inbound_streams.get(inbound.rid)
    inbound.last_seen = now
    peer.inbound_streams[inbound.ssrc] = inbound
    publication.inbound_streams[inbound.rid] = inbound
    if before is not None:
        for outbound in [*before.outbound_streams, *before.waiting]:
            outbound.follow(None, now)
        peer.publications.forget_stream(before.ssrc)


def change_payload(inbound: InboundStream, payload_type: int) -> bool:
    """Follow a sender that changes its codec within a stream; False to drop the packet."""
    codec = BY_PAYLOAD_TYPE.get(payload_type)
    if codec is None or codec.clock_rate != inbound.clock_rate:
        return False
    if codec.medium != inbound.codec.medium:
        return False
    inbound.payload_type = payload_type
    inbound.codec = codec
    return True


def undo_retransmission(
    peer: Peer, packet: bytes, layout: Layout
) -> tuple[InboundStream, bytes] | None:
    """Undo RTX (RFC 4588 section 4): the stream and the original packet, if it was missing."""
    (ssrc,) = _SSRC.unpack_from(packet)
    original = peer.publications.repairs.get(ssrc)
    if original is None:
        if not layout.repaired_rid or len(peer.publications.repairs) >= peer.limits.streams:
            return None
        for publication in peer.publications.by_kind.values():
            found = publication.inbound_streams.get(layout.repaired_rid)
            if publication.mid == layout.mid and found is not None:
                original = found.ssrc
                peer.publications.repairs[ssrc] = original
    inbound = peer.inbound_streams.get(original) if original is not None else None
    if inbound is None:
        return None
    undone = restore(packet, layout.end, inbound.payload_type, inbound.ssrc)
    if undone is None:
        return None
    sequence, restored = undone
    if inbound.missing.pop(sequence, None) is None:
        return None
    inbound.recovered += 1
    return inbound, restored
