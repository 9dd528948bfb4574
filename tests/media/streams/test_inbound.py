"""Gaps are requested in time and within limits; reports contain what a sender needs."""

import pytest
from aiortc.rtp import RtcpSenderInfo
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.codecs import OPUS, VP8
from media.streams import keyframe_requests
from media.streams.history import HISTORY
from media.streams.inbound import HISTORY_SECONDS, SILENCE, STEADY, Arrival, InboundStream
from media.streams.keyframe_requests import KEYFRAME_INTERVAL
from media.streams.nacks import MOST_MISSING, NACK_DELAY, NACK_TRIES
from media.streams.outbound import OutboundStream
from media.transport.port import Destination


def inbound(first: int = 100) -> InboundStream:
    stream = InboundStream(1, VP8, "publisher")
    assert stream.accept(first, 0.0) is Arrival.NEXT
    stream.received = 1
    return stream


def test_a_gap_is_asked_for_after_a_moment_and_again_later() -> None:
    stream = inbound()
    stream.accept(103, 1.0)
    assert stream.due_nacks(1.0, 0.0) == []
    assert stream.due_nacks(1.0 + NACK_DELAY, 0.0) == [101, 102]
    assert stream.due_nacks(1.0 + 2 * NACK_DELAY, 0.0) == []
    assert stream.accept(101, 1.05) is Arrival.LATE
    assert stream.due_nacks(1.2, 0.0) == [102]
    assert stream.due_nacks(1.3, 0.5) == [102]
    assert stream.due_nacks(1.5, 0.5) == [], "a long round trip is waited for"


def test_a_packet_that_never_comes_is_given_up_for_a_keyframe() -> None:
    stream = inbound()
    stream.outbound_streams = (
        OutboundStream("subscriber", "publisher", "video", 11, 12, Destination()),
    )
    stream.accept(102, 0.0)
    asked = sum(bool(stream.due_nacks(turn * 0.07, 0.0)) for turn in range(1, 40))
    assert asked == NACK_TRIES
    assert not stream.missing
    assert stream.keyframe_wanted
    assert stream.accept(101, 3.0) is Arrival.DUPLICATE, "too late to be told from a repetition"


def watched(now: float) -> InboundStream:
    """A stream that a subscriber waits for, and that is being received."""
    stream = inbound()
    stream.waiting = (OutboundStream("subscriber", "publisher", "video", 11, 12, Destination()),)
    stream.received += 1
    stream.note_activity(now)
    return stream


def test_keyframes_are_asked_for_in_measure_until_one_comes() -> None:
    stream = watched(5.0)
    stream.want_keyframe()
    assert keyframe_requests.is_due(stream, [stream], 5.0)
    assert not keyframe_requests.is_due(stream, [stream], 5.0 + KEYFRAME_INTERVAL / 2)
    assert keyframe_requests.is_due(stream, [stream], 5.0 + KEYFRAME_INTERVAL)
    assert stream.starts_keyframe(b"\x10\x50", 1.0)
    assert not keyframe_requests.is_due(stream, [stream], 5.0 + 2 * KEYFRAME_INTERVAL)


def test_a_keyframe_that_nobody_waits_for_is_not_asked_for() -> None:
    stream = watched(5.0)
    stream.want_keyframe()
    stream.waiting = ()
    assert not keyframe_requests.is_due(stream, [stream], 5.0)
    assert not stream.keyframe_wanted


def test_an_encoding_counts_again_when_it_has_come_for_a_while() -> None:
    stream = watched(5.0)
    stream.began_at = -STEADY
    assert stream.is_steady(5.0)
    assert not stream.is_active(5.1 + SILENCE)
    stream.received += 1
    stream.note_activity(8.0)
    assert stream.is_active(8.0)
    assert not stream.is_steady(8.0)
    for now in (8.5, 9.0, 9.5):
        assert not stream.is_steady(now)
        stream.received += 1
        stream.note_activity(now)
    assert stream.is_steady(8.0 + STEADY)


def test_a_long_gap_asks_for_a_keyframe_instead() -> None:
    stream = inbound()
    stream.accept(100 + MOST_MISSING + 2, 1.0)
    assert not stream.missing
    assert stream.keyframe_wanted


def test_nothing_is_kept_that_nobody_would_ask_for_again() -> None:
    stream = InboundStream(1, VP8, "publisher")

    def receive(number: int, packets: int) -> int:
        assert stream.history is not None
        for sequence in range(number, number + packets):
            stream.accept(sequence & 0xFFFF, 0.0)
            data = b"\x80\x60" + (sequence & 0xFFFF).to_bytes(2) + bytes(8)
            stream.history.store(sequence & 0xFFFF, data)
        return number + packets

    def kept() -> int:
        newest = range(stream.next_sequence - HISTORY, stream.next_sequence)
        return sum(stream.remembered(number & 0xFFFF) is not None for number in newest)

    number = 0xFFFF - 250
    for _ in range(20):
        number = receive(number, 25)
        stream.measure(1.0)
    assert kept() == 25 * HISTORY_SECONDS
    assert stream.remembered((number - 25 * HISTORY_SECONDS) & 0xFFFF)
    for _ in range(20):
        number = receive(number, 170)
        stream.measure(1.0)
    assert kept() == HISTORY
    for _ in range(10):
        stream.measure(1.0)
    assert kept() == 1, "the newest tells where the numbers go on"
    assert stream.remembered((number - 1) & 0xFFFF)


def test_gaps_in_audio_are_not_asked_for() -> None:
    stream = InboundStream(1, OPUS, "publisher")
    stream.accept(1, 0.0)
    stream.accept(5, 0.0)
    assert stream.due_nacks(1.0, 0.0) == []


def test_one_packet_lost_in_silence_is_no_loss_and_every_twentieth_in_speech_is() -> None:
    silent = InboundStream(1, OPUS, "publisher")
    silent.accept(0, 0.0)
    silent.received = 1
    for second in range(20):
        start = 1 + 3 * second
        for number in range(start, start + 3):
            if number != 31:
                silent.accept(number, float(second))
                silent.received += 1
        silent.report(float(second))
        assert silent.loss < 0.01
    talking = InboundStream(1, OPUS, "publisher")
    talking.accept(0, 0.0)
    talking.received = 1
    for second in range(6):
        for number in range(1 + 50 * second, 51 + 50 * second):
            if number % 20:
                talking.accept(number, float(second))
                talking.received += 1
        talking.report(float(second))
    assert talking.loss == pytest.approx(0.05, abs=0.01)


def test_a_publisher_is_told_of_loss_but_not_of_one_packet_in_silence() -> None:
    """Its browser takes the fraction for the state of the link, however few packets it is of."""
    stream = InboundStream(1, OPUS, "publisher")
    stream.accept(0, 0.0)
    stream.received = 1
    told = []
    number = 1
    for second in range(40):
        for _ in range(50 if second < 20 else 3):
            if number % 10:
                stream.accept(number, float(second))
                stream.received += 1
            number += 1
        block = stream.report(float(second))
        assert block is not None
        told.append(block.fraction_lost / 256)
    assert min(told[1:20]) == pytest.approx(0.1, abs=0.03)
    assert max(told[20:]) < 0.12, "a third in every third second would be another link"
    assert stream.upstream_loss() > 0, "subscribers are not blamed for it"


def test_who_is_silent_may_speak_up() -> None:
    stream = InboundStream(1, OPUS, "publisher")
    for second in range(60):
        stream.octets += 5000 if second < 10 else 60
        stream.measure(1.0)
        if second == 9:
            assert stream.peak_bitrate == stream.bitrate == 40_000
    assert stream.bitrate < 1000
    assert 10_000 < stream.peak_bitrate < 20_000


def test_a_report_counts_across_the_wrap() -> None:
    stream = inbound(65530)
    for number in range(65531, 65545):
        if number != 65540:
            stream.accept(number & 0xFFFF, 0.0)
            stream.received += 1
    stream.note_sender_report(RtcpSenderInfo(0x0123456789ABCDEF, 0, 0, 0), 1.0)
    block = stream.report(1.5)
    assert block is not None
    assert block.highest_sequence == 65544
    assert block.packets_lost == 1
    assert block.fraction_lost == 256 // 15
    assert (block.lsr, block.dlsr) == (0x456789AB, 32768)
    second = stream.report(2.0)
    assert second is not None
    assert second.fraction_lost == 0


@given(st.lists(st.integers(0, 700), min_size=1, max_size=200))
def test_every_number_is_accepted_at_most_once(steps: list[int]) -> None:
    stream = InboundStream(1, VP8, "publisher")
    accepted = set()
    for step in steps:
        number = (65400 + step) & 0xFFFF
        if stream.accept(number, 0.0) is not Arrival.DUPLICATE:
            assert number not in accepted
            accepted.add(number)
        assert len(stream.missing) <= MOST_MISSING


def test_loss_before_us_is_known_at_once_and_for_a_while() -> None:
    stream = InboundStream(1, VP8, "a")
    for number in range(100):
        if number % 5:
            stream.accept(number, number / 100)
            stream.received += 1
    assert stream.upstream_loss() == pytest.approx(0.2, abs=0.02)
    assert stream.report(1.0) is not None
    for number in range(100, 150):
        stream.accept(number, number / 100)
        stream.received += 1
    assert stream.upstream_loss() == pytest.approx(0.2, abs=0.02)
    for now in range(2, 12):
        stream.report(float(now))
    assert stream.upstream_loss() < 0.02
