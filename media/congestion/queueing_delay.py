"""Whether packets to one subscriber queue up on the way, judged by round trip times."""

from __future__ import annotations

from dataclasses import dataclass

QUEUE = 0.25
"Seconds beyond the shortest round trip from which packets are taken to queue up."
FORGETTING = 1.005
"Factor by which the shortest round trip grows per second: a phone may change its network."
EMPTIED = 4.0
"Seconds without video after which no queue can be ours."
LATE_REPORTS = 3
"Reports in a row that must be late to show a lasting queue."
LATE_APART = 0.5
"Seconds between two that count: reports on several streams arrive together and count as one."


@dataclass
class Delay:
    """The round trip times of one subscriber. Times are seconds."""

    queueing: bool = False
    "The last report was late."
    shortest: float = 1000.0
    _last: float = 0.0
    _at: float = -1.0
    _video_at: float = -1.0
    _late: int = 0
    _late_at: float = -1000.0

    @property
    def lasting(self) -> bool:
        """Whether reports have been late for some time."""
        return self._late >= LATE_REPORTS

    def note(self, seconds: float, now: float, with_video: bool) -> None:
        """Record a round trip, and whether video is being sent."""
        passed = now - self._at if self._at >= 0 else 0.0
        shortest = self.shortest * FORGETTING ** min(passed, 60.0)
        if with_video:
            self._video_at = now
        elif 0 <= self._video_at < now - EMPTIED:
            # Audio alone makes no queue: what two in a row take then is the path's own delay.
            shortest = max(shortest, min(seconds, self._last))
        self._last, self._at = seconds, now
        self.shortest = min(shortest, seconds)
        self.queueing = seconds > self.shortest + QUEUE
        if not self.queueing:
            self._late = 0
        elif not self._late or now - self._late_at >= LATE_APART:
            self._late, self._late_at = self._late + 1, now
