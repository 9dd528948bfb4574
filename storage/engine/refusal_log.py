"""Tells the operator that writes are refused, and why: a full disk lets nobody sign in to be told."""

import logging
import time
from collections.abc import Callable

from signaling.errors import Unavailable

SILENCE_S = 60.0
"Seconds between two lines: under load thousands of writes are refused for one reason."

_log = logging.getLogger(__name__)


class RefusalLog:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._said_at: float | None = None
        self._refusing = False

    def refused(self, error: BaseException) -> None:
        """A write ended with this error. Only those are told of that the engine is the reason for."""
        if not isinstance(error, Unavailable) or error.__cause__ is None:
            return
        now = self._now()
        if self._said_at is None or now - self._said_at >= SILENCE_S:
            self._said_at, self._refusing = now, True
            _log.error("Nothing can be stored now: %s", error.__cause__)

    def stored(self) -> None:
        """A transaction was committed."""
        if self._refusing:
            self._refusing = False
            _log.warning("What is written is stored again.")
