"""Clocks that tests set themselves."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by


class RunningClock:
    """Goes on by itself, and can be moved ahead: for servers whose pages live in real time."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, by: timedelta) -> None:
        self._ahead += by
