"""Sending what is in the outbox: claimed, handed over, settled, each step durable on its own."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from signaling.errors import Unavailable
from signaling.flows.notices.claiming import Job, claim, recover, settle, take
from signaling.flows.notices.provider_state import HandOvers
from signaling.notices.notice import (
    Channel,
    Outcome,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from signaling.ports.clock import Clock, Timers
from signaling.ports.delivery import Outbox, Sender
from signaling.ports.store import Records, Store

IN_HAND: Mapping[Channel, int] = {"email": 32, "sms": 500, "whatsapp": 500}
"""Most notices that are claimed and not settled. Mails: enough to keep the connections busy during
a commit, but few, because a claimed mail leaves even if it is canceled meanwhile. Phone messages
are checked once more before they leave. No channel waits for another's provider."""
AT_ONCE: Mapping[Channel, int] = {"email": 8, "sms": 1, "whatsapp": 1}
"""Most notices handed over at the same time. Phone messages that a server was handing over when it
died become `unknown`, and their provider takes one after the other anyway."""
DOMAIN_AT_ONCE = 3
"""Most mails to one domain at the same time: while the mail server waits for a domain that hangs,
one of its four connections is left for all others."""
HAND_OVER_WITHIN_S = 300.0
"Providers have time limits of their own; one that exceeds this is given up."
WATCHED_EVERY = timedelta(minutes=1)
"How often the queue is checked even if nobody was woken."
ASK_AGAIN = timedelta(seconds=1)
"When a host that may neither claim nor hand over anything asks whether it may."
STUCK_AFTER = timedelta(minutes=10)
"Time without any progress; longer than any hand-over may take."

Done = tuple[Job, Outcome | None]


def alone() -> str | None:
    """The id of a host that is the only one: none."""
    return ""


_log = logging.getLogger(__name__)


class Sending:
    def __init__(
        self,
        store: Store,
        senders: Mapping[Channel, Sender],
        outbox: Outbox,
        clock: Clock,
        timers: Timers,
        random: Callable[[], float],
        changed: Callable[[Iterable[str]], Awaitable[None]],
        hand_overs: HandOvers,
    ) -> None:
        self._store = store
        self.host_id: Callable[[], str | None] = alone
        "Of this host, where several send; None: it may neither claim nor hand over anything now."
        self._senders = senders
        self._outbox = outbox
        self._clock = clock
        self._timers = timers
        self._random = random
        self._changed = changed
        self._busy = asyncio.Lock()
        self._gates = {channel: asyncio.Semaphore(count) for channel, count in AT_ONCE.items()}
        self._domains: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._moved_at = clock.now()
        "When the outbox was last written."
        self._in_hand: dict[str, Job] = {}
        "Notice id -> its claimed job, until that is settled."
        self._handing_over: set[asyncio.Task[None]] = set()
        self._done: list[Done] = []
        self._more = asyncio.Event()
        self._closing = False
        self.hand_overs = hand_overs

    def wake(self) -> None:
        """Something is due: look as soon as possible."""
        self._timers.set("notices", self._clock.now(), self.deliver_due)

    def watch_now(self) -> None:
        """Another host has ended: see to what it was sending."""
        self._timers.set("queue", self._clock.now(), self.watch)

    async def watch(self) -> None:
        """Check the queue now and then, in case a wake was lost, or the end of another host."""
        self._timers.set("queue", self._clock.now() + WATCHED_EVERY, self.watch)
        await self.take_over()

    async def take_over(self) -> None:
        """Another host may be gone: go on with what it was sending, and with what only it waited for."""
        if self.host_id():  # alone there is nobody else, and what is claimed is being sent
            now = self._clock.now()
            await self._store.write(lambda records: recover(records, now, self._random), ())
        await self.deliver_due()

    def is_stuck(self, due_since: datetime | None) -> bool:
        """Whether notices have been due since `due_since` while nothing at all moves."""
        before = self._clock.now() - STUCK_AFTER
        return due_since is not None and max(due_since, self._moved_at) < before

    async def recover(self) -> None:
        """Retry what the last server was sending, or mark it unknown; watch the queue."""
        now = self._clock.now()
        self._timers.set("queue", now + WATCHED_EVERY, self.watch)
        await self._store.write(lambda records: recover(records, now, self._random), ())

    def close(self) -> None:
        """Begin nothing new; what is claimed is finished and settled."""
        self._closing = True

    async def deliver_due(self) -> None:
        """Send everything that is due, then set the timer for what comes next."""
        if self._busy.locked():  # whoever holds it looks again
            self._more.set()
            return
        async with self._busy:
            try:
                while True:
                    for job in await self._settle_and_claim():
                        task = asyncio.create_task(self._hand_over(job), name="hand over")
                        self._handing_over.add(task)
                        task.add_done_callback(self._handing_over.discard)
                    await self._set_timer()
                    if not self._in_hand and not self._more.is_set():
                        break
                    await self._more.wait()
            except asyncio.CancelledError:
                for task in self._handing_over:
                    task.cancel()
                await asyncio.gather(*self._handing_over, return_exceptions=True)
                raise

    async def _set_timer(self) -> None:
        """Look again when the next notice is due, unless it only waits for room."""
        next_due = await self._store.read.notices.next_due()
        waits_for_room = next_due is not None and next_due <= self._clock.now() and self._in_hand
        if next_due is not None and not waits_for_room and not self._closing:
            if self.host_id() is None:  # until this host may claim again
                next_due = max(next_due, self._clock.now() + ASK_AGAIN)
            self._timers.set("notices", next_due, self.deliver_due)

    async def _settle_and_claim(self) -> list[Job]:
        """Settle what is done and claim what is due, in one commit."""
        self._more.clear()
        done, self._done = self._done, []
        now = self._clock.now()
        host_id = self.host_id()
        room = {} if host_id is None else self._room(done)

        async def work(records: Records) -> tuple[list[Job], list[str]]:
            purged = await settle(records, done, now, self._random) if done else []
            return await claim(records, now, room, host_id or ""), purged

        try:
            jobs, purged = await self._store.write(
                work, {job.notice.consultation_id for job, _ in done}
            )
        except BaseException as error:
            if not done or isinstance(error, Unavailable) or not isinstance(error, Exception):
                self._done = done + self._done
                raise
            jobs, purged = [], await self._settle_each(done, now)
        self._moved_at = now
        for job, _ in done:
            self._in_hand.pop(job.notice.id, None)
        self._in_hand |= {job.notice.id: job for job in jobs}
        with contextlib.suppress(OSError):  # the next purge deletes it
            await self._outbox.forget(
                purged
            )  # files written after their purge had listed the folder
        if done:
            await self._changed({job.notice.consultation_id for job, _ in done})
        return jobs

    async def _settle_each(self, done: Sequence[Done], now: datetime) -> list[str]:
        """Settle one by one what could not be settled together; drop what cannot be settled at all.

        Claims nothing, but has the caller look again. Returns the ids of notices purged meanwhile.
        """
        purged: list[str] = []
        for index, each in enumerate(done):

            async def work(records: Records, each: Done = each) -> list[str]:
                return await settle(records, [each], now, self._random)

            try:
                purged += await self._store.write(work, each[0].notice.consultation_id)
            except Unavailable:
                self._done = [*done[index:], *self._done]
                raise
            except Exception:
                _log.exception("not settled", extra={"notice_id": each[0].notice.id})
            self._in_hand.pop(each[0].notice.id, None)
        self._more.set()
        return purged

    def _room(self, done: Iterable[Done]) -> dict[Channel, int]:
        """How many more notices may be claimed, by channel."""
        if self._closing:
            return {}
        held = Counter(job.attempt.channel for job in self._in_hand.values())
        held.subtract(job.attempt.channel for job, _ in done)
        return {channel: most - held[channel] for channel, most in IN_HAND.items()}

    async def _hand_over(self, job: Job) -> None:
        async with self._domain_gate(job), self._gates[job.attempt.channel]:
            if not await self._is_ours(job):
                self._leave(job)
                return
            needed = job.is_repeatable or await self._take(job)
            outcome = await self._send(job) if needed else None
        if outcome is not None:
            self.hand_overs.note(job.attempt.channel, outcome, self._clock.now())
        self._done.append((job, outcome))
        self._more.set()

    async def _is_ours(self, job: Job) -> bool:
        """Whether this host may hand it over: no other has ended it. Waits until that is known."""
        while (host_id := self.host_id()) is None:
            if self._closing:  # nobody waits for a database that is away
                return False
            await asyncio.sleep(ASK_AGAIN.total_seconds())
        return host_id == job.host_id

    def _leave(self, job: Job) -> None:
        """Not settled either: whoever sees that its host has ended takes it over."""
        if self._in_hand.get(job.notice.id) is job:
            del self._in_hand[job.notice.id]
        self._more.set()

    def _domain_gate(self, job: Job) -> AbstractAsyncContextManager[object]:
        """Bounds the mails to one domain."""
        domain = job.envelope.address.rpartition("@")[2].lower()
        if job.attempt.channel != "email":
            return contextlib.nullcontext()
        return self._domains.setdefault(domain, asyncio.Semaphore(DOMAIN_AT_ONCE))

    async def _take(self, job: Job) -> bool:
        try:
            if sender := self._senders.get(job.attempt.channel):
                await sender.prepare()
            return await self._store.write(
                lambda records: take(records, job), job.notice.consultation_id
            )
        except Exception as error:  # a message that cannot be stored as leaving does not leave
            if not isinstance(error, Unavailable):
                _log.exception("not taken", extra={"notice_id": job.notice.id})
            return False

    async def _send(self, job: Job) -> Outcome:
        outgoing = Outgoing(
            notice_id=job.notice.id,
            attempt_id=job.attempt.id,
            channel=job.attempt.channel,
            address=job.envelope.address,
            language=job.envelope.language,
            content=job.envelope.content,
            sender_id=job.attempt.sender_id,
        )
        return await self.hand_over(outgoing)

    async def hand_over(self, outgoing: Outgoing) -> Outcome:
        """Hand one message over, once, without the queue: nothing of it is kept."""
        sender = self._senders.get(outgoing.channel)
        if sender is None:
            return PermanentFailure("no_route")
        try:
            async with asyncio.timeout(HAND_OVER_WITHIN_S):
                return await sender.send(outgoing)
        except TimeoutError:
            _log.error("sender hangs", extra={"notice_id": outgoing.notice_id})
            return UnknownOutcome("reply_lost")
        except Exception:
            _log.exception("sender failed", extra={"notice_id": outgoing.notice_id})
            return TemporaryFailure("provider_failed")
