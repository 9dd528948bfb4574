"""Whether the wall clock can be trusted enough to delete data by it.

It is compared with a steady clock, which only measures elapsed time. A step between the two means
that the wall time before or after it was wrong, and nobody knows which; so the clock is doubted
until it has stepped back or kept its new time for long enough. At a start the last stored time is
all there is to compare with.
"""

from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"A step up to this size deletes nothing that was not due anyway."
HOLD = timedelta(hours=1)
"""NTP corrects a clock within minutes; whoever has set it wrongly by hand notices within the hour.
Deletion is delayed by this much in the worst case."""
DOWNTIME = timedelta(days=4)
"A server may be off for a long weekend without its clock being doubted."
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"A machine without a clock battery starts before this program was written."


class ClockWatch:
    def __init__(self, seen_at: datetime | None, wall: datetime, steady: datetime) -> None:
        """`seen_at`: the last stored time, if any."""
        self._offset = wall - steady
        self._from, self._until = self._offset - TOLERANCE, self._offset + TOLERANCE
        if seen_at is not None:
            self._from, self._until = seen_at - steady - TOLERANCE, seen_at - steady + DOWNTIME
        self._doubted_since: datetime | None = None
        self.steps = 0
        "How often the wall clock has stepped."

    @property
    def astray(self) -> timedelta:
        """How far the wall clock is ahead of (or, negative, behind) what was trusted last."""
        return self._offset - min(max(self._offset, self._from), self._until)

    def look(self, wall: datetime, steady: datetime) -> bool:
        """Whether `wall` can be trusted, at time `steady` of the other clock."""
        before, self._offset = self._offset, wall - steady
        stepped = abs(self._offset - before) > TOLERANCE
        self.steps += stepped
        if wall < EARLIEST:
            self._doubted_since = steady
            return False
        if self.astray:
            if self._doubted_since is None or stepped:
                self._doubted_since = steady
            if steady - self._doubted_since < HOLD:
                return False
        self._doubted_since = None
        self._from, self._until = self._offset - TOLERANCE, self._offset + TOLERANCE
        return True
