"""Clocks and timers."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, UTC."""
        ...


class Timers(Protocol):
    """One-shot timers by name; setting one again moves it."""

    def now(self) -> datetime:
        """The time that `at` is compared with; only for times of these timers."""
        ...

    def set(self, name: str, at: datetime, action: Callable[[], Awaitable[None]]) -> None: ...

    def cancel(self, name: str) -> None: ...
