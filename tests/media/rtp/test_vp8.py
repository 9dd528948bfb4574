"""A decoder starts at a keyframe, and VP8 counters stay continuous."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.keyframe_detection import starts_keyframe
from media.rtp.vp8 import read_vp8, rewrite_descriptor


@pytest.mark.parametrize(
    ("codec", "payload", "expected"),
    [
        ("VP8", "10 50", True),  # starts a frame, key
        ("VP8", "10 51", False),  # starts a frame, inter
        ("VP8", "00 50", False),  # continues one
        ("VP8", "11 50", False),  # another partition
        ("VP8", "90 e0 8001 07 20 50", True),  # the whole descriptor
        ("VP8", "90 e0 8001 07", False),  # truncated
        ("VP8", "", False),
        ("H264", "67 42", True),  # parameter set
        ("H264", "65 88", True),  # IDR picture
        ("H264", "41 9a", False),
        ("H264", "78 0002 0910 0002 6742", True),  # aggregated behind a delimiter
        ("H264", "65 41", False),  # a later slice of it
        ("H264", "65", False),
        ("H264", "78 0002 6541 0002 6588", True),  # aggregated behind a later one
        ("H264", "78 0002 6541", False),
        ("H264", "7c 85 88", True),  # first fragment of one
        ("H264", "7c 85 41", False),  # first fragment of a later slice
        ("H264", "7c 85", False),
        ("H264", "7c 05", False),  # a later fragment
        ("H264", "7c 81", False),  # first fragment of a non-IDR picture
        ("opus", "67 42", False),
    ],
)
def test_starts(codec: str, payload: str, expected: bool) -> None:
    assert starts_keyframe(codec, bytes.fromhex(payload)) is expected


def test_both_counters_move_within_their_width() -> None:
    payload = bytearray.fromhex("90e0fffeff2050")
    rewrite_descriptor(memoryview(payload), 3, 2)
    descriptor = read_vp8(payload)
    assert descriptor is not None
    assert (descriptor.picture_id_bits, descriptor.picture_id, descriptor.tl0picidx) == (15, 1, 1)
    assert payload[-1] == 0x50


def test_a_short_video_id_stays_short() -> None:
    payload = bytearray.fromhex("90807e50")
    rewrite_descriptor(memoryview(payload), 5, 0)
    assert payload.hex() == "90800350"


@given(st.binary(max_size=20), st.integers(-40000, 40000), st.integers(-300, 300))
def test_no_payload_makes_it_fail(payload: bytes, picture_id: int, tl0picidx: int) -> None:
    for codec in ("VP8", "H264"):
        starts_keyframe(codec, payload)
    moved = bytearray(payload)
    rewrite_descriptor(memoryview(moved), picture_id, tl0picidx)
    assert len(moved) == len(payload)
