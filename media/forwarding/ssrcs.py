"""Which stream of its publisher an unknown packet belongs to: a new one, or one it repeats.

Decisions on tables of a peer; nothing is forwarded here.
"""

from __future__ import annotations

import struct

from media.rooms.peer import Peer
from media.rtp.codecs import BY_PAYLOAD_TYPE
from media.rtp.header_extensions import Layout
from media.rtp.rtx import restore
from media.streams.inbound import Ingest
from media.streams.publication import Publication

_SSRC = struct.Struct("!8xI")


def new_stream(
    peer: Peer, ssrc: int, payload_type: int, layout: Layout
) -> tuple[Publication, Ingest] | None:
    """The stream that a first packet begins and its publication; None if nobody allowed it.

    The stream is not entered anywhere yet.
    """
    codec = BY_PAYLOAD_TYPE.get(payload_type)
    if codec is None or len(peer.ingests) >= peer.limits.streams:
        return None
    publication = None
    for candidate in peer.publications.values():
        if candidate.active and (
            candidate.mid == layout.mid
            if layout.mid
            else peer.announced.get(ssrc) == (peer.id, candidate.kind)
        ):
            publication = candidate
    medium = "video" if codec.rtx_payload_type is not None else "audio"
    if publication is None or publication.kind.medium != medium:
        return None
    if publication.rids and layout.rid not in publication.rids:
        return None
    ingest = Ingest(ssrc, codec, peer.id, layout.rid if publication.rids else "")
    ingest.layout = layout
    return publication, ingest


def enter(peer: Peer, publication: Publication, ingest: Ingest, now: float) -> None:
    """Make a stream its publication's, in the place of one that the browser began anew."""
    before = publication.ingests.get(ingest.rid)
    ingest.heard_at = now
    peer.ingests[ingest.ssrc] = ingest
    publication.ingests[ingest.rid] = ingest
    if before is not None:
        for subscription in [*before.subscriptions, *before.waiting]:
            subscription.follow(None, now)
        peer.forget_stream(before.ssrc)


def change_payload(ingest: Ingest, payload_type: int) -> bool:
    """Follow a sender that changes its codec within a stream; False refuses the packet."""
    codec = BY_PAYLOAD_TYPE.get(payload_type)
    if codec is None or codec.clock_rate != ingest.clock_rate:
        return False
    if (codec.rtx_payload_type is None) != (ingest.codec.rtx_payload_type is None):
        return False
    ingest.payload_type = payload_type
    ingest.codec = codec
    return True


def repeated(peer: Peer, packet: bytes, layout: Layout) -> tuple[Ingest, bytes] | None:
    """Undo a retransmission (RFC 4588 section 4): the stream and its packet, if it was missing."""
    (ssrc,) = _SSRC.unpack_from(packet)
    original = peer.repairs.get(ssrc)
    if original is None:
        if not layout.repaired_rid or len(peer.repairs) >= peer.limits.streams:
            return None
        for publication in peer.publications.values():
            found = publication.ingests.get(layout.repaired_rid)
            if publication.mid == layout.mid and found is not None:
                original = found.ssrc
                peer.repairs[ssrc] = original
    ingest = peer.ingests.get(original) if original is not None else None
    if ingest is None:
        return None
    undone = restore(packet, layout.end, ingest.payload_type, ingest.ssrc)
    if undone is None:
        return None
    sequence, restored = undone
    if ingest.missing.pop(sequence, None) is None:
        return None
    ingest.recovered += 1
    return ingest, restored
