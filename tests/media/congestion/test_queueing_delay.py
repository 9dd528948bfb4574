"""Longer round trips mean a queue, unless they are the path's own delay."""

from media.congestion.queueing_delay import LATE_REPORTS, Delay


def test_a_round_trip_that_has_become_longer_is_a_queue_only_for_a_while() -> None:
    delay = Delay()
    delay.note(0.1, 0.0, True)
    queueing = []
    for second in range(1, 900):
        delay.note(0.5, float(second), True)
        queueing.append(delay.queueing)
    assert all(queueing[:60])
    assert not queueing[-1]


def test_a_way_that_has_become_longer_is_known_once_audio_goes_alone() -> None:
    delay = Delay()
    delay.note(0.05, 0.0, True)
    delay.note(0.9, 2.0, True)
    assert delay.queueing
    for second in (7.0, 12.0):
        delay.note(0.9, second, False)
    assert not delay.queueing


def test_reports_that_come_late_together_are_one() -> None:
    delay = Delay()
    delay.note(0.05, 0.0, True)
    for _ in range(3 * LATE_REPORTS):
        delay.note(0.4, 1.0, True)
    assert not delay.lasting
    for second in range(2, LATE_REPORTS + 1):
        assert not delay.lasting
        delay.note(0.4, float(second), True)
    assert delay.lasting
    delay.note(0.06, 9.0, True)
    assert not delay.lasting
