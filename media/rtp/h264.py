"""Where an H.264 keyframe starts (RFC 6184 section 5)."""

from __future__ import annotations

_SPS = 7
_IDR = 5
_STAP_A = 24
_FU_A = 28


def starts_keyframe(payload: bytes | memoryview) -> bool:
    """Whether this packet has a sequence parameter set, or the first slice of an IDR picture.

    A picture may have many slices (encoders with several threads, or of phones): a decoder that is
    given only the later ones shows a broken picture.
    """
    if len(payload) < 2:
        return False
    unit = payload[0] & 0x1F
    if unit == _STAP_A:
        position = 1
        while position + 2 < len(payload):
            length = int.from_bytes(payload[position : position + 2])
            if _starts(payload[position + 2] & 0x1F, payload[position + 3 : position + 4]):
                return True
            position += 2 + length
        return False
    if unit == _FU_A:
        # A fragment is a start only with its start bit.
        return bool(payload[1] & 0x80) and _starts(payload[1] & 0x1F, payload[2:3])
    return _starts(unit, payload[1:2])


def _starts(unit: int, following: bytes | memoryview) -> bool:
    """Whether a keyframe starts with a unit of this type; ``following`` is the byte after its header."""
    # first_mb_in_slice is the first of a slice: 0 is one bit, 1 (Rec. ITU-T H.264 section 9.1).
    return unit == _SPS or (unit == _IDR and len(following) == 1 and following[0] >= 0x80)
