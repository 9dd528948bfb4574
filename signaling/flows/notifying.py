"""Sending what is in the outbox: claimed, handed over, settled, each step durable by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from signaling.identifier import new_id
from signaling.notice import (
    OVER_STATES,
    Attempt,
    Channel,
    Envelope,
    Notice,
    Outcome,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)
from signaling.ports import Clock, Records, Sender, Store, Timers
from signaling.standing import conclude

BATCH = 100
"Notices claimed together: one commit before and one after sending them."
AT_ONCE = 8
"Notices being handed over at the same time."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One notice under way."""

    notice: Notice
    envelope: Envelope
    attempt: Attempt
    number: int


class Notifying:
    def __init__(
        self,
        store: Store,
        senders: Mapping[Channel, Sender],
        clock: Clock,
        timers: Timers,
        random: Callable[[], float],
        changed: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._senders = senders
        self._clock = clock
        self._timers = timers
        self._random = random
        self._changed = changed
        self._busy = asyncio.Lock()

    def wake(self) -> None:
        """Something was queued: look as soon as possible."""
        self._timers.set("notices", self._clock.now(), self.deliver_due)

    async def recover(self) -> None:
        """What was being sent when the server stopped is tried again or marked unknown."""
        now = self._clock.now()

        async def work(records: Records) -> None:
            moved = []
            for attempt, notice in await records.notices.interrupted():
                recovered = attempt.recover(now, self._random())
                attempts = [
                    recovered if each.id == attempt.id else each
                    for each in await records.notices.attempts(notice.id)
                ]
                envelope = await records.notices.envelope(notice)
                moved.append((notice, attempts, len(envelope.ways)))
            await put_back(records, moved, now)

        await self._store.write(work)

    async def deliver_due(self) -> None:
        """Send everything that is due, then set the timer for what comes next."""
        async with self._busy:
            while jobs := await self._claim():
                gate = asyncio.Semaphore(AT_ONCE)
                outcomes = await asyncio.gather(*(self._hand_over(gate, job) for job in jobs))
                await self._settle(list(zip(jobs, outcomes, strict=True)))
        next_due = await self._store.read.notices.next_due()
        if next_due is not None:
            self._timers.set("notices", next_due, self.deliver_due)

    async def _claim(self) -> list[Job]:
        now = self._clock.now()

        async def work(records: Records) -> list[Job]:
            jobs: list[Job] = []
            dropped: list[tuple[Notice, None]] = []
            for notice in await records.notices.due(now, BATCH):
                envelope = await records.notices.envelope(notice)
                attempts = await records.notices.attempts(notice.id)
                number = max(len(attempts) - 1, 0)
                attempt = attempts[-1] if attempts else None
                if attempt is not None and attempt.state in OVER_STATES:
                    number, attempt = number + 1, None
                if number >= len(envelope.ways):
                    dropped.append((notice.after("fail"), None))
                    continue
                way = envelope.ways[number]
                if attempt is None:
                    attempt = Attempt(new_id(), notice.id, way.channel, way.sender_id)
                if attempt.state in ("failed", "unknown"):
                    attempt = attempt.retry(now)
                jobs.append(Job(notice, envelope, attempt.take(now), number))
            await records.notices.put_attempts([(job.number, job.attempt) for job in jobs])
            await records.notices.change([(job.notice, None) for job in jobs] + list(dropped))
            return jobs

        return await self._store.write(work)

    async def _hand_over(self, gate: asyncio.Semaphore, job: Job) -> Outcome:
        sender = self._senders.get(job.attempt.channel)
        if sender is None:
            return PermanentFailure("no_route")
        outgoing = Outgoing(
            notice_id=job.notice.id,
            attempt_id=job.attempt.id,
            channel=job.attempt.channel,
            address=job.envelope.address,
            language=job.envelope.language,
            content=job.envelope.content,
            sender_id=job.attempt.sender_id,
        )
        async with gate:
            try:
                return await sender.send(outgoing)
            except Exception:
                _log.exception("sender failed", extra={"notice_id": job.notice.id})
                return TemporaryFailure("provider_failed")

    async def _settle(self, done: list[tuple[Job, Outcome]]) -> None:
        now = self._clock.now()

        async def work(records: Records) -> None:
            # read again: a receipt may have overtaken the answer, the session may be off
            current = await records.notices.standing([job.notice.id for job, _ in done])
            moved = []
            for job, outcome in done:
                if job.notice.id not in current:
                    continue  # purged
                notice, attempts = current[job.notice.id]
                settled = [
                    each.settle(outcome, now, self._random()) if each.id == job.attempt.id else each
                    for each in attempts
                ]
                moved.append((notice, settled, len(job.envelope.ways)))
            await put_back(records, moved, now)

        await self._store.write(work)
        for consultation_id in {job.notice.consultation_id for job, _ in done}:
            await self._changed(consultation_id)


async def put_back(
    records: Records, moved: Iterable[tuple[Notice, Sequence[Attempt], int]], now: datetime
) -> None:
    """Store (notice, its attempts, how many ways it has) of which an attempt has moved.

    What that means for the notice and its invite is stored with it.
    """
    changes: list[tuple[Notice, datetime | None]] = []
    stored: list[tuple[int, Attempt]] = []
    for notice, attempts, ways in moved:
        concluded, latest, next_at = conclude(notice, attempts, ways, now)
        changes.append((concluded, next_at))
        stored += enumerate([*attempts[:-1], latest])
        if concluded.state == "handed_over" and concluded.invite_id is not None:
            invite = await records.invites.get(concluded.invite_id)
            if invite is not None and invite.state == "created":
                await records.invites.change(invite.after("send"))
    await records.notices.put_attempts(stored)
    await records.notices.change(changes)
