"""The VP8 payload descriptor (RFC 7741 section 4.2), read and rewritten."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vp8Descriptor:
    """A VP8 payload descriptor; positions count from the payload's start."""

    size: int
    starts_frame: bool
    picture_id_position: int
    "Position of the PictureID, 0 when absent."
    picture_id_bits: int
    "7 or 15."
    picture_id: int
    tl0picidx_position: int
    "Position of TL0PICIDX, 0 when absent."
    tl0picidx: int


def read_vp8(payload: bytes | memoryview) -> Vp8Descriptor | None:
    """The descriptor at the start of a VP8 payload, or None if it is truncated."""
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


def starts_keyframe(payload: bytes | memoryview) -> bool:
    """Whether a keyframe starts in this packet (RFC 6386 section 9.1)."""
    descriptor = read_vp8(payload)
    if descriptor is None or not descriptor.starts_frame or len(payload) <= descriptor.size:
        return False
    return not payload[descriptor.size] & 0x01


def rewrite_descriptor(payload: memoryview, picture_id_offset: int, tl0picidx_offset: int) -> None:
    """Add the offsets to the PictureID and TL0PICIDX of a VP8 payload, in place."""
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
