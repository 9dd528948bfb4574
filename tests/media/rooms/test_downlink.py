"""A downlink's rates follow what is sent, and its round trips what comes back."""

import pytest

from media.congestion.bandwidth_estimate import FLOOR, UNLIMITED
from media.rooms.downlink import REMEMBERED_REPORTS, Downlink
from media.rtp.codecs import Kind
from media.streams.outbound import OutboundStream
from media.transport.port import Destination

AUDIO, VIDEO = ("a", Kind.AUDIO), ("a", Kind.VIDEO)


def downlink() -> Downlink:
    made = Downlink()
    made.add(AUDIO, OutboundStream("b", "a", "audio", 1, 0, Destination()))
    made.add(VIDEO, OutboundStream("b", "a", "video", 2, 3, Destination()))
    return made


def test_rates_count_what_was_sent_and_a_removed_stream_leaves_no_hole() -> None:
    link = downlink()
    audio, video = link.outbound_streams.values()
    audio.octets, video.octets = 5_000, 100_000
    link.note_switch(Kind.VIDEO, 10.0)
    link.measure(1.0, 11.0)
    assert (link.rate, link.video_rate) == (840_000, 800_000)
    link.remove(VIDEO, 11.0)
    audio.octets += 5_000
    link.measure(1.0, 12.0)
    assert (link.rate, link.rate_before, link.video_rate) == (40_000, 840_000, 0)
    assert set(link.by_ssrc) == {1}


def test_a_round_trip_needs_a_report_that_was_sent() -> None:
    link = downlink()
    link.note_report_sent(77, 1.0)
    link.note_echo(78, 0, 1.5)
    link.note_echo(0, 0, 1.5)
    assert link.round_trip == 0.0
    link.note_echo(77, 6554, 1.3)
    assert link.round_trip == pytest.approx(0.2, abs=1e-4)
    for number in range(100, 100 + REMEMBERED_REPORTS):
        link.note_report_sent(number, 2.0)
    link.note_echo(77, 0, 9.0)
    assert link.round_trip == pytest.approx(0.2, abs=1e-4), "it is too old to be remembered"


def test_a_narrow_link_gets_audio_once_and_a_far_one_is_known_at_once() -> None:
    link = downlink()
    audio, _ = link.outbound_streams.values()
    audio.payload_types = frozenset((111, 63))
    link.share_out()
    assert audio.receives_red
    assert link.estimate.limit == UNLIMITED
    link.note_first_round_trip(0.6, 10.0)
    assert link.thrift.wanted
    assert link.estimate.limit == FLOOR, "and it begins with audio alone"
    assert not link.estimate.may_probe(11.0)
    assert link.estimate.may_probe(13.0)
    link.share_out()
    assert not audio.receives_red


def test_an_estimate_of_one_video_is_compared_with_that_one() -> None:
    """Aiortc sends a REMB for each; a browser's names those of its repairs too."""
    link = downlink()
    other = ("c", Kind.VIDEO)
    link.add(other, OutboundStream("b", "c", "video", 4, 5, Destination()))
    link.note_switch(Kind.VIDEO, 10.0)
    link.outbound_streams[VIDEO].octets = 100_000
    link.outbound_streams[other].octets = 50_000
    link.measure(1.0, 11.0)
    for second in range(11, 19):
        link.note_receiver_estimate(850_000, [2], float(second))
        link.note_receiver_estimate(450_000, [4], second + 0.5)
    assert link.estimate.limit == UNLIMITED
    for second in range(19, 25):
        link.note_receiver_estimate(850_000, [2, 3, 4, 5], float(second))
    assert link.estimate.limit < UNLIMITED, "the same of both is too little"


def test_an_estimate_that_names_nothing_sent_is_of_everything() -> None:
    link = downlink()
    link.note_switch(Kind.VIDEO, 10.0)
    link.outbound_streams[VIDEO].octets = 100_000
    link.measure(1.0, 11.0)
    for second in range(11, 17):
        link.note_receiver_estimate(400_000, [99], float(second))
    assert link.estimate.limit < UNLIMITED
