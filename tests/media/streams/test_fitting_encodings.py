"""Everybody gets an encoding that fits and is being sent."""

import re
from pathlib import Path

from media.rtp.codecs import VP8, Kind
from media.streams.fitting_encodings import (
    MEDIUM_HEIGHT,
    SMALL_ENCODING,
    SMALL_HEIGHT,
    fitting,
    is_single,
)
from media.streams.inbound import InboundStream
from media.streams.publication import Publication

BROWSER = Path(__file__).parents[3] / "web/static/js/room/line/encodings.js"


def camera(**rates: float) -> Publication:
    """A camera in two encodings or those given, best first, all being received at 5.0."""
    rates = rates or {"h": 900_000.0, "l": 150_000.0}
    publication = Publication("publisher", Kind.VIDEO, tuple(rates))
    for rid, bitrate in rates.items():
        stream = InboundStream(1, VP8, "publisher", rid)
        stream.last_seen, stream.bitrate = 5.0, bitrate
        publication.inbound_streams[rid] = stream
    return publication


def test_who_looks_gets_an_encoding_that_is_there() -> None:
    publication = camera()
    large, small = publication.inbound_streams.values()
    assert fitting(publication, 0, 5.0) == [large, small]
    assert fitting(publication, 120, 5.0) == [small]
    assert fitting(publication, None, 5.0) == []
    small.last_seen = 6.5
    assert fitting(publication, 0, 6.5) == [small], "the large one is not sent any more"
    large.last_seen = small.last_seen = 5.0
    assert fitting(publication, 0, 8.0) == [small], "it may pause for longer"
    assert fitting(publication, 0, 9.5) == [large, small], "where nothing comes, all may again"


def test_a_tile_gets_the_encoding_of_its_size_and_what_is_below() -> None:
    publication = camera(h=1_500_000.0, m=500_000.0, l=150_000.0)
    large, medium, small = publication.inbound_streams.values()
    assert fitting(publication, 0, 5.0) == [large, medium, small], "of unknown height"
    assert fitting(publication, SMALL_HEIGHT, 5.0) == [small]
    assert fitting(publication, SMALL_HEIGHT + 1, 5.0) == [medium, small]
    assert fitting(publication, MEDIUM_HEIGHT, 5.0) == [medium, small]
    assert fitting(publication, MEDIUM_HEIGHT + 1, 5.0) == [large, medium, small]
    small.last_seen = 6.5
    medium.last_seen = 6.5
    assert fitting(publication, 720, 6.5) == [medium, small], "the large one is not sent any more"
    assert fitting(publication, MEDIUM_HEIGHT, 6.5) == [medium, small]


def test_of_three_encodings_those_that_starve_are_left_out() -> None:
    publication = camera(h=100_000.0, m=500_000.0, l=150_000.0)
    large, medium, small = publication.inbound_streams.values()
    assert fitting(publication, 0, 5.0) == [medium, small]
    large.bitrate, medium.bitrate = 50_000.0, 110_000.0
    assert fitting(publication, 0, 5.0) == [small]


def test_what_a_browser_gives_the_small_encoding_counts_as_small() -> None:
    """Otherwise a camera whose large encoding pauses for a moment would be asked for less."""
    (given,) = re.findall(
        r"^const SMALL_BITRATE = ([\d_]+);$", BROWSER.read_text("utf-8"), re.MULTILINE
    )
    assert int(given) < SMALL_ENCODING


def test_a_starving_encoding_is_worse_than_a_small_one() -> None:
    publication = camera()
    large, small = publication.inbound_streams.values()
    large.bitrate = 100_000.0
    assert fitting(publication, 0, 5.0) == [small]
    small.bitrate = 110_000.0
    assert fitting(publication, 0, 5.0) == [large, small]


def test_only_what_is_sent_in_one_encoding_on_purpose_can_be_asked_for_less() -> None:
    publication = camera()
    small = publication.inbound_streams["l"]
    assert not is_single(publication, 5.0)
    small.last_seen = 6.5
    assert not is_single(publication, 6.5), "the large one is missing for a moment"
    small.bitrate = 300_000.0
    assert is_single(publication, 6.5)
    assert not is_single(publication, 11.0), "where nothing comes, nothing is known"
    screen = Publication("publisher", Kind.SCREEN)
    assert not is_single(screen, 5.0)
    screen.inbound_streams[""] = InboundStream(9, VP8, "publisher")
    assert is_single(screen, 9.0), "also one that stands still"
