"""Where a picture can begin, read from the payload; and the counters of VP8 that a switch mends.

VP8 is read as RFC 7741 section 4.2 and RFC 6386 section 9.1 say, H.264 as RFC 6184 section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

_SPS = 7
_IDR = 5
_STAP_A = 24
_FU_A = 28


@dataclass(frozen=True, slots=True)
class Vp8Descriptor:
    """The payload descriptor of a VP8 packet; positions count from the payload's start."""

    size: int
    starts_frame: bool
    picture_id_position: int
    "Position of the picture id, 0 when absent."
    picture_id_bits: int
    "7 or 15."
    picture_id: int
    tl0picidx_position: int
    "Position of TL0PICIDX, 0 when absent."
    tl0picidx: int


def read_vp8(payload: bytes | memoryview) -> Vp8Descriptor | None:
    """The descriptor at the start of a VP8 payload, or None if it is cut short."""
    size = len(payload)
    if size < 1:
        return None
    first = payload[0]
    starts_frame = bool(first & 0x10) and not first & 0x0F
    position = 1
    picture_id_position = picture_id_bits = picture_id = tl0picidx_position = tl0picidx = 0
    if first & 0x80:
        if size < 2:
            return None
        extension = payload[1]
        position = 2
        if extension & 0x80:
            if size < position + 2:
                return None
            picture_id_position = position
            if payload[position] & 0x80:
                picture_id_bits = 15
                picture_id = int.from_bytes(payload[position : position + 2]) & 0x7FFF
                position += 2
            else:
                picture_id_bits = 7
                picture_id = payload[position]
                position += 1
        if extension & 0x40:
            if size <= position:
                return None
            tl0picidx_position = position
            tl0picidx = payload[position]
            position += 1
        if extension & 0x30:
            position += 1
    if size < position:
        return None
    return Vp8Descriptor(
        position,
        starts_frame,
        picture_id_position,
        picture_id_bits,
        picture_id,
        tl0picidx_position,
        tl0picidx,
    )


def is_keyframe_start(codec: str, payload: bytes | memoryview) -> bool:
    """Whether a decoder can begin with this packet. ``codec`` is ``VP8`` or ``H264``."""
    if codec == "VP8":
        descriptor = read_vp8(payload)
        if descriptor is None or not descriptor.starts_frame or len(payload) <= descriptor.size:
            return False
        return not payload[descriptor.size] & 0x01
    if codec == "H264":
        return _h264_starts_picture(payload)
    return False


def _h264_starts_picture(payload: bytes | memoryview) -> bool:
    if len(payload) < 2:
        return False
    unit = payload[0] & 0x1F
    if unit == _STAP_A:
        position = 1
        while position + 2 < len(payload):
            length = int.from_bytes(payload[position : position + 2])
            if payload[position + 2] & 0x1F in (_SPS, _IDR):
                return True
            position += 2 + length
        return False
    if unit == _FU_A:
        # A parameter set goes before every picture a browser makes; a bare fragment of one is a
        # beginning only with its start bit.
        return bool(payload[1] & 0x80) and payload[1] & 0x1F in (_SPS, _IDR)
    return unit in (_SPS, _IDR)


def rewrite_descriptor(payload: memoryview, picture_id_offset: int, tl0picidx_offset: int) -> None:
    """Add the offsets to the picture id and TL0PICIDX of a VP8 payload, in place."""
    descriptor = read_vp8(payload)
    if descriptor is None:
        return
    if descriptor.picture_id_position:
        position = descriptor.picture_id_position
        if descriptor.picture_id_bits == 15:
            value = (descriptor.picture_id + picture_id_offset) & 0x7FFF
            payload[position : position + 2] = (value | 0x8000).to_bytes(2)
        else:
            payload[position] = (descriptor.picture_id + picture_id_offset) & 0x7F
    if descriptor.tl0picidx_position:
        payload[descriptor.tl0picidx_position] = (descriptor.tl0picidx + tl0picidx_offset) & 0xFF
