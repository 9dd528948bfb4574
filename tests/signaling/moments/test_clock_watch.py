"""A clock that was set is doubted until it has stepped back or kept its time."""

from datetime import UTC, datetime, timedelta

import pytest

from signaling.moments.clock_watch import DOWNTIME, HOLD, TOLERANCE, ClockWatch

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clocks:
    """Both clocks of a machine, and their watch."""

    def __init__(self, seen_at: datetime | None = None) -> None:
        self.wall = self.steady = NOW
        self.watch = ClockWatch(seen_at, self.wall, self.steady)

    def sure_after(self, time: timedelta, step: timedelta = timedelta()) -> bool:
        self.steady += time
        self.wall += time + step
        return self.watch.look(self.wall, self.steady)


def test_a_steady_clock_is_trusted() -> None:
    clocks = Clocks()
    assert all(clocks.sure_after(timedelta(days=days), TOLERANCE) for days in range(9))


@pytest.mark.parametrize("step", [timedelta(days=3650), 2 * MINUTE, timedelta(days=-1)])
def test_a_step_is_doubted_until_it_has_held(step: timedelta) -> None:
    clocks = Clocks()
    assert not clocks.sure_after(MINUTE, step)
    assert not clocks.sure_after(HOLD - MINUTE)
    assert clocks.sure_after(MINUTE)
    assert clocks.sure_after(MINUTE)


def test_a_clock_that_steps_back_is_trusted_at_once() -> None:
    clocks = Clocks()
    assert not clocks.sure_after(MINUTE, timedelta(days=1))
    assert clocks.sure_after(MINUTE, timedelta(days=-1))
    assert clocks.watch.steps == 2


def test_every_further_step_is_doubted_again() -> None:
    clocks = Clocks()
    assert not clocks.sure_after(MINUTE, timedelta(days=1))
    assert not clocks.sure_after(HOLD - MINUTE, timedelta(days=1))
    assert not clocks.sure_after(HOLD - MINUTE)


@pytest.mark.parametrize(
    ("since", "sure"),
    [(timedelta(), True), (DOWNTIME, True), (-TOLERANCE, True),
     (DOWNTIME + MINUTE, False), (-TOLERANCE - MINUTE, False)],
)  # fmt: skip
def test_at_a_start_the_last_stored_time_decides(since: timedelta, sure: bool) -> None:
    clocks = Clocks(NOW - since)
    assert clocks.sure_after(timedelta()) is sure
    assert clocks.sure_after(HOLD)


def test_a_clock_corrected_after_a_start_is_trusted_at_once() -> None:
    clocks = Clocks(NOW - timedelta(hours=1))
    clocks.wall += timedelta(days=3650)
    assert not clocks.sure_after(timedelta())
    assert clocks.sure_after(MINUTE, timedelta(days=-3650))


def test_a_time_before_this_program_is_never_trusted() -> None:
    clocks = Clocks()
    assert not clocks.sure_after(MINUTE, datetime(2000, 1, 1, tzinfo=UTC) - NOW)
    assert not clocks.sure_after(9 * HOLD)
    assert clocks.sure_after(MINUTE, NOW - datetime(2000, 1, 1, tzinfo=UTC))
