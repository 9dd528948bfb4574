"""Which of its publisher's streams a packet of an unknown SSRC belongs to: new, or retransmitted.

Decisions on a peer's tables; nothing is forwarded here.
"""

from __future__ import annotations

import struct

from media.rooms.peer import Peer
from media.rtp.codecs import BY_PAYLOAD_TYPE, RTX_PAYLOAD_TYPES
from media.rtp.extension_layout import Layout
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
    if ssrc in peer.publications.repairs:
        return None
    publication = _publication_of(peer, ssrc, payload_type, layout)
    if publication is None or publication.kind.medium != codec.medium:
        return None
    rid = layout.rid or peer.publications.ended.get(ssrc, ((), ""))[1]
    if publication.rids and rid not in publication.rids:
        return None
    inbound = InboundStream(ssrc, codec, peer.id, rid if publication.rids else "")
    inbound.layout = layout
    inbound.feedback = publication.feedback
    return publication, inbound


def _publication_of(peer: Peer, ssrc: int, payload_type: int, layout: Layout) -> Publication | None:
    """The publication whose m= section a stream belongs to (RFC 8843 section 9.2).

    Its MID says so, else the answer that gave its SSRC, else where that has belonged before, else a
    payload type that no other section has. The section must have accepted the payload type in any case.
    """
    publications = peer.publications
    accepting = [
        publication
        for publication in publications.by_kind.values()
        if publication.active and payload_type in publication.payload_types
    ]
    if layout.mid:
        found = [publication for publication in accepting if publication.mid == layout.mid]
    elif ssrc in publications.announced or ssrc in publications.ended:
        source = publications.announced.get(ssrc) or publications.ended[ssrc][0]
        found = [one for one in accepting if (peer.id, one.kind) == source]
    else:
        found = accepting
    return found[0] if len(found) == 1 else None


def enter(peer: Peer, publication: Publication, inbound: InboundStream, now: float) -> None:
    """Enter a new stream into the tables, in place of one that the browser restarted."""
    before = publication.inbound_streams.get(inbound.rid)
    inbound.entered_at = inbound.last_seen = now
    peer.publications.ended.pop(inbound.ssrc, None)
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
    repairs = peer.publications.repairs
    inbound = peer.inbound_streams.get(repairs.get(ssrc, -1))
    if inbound is None and len(repairs) < peer.limits.streams:
        publication = _publication_of(peer, ssrc, packet[1] & 0x7F, layout)
        if publication is not None:
            rid = layout.repaired_rid if publication.rids else ""
            inbound = publication.inbound_streams.get(rid)
    # All codecs of RTX are of video.
    if inbound is None or inbound.history is None:
        return None
    # A sender may have changed its codec since (section 8.6: apt).
    repaired = RTX_PAYLOAD_TYPES.get(packet[1] & 0x7F, inbound.payload_type)
    undone = restore(packet, layout.end, repaired, inbound.ssrc)
    if undone is None:
        return None
    repairs[ssrc] = inbound.ssrc
    sequence, restored = undone
    if inbound.missing.pop(sequence, None) is None:
        return None
    inbound.recovered += 1
    return inbound, restored
