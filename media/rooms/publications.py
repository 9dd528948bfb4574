"""What one participant publishes, and which SSRCs belong to it."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping

from media.native.lookup import routed_by_ssrc
from media.rooms.negotiation import SourceId
from media.rtp.codecs import Kind
from media.streams.inbound import InboundStream
from media.streams.publication import Publication


class Publications:
    """The publications of one peer and the streams they arrive in."""

    def __init__(self, most_streams: int) -> None:
        self.by_kind: dict[Kind, Publication] = {}
        self.inbound_streams: MutableMapping[int, InboundStream] = routed_by_ssrc()
        "By SSRC. The packet loop reads this very mapping."
        self.repairs: dict[int, int] = {}
        "SSRC of retransmissions -> SSRC of the stream they repair."
        self.announced: dict[int, SourceId] = {}
        "SSRC -> publication, as the answer said."
        self.ended: dict[int, tuple[SourceId, str]] = {}
        """SSRC of a stream that has ended -> its publication and rid. Its sender may go on with it and
        name neither again: a report has confirmed them (RFC 8843 section 9.2, RFC 8852 section 3.1)."""
        self._most_streams = most_streams

    def announce(self, source: SourceId, streams: Iterable[tuple[int, int]]) -> None:
        """Record the SSRCs an answer gives for a publication, replacing earlier ones.

        ``streams`` are pairs of an SSRC and that of its retransmissions, or 0. Those beyond the
        limit of streams are left out.
        """
        named = dict(streams)
        for ssrc in [ssrc for ssrc, owner in self.announced.items() if owner == source]:
            del self.announced[ssrc]
            if named.get(ssrc) != 0:
                # For a stream named without its RTX SSRC, what packets have told still holds.
                self._forget_repairs(ssrc)
        for ssrc, rtx in named.items():
            if len(self.announced) >= self._most_streams:
                break
            self.announced[ssrc] = source
            if rtx:
                self.repairs[rtx] = ssrc

    def announce_by_mid(self, publisher_id: str, ssrc: int, mid: str) -> None:
        """Record the section that an SDES item names for an SSRC (RFC 8843 section 9.2)."""
        if ssrc in self.inbound_streams or ssrc in self.repairs:
            return
        if ssrc not in self.announced and len(self.announced) >= self._most_streams:
            return
        for publication in self.by_kind.values():
            if publication.active and publication.mid == mid:
                self.announced[ssrc] = (publisher_id, publication.kind)

    def end_stream(self, source: SourceId, inbound: InboundStream) -> None:
        """Remove the stream of a publication that has ended, and remember where it belongs."""
        self.ended[inbound.ssrc] = (source, inbound.rid)
        while len(self.ended) > self._most_streams:
            del self.ended[next(iter(self.ended))]
        self.forget_stream(inbound.ssrc)

    def forget_stream(self, ssrc: int) -> None:
        """Remove an inbound stream, with its retransmissions."""
        self.inbound_streams.pop(ssrc, None)
        self._forget_repairs(ssrc)

    def _forget_repairs(self, ssrc: int) -> None:
        for rtx in [rtx for rtx, repaired in self.repairs.items() if repaired == ssrc]:
            del self.repairs[rtx]
