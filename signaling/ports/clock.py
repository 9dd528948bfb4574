"""Time, as the flows read it and wait for it."""

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
        """The present as `at` is compared with it; only for times that these timers are set to."""
        ...

    def set(self, name: str, at: datetime, action: Callable[[], Awaitable[None]]) -> None: ...

    def cancel(self, name: str) -> None: ...
