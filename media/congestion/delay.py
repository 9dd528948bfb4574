"""Whether what is sent to one subscriber queues up on its way, as round trips tell."""

from __future__ import annotations

from dataclasses import dataclass

QUEUE = 0.25
"Seconds a round trip may take longer than the shortest one before packets queue up."
FORGETTING = 1.005
"Factor by which the shortest round trip grows in a second: a phone may change its network."
EMPTIED = 4.0
"Seconds without pictures after which no queue is of our making."
LATE_REPORTS = 3
"Reports in a row that must come late to show a lasting queue."
LATE_APART = 0.5
"Seconds between two that count: reports on several streams arrive together, and are one."


@dataclass
class Delay:
    """What is known of the way to one subscriber and back. Times are seconds."""

    queueing: bool = False
    "The last report came late."
    shortest: float = 1000.0
    _last: float = 0.0
    _at: float = -1.0
    _video_at: float = -1.0
    _late: int = 0
    _late_at: float = -1000.0

    @property
    def lasting(self) -> bool:
        """Whether reports have come late for some time."""
        return self._late >= LATE_REPORTS

    def note(self, seconds: float, now: float, with_video: bool) -> None:
        """The time a report took there and back, and whether a picture is being sent."""
        passed = now - self._at if self._at >= 0 else 0.0
        shortest = self.shortest * FORGETTING ** min(passed, 60.0)
        if with_video:
            self._video_at = now
        elif 0 <= self._video_at < now - EMPTIED:
            # Sound alone makes no queue: what two in a row take then is the way's own length.
            shortest = max(shortest, min(seconds, self._last))
        self._last, self._at = seconds, now
        self.shortest = min(shortest, seconds)
        self.queueing = seconds > self.shortest + QUEUE
        if not self.queueing:
            self._late = 0
        elif not self._late or now - self._late_at >= LATE_APART:
            self._late, self._late_at = self._late + 1, now
