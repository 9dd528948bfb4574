"""Where a decoder can start, by codec."""

from __future__ import annotations

from media.rtp import h264, vp8

_READERS = {"VP8": vp8.starts_keyframe, "H264": h264.starts_keyframe}


def starts_keyframe(codec: str, payload: bytes | memoryview) -> bool:
    """Whether a keyframe of this codec starts in this packet; False for codecs without."""
    reader = _READERS.get(codec)
    return reader is not None and reader(payload)
