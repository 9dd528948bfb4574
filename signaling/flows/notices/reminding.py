"""Queuing reminders when a session is planned; when they are due is in `signaling/notices/reminder.py`."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from signaling.flows.notices.composing import Composing, InviteContext
from signaling.notices.reminder import due_moments
from signaling.ports.clock import Clock
from signaling.ports.store import Records


class Reminding:
    def __init__(
        self, composing: Composing, clock: Clock, before: Callable[[], Sequence[timedelta]]
    ) -> None:
        """`before` are the times before a session that hold now."""
        self._composing = composing
        self._clock = clock
        self._before = before

    async def queue(self, records: Records, about: InviteContext) -> None:
        """Queue the reminders of one person that are not due yet.

        They wait in the outbox, so a restart loses none; the key of each holds the version of the
        plan, so that none is sent twice and a moved session gets its own.
        """
        planned_at = about.consultation.planned_at
        if planned_at is None:
            return
        for before, due_at in due_moments(planned_at, self._before(), self._clock.now()):
            minutes = int(before.total_seconds() // 60)
            await self._composing.queue(
                records, "reminder", about, due_at=due_at, detail=str(minutes)
            )
