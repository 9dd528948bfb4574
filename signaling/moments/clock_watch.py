"""Whether the wall clock can be believed enough to delete by it.

It is compared with a steady clock, which only tells how much time has passed. A step between the
two means that one of the times before and after it was wrong, and nobody can tell which; so the
clock is doubted until it has come back or has shown its new time for long enough. At a start there
is only the time that was stored last.
"""

from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"A step that is no more than this deletes nothing that was not due anyway."
HOLD = timedelta(hours=1)
"""A clock that is wrong for a moment is mended by NTP within minutes; whoever set it by hand and
wrongly notices within the hour. Deletion is late by so much in the worst case."""
DOWNTIME = timedelta(days=4)
"A server may have been off for a long weekend without anybody doubting its clock."
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"A machine without a battery starts at some time before this program was written."


class ClockWatch:
    def __init__(self, seen_at: datetime | None, wall: datetime, steady: datetime) -> None:
        """`seen_at`: the time that was stored last, if any."""
        self._offset = wall - steady
        self._from, self._until = self._offset - TOLERANCE, self._offset + TOLERANCE
        if seen_at is not None:
            self._from, self._until = seen_at - steady - TOLERANCE, seen_at - steady + DOWNTIME
        self._doubted_since: datetime | None = None
        self.steps = 0
        "How often the two clocks went apart."

    @property
    def astray(self) -> timedelta:
        """How far the wall clock is before (or, negative, behind) what was believed last."""
        return self._offset - min(max(self._offset, self._from), self._until)

    def look(self, wall: datetime, steady: datetime) -> bool:
        """Whether `wall` can be believed, at the time `steady` of the other clock."""
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
