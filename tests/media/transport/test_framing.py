"""Packets come off a stream as they went onto it, however it was cut."""

import random

import pytest

from media.transport.framing import LONGEST_FRAME, MOST_FRAMES, Deframer, FramingError, framed


def test_packets_survive_any_cut() -> None:
    chance = random.Random(1)
    packets = [chance.randbytes(chance.choice((1, 2, 20, 255, 256, 1200, 1500))) for _ in range(50)]
    stream = b"".join(framed(packet) for packet in packets)
    for most in (1, 3, 700, 5000, len(stream)):
        deframer, got, at = Deframer(), [], 0
        while at < len(stream):
            size = chance.randint(1, most)
            got += deframer.feed(stream[at : at + size])
            at += size
        assert got == packets


def test_an_empty_packet_is_none() -> None:
    assert Deframer().feed(framed(b"") + framed(b"a") + framed(b"")) == [b"a"]


def test_a_length_that_no_packet_has_is_refused_before_it_is_kept() -> None:
    assert Deframer().feed(framed(bytes(LONGEST_FRAME))) == [bytes(LONGEST_FRAME)]
    with pytest.raises(FramingError):
        Deframer().feed((LONGEST_FRAME + 1).to_bytes(2))
    with pytest.raises(FramingError):
        Deframer().feed(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize("packet", [b"", b"a"])
def test_more_packets_at_once_than_anybody_sends_are_refused(packet: bytes) -> None:
    deframer = Deframer()
    assert len(deframer.feed(framed(packet) * MOST_FRAMES)) == (MOST_FRAMES if packet else 0)
    assert deframer.frames == MOST_FRAMES
    assert len(deframer.feed(framed(b"b"))) == 1, "it is not a limit for good"
    with pytest.raises(FramingError):
        Deframer().feed(framed(packet) * (MOST_FRAMES + 1))
