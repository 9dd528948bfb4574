"""A decoder begins where it can, and VP8 counters go on without a seam."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.vp8 import is_keyframe_start, read_vp8, rewrite_descriptor


@pytest.mark.parametrize(
    ("codec", "payload", "expected"),
    [
        ("VP8", "10 50", True),  # begins a frame, key
        ("VP8", "10 51", False),  # begins a frame, inter
        ("VP8", "00 50", False),  # goes on with one
        ("VP8", "11 50", False),  # another partition
        ("VP8", "90 e0 8001 07 20 50", True),  # all of the descriptor
        ("VP8", "90 e0 8001 07", False),  # cut short
        ("VP8", "", False),
        ("H264", "67 42", True),  # parameter set
        ("H264", "65 88", True),  # picture anyone can begin with
        ("H264", "41 9a", False),
        ("H264", "78 0002 0910 0002 6742", True),  # aggregated behind a delimiter
        ("H264", "7c 85", True),  # first fragment of one
        ("H264", "7c 05", False),  # a later fragment
        ("H264", "7c 81", False),  # first fragment of an ordinary one
        ("opus", "67 42", False),
    ],
)
def test_beginnings(codec: str, payload: str, expected: bool) -> None:
    assert is_keyframe_start(codec, bytes.fromhex(payload)) is expected


def test_both_counters_move_within_their_width() -> None:
    payload = bytearray.fromhex("90e0fffeff2050")
    rewrite_descriptor(memoryview(payload), 3, 2)
    descriptor = read_vp8(payload)
    assert descriptor is not None
    assert (descriptor.picture_id_bits, descriptor.picture_id, descriptor.tl0picidx) == (15, 1, 1)
    assert payload[-1] == 0x50


def test_a_short_picture_id_stays_short() -> None:
    payload = bytearray.fromhex("90807e50")
    rewrite_descriptor(memoryview(payload), 5, 0)
    assert payload.hex() == "90800350"


@given(st.binary(max_size=20), st.integers(-40000, 40000), st.integers(-300, 300))
def test_no_payload_makes_it_fail(payload: bytes, picture_id: int, tl0picidx: int) -> None:
    for codec in ("VP8", "H264"):
        is_keyframe_start(codec, payload)
    moved = bytearray(payload)
    rewrite_descriptor(memoryview(moved), picture_id, tl0picidx)
    assert len(moved) == len(payload)
