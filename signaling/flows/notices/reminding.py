"""Reminders: notices that are due later, queued when a session is planned."""

from collections.abc import Sequence
from datetime import timedelta

from signaling.flows.notices.composing import Composing, Occurrence
from signaling.ports.clock import Clock
from signaling.ports.store import Records


class Reminding:
    def __init__(self, composing: Composing, clock: Clock, before: Sequence[timedelta]) -> None:
        self._composing = composing
        self._clock = clock
        self._before = before

    async def queue(self, records: Records, about: Occurrence) -> None:
        """Queue the reminders of one person that are still to come.

        They wait in the outbox, so a restart loses none; each carries the version of the plan in
        its key, so that none is sent twice and a moved session gets its own.
        """
        planned_at = about.consultation.planned_at
        if planned_at is None:
            return
        for before in self._before:
            due_at = planned_at - before
            if due_at > self._clock.now():
                minutes = int(before.total_seconds() // 60)
                await self._composing.queue(
                    records, "reminder", about, due_at=due_at, detail=str(minutes)
                )

    @staticmethod
    async def drop(records: Records, consultation_id: str) -> None:
        """What has become pointless: the session was moved, canceled, or has begun."""
        await records.notices.drop_pending(consultation_id, ("reminder",))
