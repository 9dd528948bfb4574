"""A retransmission becomes the original packet."""

from hypothesis import given
from hypothesis import strategies as st

from media.rtp.rtx import restore


def test_a_golden_retransmission() -> None:
    packet = bytes.fromhex("80e1000500000064000000aa 1234 0102")
    assert restore(packet, 12, 96, 0xBB) == (0x1234, bytes.fromhex("80e0123400000064000000bb0102"))


def test_a_probe_repeats_nothing() -> None:
    assert restore(bytes.fromhex("a061000500000064000000aa 000003"), 12, 96, 1) is None


@given(st.binary(min_size=12, max_size=40))
def test_no_bytes_make_it_fail(packet: bytes) -> None:
    restore(packet, 12, 96, 1)
