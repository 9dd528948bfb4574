"""Where an H.264 keyframe starts (RFC 6184 section 5)."""

from __future__ import annotations

_SPS = 7
_IDR = 5
_STAP_A = 24
_FU_A = 28


def starts_keyframe(payload: bytes | memoryview) -> bool:
    """Whether this packet has a sequence parameter set, or the start of an IDR picture."""
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
        # Browsers send a parameter set before every IDR picture; a fragment alone is a start only
        # with its start bit.
        return bool(payload[1] & 0x80) and payload[1] & 0x1F in (_SPS, _IDR)
    return unit in (_SPS, _IDR)
