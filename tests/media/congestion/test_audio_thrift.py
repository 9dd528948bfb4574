"""Audio goes in fewer bits where a link asks for it, and only there."""

import pytest

from media.congestion.audio_thrift import (
    LONGEST_PATIENCE,
    PATIENCE,
    RETRY_AFTER,
    SETTLING,
    WIDE_SECONDS,
    WIDE_VIDEO,
    Thrift,
)

AUDIO = 86_000.0


def test_a_far_link_is_spared_before_audio_harms_it() -> None:
    thrift = Thrift()
    thrift.note_round_trip(0.2)
    assert not thrift.wanted
    thrift.note_round_trip(0.6)
    assert thrift.wanted
    thrift.note_round_trip(0.35)
    assert thrift.wanted, "between far and near nothing changes"
    thrift.note_round_trip(0.2)
    assert not thrift.wanted, "the handshake had lost packets"


def test_a_far_link_that_carries_video_is_not_narrow() -> None:
    thrift = Thrift()
    thrift.note_round_trip(0.6)
    for second in range(int(WIDE_SECONDS) + 1):
        assert thrift.wanted
        thrift.note_loss(0.01, AUDIO, 2 * WIDE_VIDEO, float(second))
    assert not thrift.wanted
    thrift.note_round_trip(0.6)
    assert not thrift.wanted, "it is a satellite's"


def test_video_that_gets_lost_does_not_show_a_wide_link() -> None:
    thrift = Thrift()
    thrift.note_round_trip(0.6)
    for second in range(3 * int(WIDE_SECONDS)):
        thrift.note_loss(0.04 * (second % 10 == 0), AUDIO, 2 * WIDE_VIDEO, float(second))
    assert thrift.wanted


def test_a_link_that_loses_speech_gets_fewer_bits_of_it() -> None:
    thrift = Thrift()
    thrift.note_round_trip(0.1)
    thrift.note_loss(0.25, AUDIO, 0.0, 5.0)
    assert thrift.wanted
    thrift.note_round_trip(0.1)
    thrift.note_loss(0.25, AUDIO, 0.0, 5.0 + SETTLING / 2)
    assert thrift.wanted, "that report is about the time before"
    thrift.note_loss(0.01, 50_000.0, 0.0, 5.0 + SETTLING)
    for second in range(15, 75, 5):
        assert thrift.wanted, "it has helped"
        thrift.note_loss(0.0, 50_000.0, 0.0, float(second))
        thrift.note_round_trip(0.1)


def cure(thrift: Thrift, now: float) -> float:
    """Have speech get lost, until fewer bits help; the time then."""
    thrift.note_loss(0.25, AUDIO, 0.0, now)
    assert thrift.wanted
    thrift.note_loss(0.0, 50_000.0, 0.0, now + SETTLING)
    return now + SETTLING


def hold_out(thrift: Thrift, now: float) -> float:
    """Seconds without loss until it gets all bits back; at most a day."""
    for second in range(0, 86_400, 5):
        thrift.note_round_trip(0.1)
        thrift.note_loss(0.0, 50_000.0, 0.0, now + second)
        if not thrift.wanted:
            return second
    raise AssertionError("never")


def test_audio_alone_gets_its_bits_back_and_later_each_time_it_was_too_early() -> None:
    thrift, now = Thrift(), 5.0
    waits = []
    for _ in range(7):
        now = cure(thrift, now)
        waits.append(hold_out(thrift, now))
        now += waits[-1] + 10.0
    assert waits[0] == PATIENCE
    assert waits[:5] == [PATIENCE * 2**turn for turn in range(5)]
    assert waits[5:] == [LONGEST_PATIENCE] * 2
    now = cure(thrift, now + 3 * LONGEST_PATIENCE)
    assert hold_out(thrift, now) == PATIENCE, "it had stayed well for long"


def test_a_loss_in_between_begins_the_wait_anew() -> None:
    thrift = Thrift()
    now = cure(thrift, 5.0)
    thrift.note_loss(0.0, 50_000.0, 0.0, now + 5.0)
    thrift.note_loss(0.05, 50_000.0, 0.0, now + PATIENCE)
    assert hold_out(thrift, now + PATIENCE + 5.0) == PATIENCE


def test_a_far_link_gets_none_back_without_video() -> None:
    thrift = Thrift()
    thrift.note_round_trip(0.6)
    assert thrift.wanted
    now = cure(thrift, 5.0)
    for second in range(0, 3600, 5):
        thrift.note_round_trip(0.6)
        thrift.note_loss(0.0, 50_000.0, 0.0, now + second)
        assert thrift.wanted


def test_a_single_bad_report_may_be_chance() -> None:
    thrift = Thrift()
    for second, loss in ((5, 0.15), (10, 0.0), (15, 0.15), (20, 0.0)):
        thrift.note_loss(loss, AUDIO, 0.0, float(second))
        assert not thrift.wanted
    thrift.note_loss(0.15, AUDIO, 0.0, 25.0)
    thrift.note_loss(0.15, AUDIO, 0.0, 30.0)
    assert thrift.wanted


def test_loss_that_fewer_bits_do_not_cure_is_random() -> None:
    thrift = Thrift()
    thrift.note_loss(0.25, AUDIO, 0.0, 5.0)
    judged = 5.0 + SETTLING
    thrift.note_loss(0.2, 50_000.0, 0.0, judged)
    assert not thrift.wanted
    thrift.note_loss(0.25, AUDIO, 0.0, judged + RETRY_AFTER - 1)
    assert not thrift.wanted, "a longer packet is a longer gap"
    thrift.note_loss(0.25, AUDIO, 0.0, judged + RETRY_AFTER + 1)
    assert thrift.wanted


def test_what_gets_lost_of_silence_was_not_too_much() -> None:
    """With DTX (RFC 7587 section 3.1.3) three packets a second are sent."""
    thrift = Thrift()
    for second in range(5, 60, 5):
        thrift.note_loss(0.3, 1_500.0, 0.0, float(second))
    assert not thrift.wanted


@pytest.mark.parametrize(("audio", "video"), [(400_000.0, 0.0), (AUDIO, 150_000.0)])
def test_what_arrives_of_much_and_what_video_costs_say_nothing_of_speech(
    audio: float, video: float
) -> None:
    thrift = Thrift()
    for second in range(5, 60, 5):
        thrift.note_loss(0.3, audio, video, float(second))
    assert not thrift.wanted
