"""Sending what is in the outbox: claimed, handed over, settled, each step durable by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from signaling.identifier import new_id
from signaling.notice import (
    ARRIVED_STATES,
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
            for number, attempt, notice in await records.notices.interrupted():
                settled = attempt.recover(now, self._random())
                await records.notices.put_attempts([(number, settled)])
                await records.notices.change([(notice, settled.next_try_at)])

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
            attempts: list[tuple[int, Attempt]] = []
            changes: list[tuple[Notice, datetime | None]] = []
            for job, outcome in done:
                attempt = job.attempt.settle(outcome, now, self._random())
                notice, next_at = job.notice, attempt.next_try_at
                if attempt.state in ARRIVED_STATES:
                    notice = notice.after("hand_over")
                    await self._mark_sent(records, notice)
                elif attempt.state in OVER_STATES:
                    if job.number + 1 < len(job.envelope.ways):
                        next_at = now
                    else:
                        notice = notice.after("fail")
                attempts.append((job.number, attempt))
                changes.append((notice, next_at))
            await records.notices.put_attempts(attempts)
            await records.notices.change(changes)

        await self._store.write(work)
        for consultation_id in {job.notice.consultation_id for job, _ in done}:
            await self._changed(consultation_id)

    @staticmethod
    async def _mark_sent(records: Records, notice: Notice) -> None:
        if notice.invite_id is None:
            return
        invite = await records.invites.get(notice.invite_id)
        if invite is not None and invite.state == "created":
            await records.invites.change(invite.after("send"))
