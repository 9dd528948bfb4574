"""What a participant publishes: audio, camera or screen, in one or several encodings."""

from __future__ import annotations

from dataclasses import dataclass, field

from media.rtp.codecs import VIDEO_FEEDBACK, Kind
from media.streams.inbound import InboundStream


@dataclass
class Publication:
    """One published source and the streams it arrives in."""

    publisher_id: str
    kind: Kind
    rids: tuple[str, ...] = ()
    "Simulcast encodings offered, best first; empty when there is only one."
    active: bool = False
    "Whether the client's answer agreed to send it."
    inbound_streams: dict[str, InboundStream] = field(default_factory=dict)
    "By rid; the key is empty without simulcast."
    mid: str = ""
    payload_types: frozenset[int] = frozenset()
    "What the answer accepted, retransmissions included; empty before."
    feedback: frozenset[str] = frozenset(VIDEO_FEEDBACK)
    "RTCP feedback that the answer accepted, as ``nack pli``; before that, what is offered."

    @property
    def stream(self) -> str:
        """The MediaStream id a subscriber finds it in: camera and audio share one."""
        suffix = "-screen" if self.kind is Kind.SCREEN else ""
        return f"{self.publisher_id}{suffix}"

    def encodings(self) -> list[InboundStream]:
        """The streams received, best first."""
        if not self.rids:
            return list(self.inbound_streams.values())
        return [self.inbound_streams[rid] for rid in self.rids if rid in self.inbound_streams]
