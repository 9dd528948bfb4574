"""Estimates of parts are added up; an estimate of everything stands for itself."""

from media.congestion.receiver_estimates import APART, FRESH, Claim, ReceiverEstimates


def test_the_newest_estimate_of_everything_stands_for_itself() -> None:
    estimates = ReceiverEstimates()
    assert estimates.note(500, {1, 2}, 0.0) == Claim(500, frozenset({1, 2}))
    assert estimates.note(400, {1, 2}, 0.01) == Claim(400, frozenset({1, 2}))
    assert estimates.note(300, {2, 3}, 0.02) == Claim(300, frozenset({2, 3})), "a video ended"


def test_estimates_of_single_videos_are_added_up() -> None:
    estimates = ReceiverEstimates()
    estimates.note(500, {1}, 0.0)
    assert estimates.note(200, {2}, APART) == Claim(700, frozenset({1, 2}))
    assert estimates.note(400, {1}, APART + 0.1) is None, "too soon to be another report"
    assert estimates.note(100, {2}, 2 * APART) == Claim(500, frozenset({1, 2}))


def test_what_is_not_estimated_any_more_is_left_out() -> None:
    estimates = ReceiverEstimates()
    estimates.note(500, {1}, 0.0)
    assert estimates.note(200, {2}, FRESH) == Claim(200, frozenset({2}))
