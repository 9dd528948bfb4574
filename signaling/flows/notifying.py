"""Sending what is in the outbox: claimed, handed over, settled, each step durable by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
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
            for _number, attempt, notice in await records.notices.interrupted():
                await put_back(records, notice, attempt.recover(now, self._random()), now)

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
            for job, outcome in done:
                # read again: a receipt may have overtaken the answer, the session may be off
                notice = await records.notices.get(job.notice.id)
                if notice is None:
                    continue  # purged
                for attempt in await records.notices.attempts(notice.id):
                    if attempt.id == job.attempt.id:
                        settled = attempt.settle(outcome, now, self._random())
                        await put_back(records, notice, settled, now)

        await self._store.write(work)
        for consultation_id in {job.notice.consultation_id for job, _ in done}:
            await self._changed(consultation_id)


async def put_back(
    records: Records, notice: Notice, moved: Attempt, now: datetime, *, more_ways: bool = True
) -> None:
    """Store an attempt that has moved, and what that means for its notice and its invite.

    Without `more_ways` a failure is the end.
    """
    attempts = [
        moved if each.id == moved.id else each for each in await records.notices.attempts(notice.id)
    ]
    ways = len(attempts)
    if more_ways and attempts[-1].state in OVER_STATES:
        ways = len((await records.notices.envelope(notice)).ways)
    concluded, latest, next_at = conclude(notice, attempts, ways, now)
    changed = [
        (number, latest if each.id == latest.id else each)
        for number, each in enumerate(attempts)
        if each.id in (moved.id, latest.id)
    ]
    await records.notices.put_attempts(changed)
    await records.notices.change([(concluded, next_at)])
    if concluded.state == "handed_over" and concluded.invite_id is not None:
        invite = await records.invites.get(concluded.invite_id)
        if invite is not None and invite.state == "created":
            await records.invites.change(invite.after("send"))
