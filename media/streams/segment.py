"""A segment: a stretch of an outbound stream that follows one inbound stream."""

from __future__ import annotations

from dataclasses import dataclass

from media.streams.inbound import InboundStream


@dataclass(frozen=True, slots=True)
class Segment:
    """What was sent with constant offsets; each switch of an outbound stream begins another one."""

    inbound: InboundStream
    first: int
    "First sequence number sent."
    source_first: int
    "The sequence number it was received with."
    sequence_offset: int
    timestamp_offset: int
    picture_id_offset: int = 0
    tl0picidx_offset: int = 0
