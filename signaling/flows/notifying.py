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
REPEATABLE = ("email",)
"""A mail may leave twice with one Message-ID, so that a batch of them is claimed in one commit. A
phone message is stored as leaving by itself, in the moment before it leaves."""

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
        self._done: list[tuple[Job, Outcome]] = []
        self._settling: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Something was queued: look as soon as possible."""
        self._timers.set("notices", self._clock.now(), self.deliver_due)

    async def recover(self) -> None:
        """What was being sent when the server stopped is tried again or marked unknown."""
        now = self._clock.now()

        async def work(records: Records) -> None:
            moved = []
            for attempt, notice in await records.notices.interrupted():
                if attempt.state == "queued":  # claimed, and nothing had left
                    if notice.state == "pending":
                        await records.notices.change([(notice, now)])
                    continue
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
                await asyncio.gather(*(self._hand_over(gate, job) for job in jobs))
                if self._settling is not None:
                    await self._settling
        next_due = await self._store.read.notices.next_due()
        if next_due is not None:
            self._timers.set("notices", next_due, self.deliver_due)

    async def _claim(self) -> list[Job]:
        now = self._clock.now()

        async def work(records: Records) -> list[Job]:
            jobs: list[Job] = []
            stored: list[tuple[int, Attempt]] = []
            dropped: list[tuple[Notice, None]] = []
            due = await records.notices.due(now, BATCH)
            # after a time without power one reminder is enough: the last one
            last = {each.invite_id: each.id for each in due if each.occasion == "reminder"}
            for notice in due:
                if notice.occasion == "reminder" and last[notice.invite_id] != notice.id:
                    dropped.append((notice.after("drop"), None))
                    continue
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
                stored.append(
                    (number, attempt if attempt.channel not in REPEATABLE else jobs[-1].attempt)
                )
            await records.notices.put_attempts(stored)
            await records.notices.change([(job.notice, None) for job in jobs] + list(dropped))
            return jobs

        return await self._store.write(work)

    async def _hand_over(self, gate: asyncio.Semaphore, job: Job) -> None:
        async with gate:
            if job.attempt.channel in REPEATABLE or await self._take(job):
                self._settle_soon(job, await self._send(job))

    async def _take(self, job: Job) -> bool:
        """Store that a message which cannot be repeated leaves now; False: it is not needed."""

        async def work(records: Records) -> bool:
            notice = await records.notices.get(job.notice.id)
            if notice is None or notice.state != "pending":
                return False
            await records.notices.put_attempts([(job.number, job.attempt)])
            return True

        return await self._store.write(work)

    async def _send(self, job: Job) -> Outcome:
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
        try:
            return await sender.send(outgoing)
        except Exception:
            _log.exception("sender failed", extra={"notice_id": job.notice.id})
            return TemporaryFailure("provider_failed")

    def _settle_soon(self, job: Job, outcome: Outcome) -> None:
        """Store an outcome at once; those that come while one is being stored share the next."""
        self._done.append((job, outcome))
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_done(), name="settle notices")

    async def _settle_done(self) -> None:
        while self._done:
            done, self._done = self._done, []
            await self._settle(done)

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
