"""Audio first, and everybody is seen before anybody is seen well."""

from media.congestion.allocation import Choice, allocate
from media.congestion.bandwidth_estimate import UNLIMITED


def test_nobody_is_held_back_without_evidence_and_audio_never() -> None:
    two = [Choice(name, (1e6, 2e5), None) for name in ("a", "b")]
    assert allocate(UNLIMITED, 4e4, two).chosen == {"a": 0, "b": 0}
    assert allocate(3e6, 4e4, two).chosen == {"a": 0, "b": 0}
    assert allocate(1.6e6, 4e4, two).chosen == {"a": 0, "b": 1}
    assert allocate(6e5, 4e4, two).chosen == {"a": 1, "b": 1}
    assert allocate(3e5, 4e4, two).chosen == {"a": 1, "b": None}
    assert allocate(6e4, 4e4, two).chosen == {"a": None, "b": None}


def test_a_single_encoding_is_made_smaller_before_it_is_paused() -> None:
    choices = [Choice("a", (1e6,), 0, floor=100_000)]
    result = allocate(5e5, 4e4, choices)
    assert result.chosen == {"a": 0}
    assert result.shares["a"] == 4.6e5
    assert allocate(1e5, 4e4, choices).chosen == {"a": None}


def test_a_video_that_fits_as_it_is_goes_on_through_a_narrow_link() -> None:
    still = [Choice(name, (25_000.0,), 0, floor=100_000) for name in ("a", "b", "c")]
    assert allocate(1.8e5, 1e5, still).chosen == {"a": 0, "b": 0, "c": 0}
    assert allocate(1.6e5, 1e5, still).chosen == {"a": 0, "b": 0, "c": 0}
    assert allocate(1.5e5, 1e5, still).chosen["c"] is None


def test_a_video_that_all_but_fits_is_not_taken_away() -> None:
    watched = [Choice("a", (9e5, 1.5e5), 0)]
    assert allocate(1.8e5, 4e4, watched).chosen == {"a": 1}
    assert allocate(1.5e5, 4e4, watched).chosen == {"a": None}
    paused = [Choice("a", (9e5, 1.5e5), None)]
    assert allocate(1.8e5, 4e4, paused).chosen == {"a": None}, (
        "but what is away waits until it fits"
    )


def test_three_encodings_become_better_one_step_at_a_time_for_all() -> None:
    rates = (1.5e6, 5e5, 1.5e5)
    choices = [Choice("a", rates, None)]
    assert allocate(1e7, 4e4, choices).chosen == {"a": 0}
    assert allocate(1.5e6, 4e4, choices).chosen == {"a": 1}
    assert allocate(5e5, 4e4, choices).chosen == {"a": 2}
    two = [Choice(name, rates, None) for name in ("a", "b")]
    assert allocate(4e6, 4e4, two).chosen == {"a": 0, "b": 0}
    assert allocate(2.5e6, 4e4, two).chosen == {"a": 0, "b": 1}
    assert allocate(1.5e6, 4e4, two).chosen == {"a": 1, "b": 1}, "both well before one is best"
    assert allocate(9e5, 4e4, two).chosen == {"a": 1, "b": 2}


def test_the_encoding_that_is_there_needs_no_margin() -> None:
    rates = (1.5e6, 5e5, 1.5e5)
    limit = 4e4 + 1.6e6
    assert allocate(limit, 4e4, [Choice("a", rates, 0)]).chosen == {"a": 0}
    assert allocate(limit, 4e4, [Choice("a", rates, 1)]).chosen == {"a": 1}
    assert allocate(4e4 + 5.2e5, 4e4, [Choice("a", rates, 0)]).chosen == {"a": 1}
    assert allocate(4e4 + 5.2e5, 4e4, [Choice("a", rates, 1)]).chosen == {"a": 1}
    assert allocate(4e4 + 5.2e5, 4e4, [Choice("a", rates, 2)]).chosen == {"a": 2}
