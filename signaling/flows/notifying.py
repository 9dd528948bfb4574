"""Sending what is in the outbox: claimed, handed over, settled, each step durable by itself."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping

from signaling.errors import Unavailable
from signaling.flows.bookkeeping import Job, claim, recover, settle, take
from signaling.notice import Channel, Outcome, Outgoing, PermanentFailure, TemporaryFailure
from signaling.ports import Clock, Outbox, Records, Sender, Store, Timers

MAILS_IN_HAND = 32
"""Mails that are claimed and not settled, at most: enough to keep the connections busy while the
books are written, and few, for a mail that is claimed leaves even if it is canceled meanwhile."""
PHONES_IN_HAND = 500
"Phone messages are asked for once more before they leave. So many may wait, and no mail behind them."
AT_ONCE: Mapping[Channel, int] = {"email": 8, "sms": 1, "whatsapp": 1}
"""Being handed over at the same time. What a server was handing over when it died is `unknown` for
a phone, and its provider takes one after the other anyway."""

_log = logging.getLogger(__name__)


class Notifying:
    def __init__(
        self,
        store: Store,
        senders: Mapping[Channel, Sender],
        outbox: Outbox,
        clock: Clock,
        timers: Timers,
        random: Callable[[], float],
        changed: Callable[[Iterable[str]], Awaitable[None]],
    ) -> None:
        self._store = store
        self._senders = senders
        self._outbox = outbox
        self._clock = clock
        self._timers = timers
        self._random = random
        self._changed = changed
        self._busy = asyncio.Lock()
        self._gates = {channel: asyncio.Semaphore(count) for channel, count in AT_ONCE.items()}
        self._in_hand: dict[str, Job] = {}
        "Notice id -> what is claimed and not settled."
        self._handing_over: set[asyncio.Task[None]] = set()
        self._done: list[tuple[Job, Outcome | None]] = []
        self._news = asyncio.Event()
        self._closing = False

    def wake(self) -> None:
        """Something was queued: look as soon as possible."""
        self._timers.set("notices", self._clock.now(), self.deliver_due)

    async def recover(self) -> None:
        """What was being sent when the server stopped is tried again or marked unknown."""
        now = self._clock.now()
        await self._store.write(lambda records: recover(records, now, self._random))

    def close(self) -> None:
        """Begin nothing new; what is in hand is finished and settled."""
        self._closing = True

    async def deliver_due(self) -> None:
        """Send everything that is due, then set the timer for what comes next."""
        async with self._busy:
            try:
                while True:
                    for job in await self._keep_books():
                        task = asyncio.create_task(self._hand_over(job), name="hand over")
                        self._handing_over.add(task)
                        task.add_done_callback(self._handing_over.discard)
                    if not self._in_hand:
                        break
                    await self._news.wait()
            except asyncio.CancelledError:
                for task in self._handing_over:
                    task.cancel()
                await asyncio.gather(*self._handing_over, return_exceptions=True)
                raise
        next_due = await self._store.read.notices.next_due()
        if next_due is not None and not self._closing:
            self._timers.set("notices", next_due, self.deliver_due)

    async def _keep_books(self) -> list[Job]:
        """Settle what is done and claim what comes next, in one commit."""
        self._news.clear()
        done, self._done = self._done, []
        now = self._clock.now()
        room = self._room(done)

        async def work(records: Records) -> tuple[list[Job], list[str]]:
            purged = await settle(records, done, now, self._random) if done else []
            return await claim(records, now, room) if room > 0 else [], purged

        try:
            jobs, purged = await self._store.write(work)
        except BaseException:
            self._done = done + self._done
            raise
        for job, _ in done:
            del self._in_hand[job.notice.id]
        self._in_hand |= {job.notice.id: job for job in jobs}
        with contextlib.suppress(OSError):  # what cannot be deleted now is found by the next purge
            await self._outbox.forget(purged)  # written after their purge had looked for files
        if done:
            await self._changed({job.notice.consultation_id for job, _ in done})
        return jobs

    def _room(self, done: Iterable[tuple[Job, Outcome | None]]) -> int:
        """How many more notices may be claimed; nobody knows their channels before."""
        if self._closing:
            return 0
        held = Counter(job.is_repeatable for job in self._in_hand.values())
        held.subtract(job.is_repeatable for job, _ in done)
        return min(MAILS_IN_HAND - held[True], PHONES_IN_HAND - held[False])

    async def _hand_over(self, job: Job) -> None:
        async with self._gates[job.attempt.channel]:
            needed = job.is_repeatable or await self._take(job)
            outcome = await self._send(job) if needed else None
        self._done.append((job, outcome))
        self._news.set()

    async def _take(self, job: Job) -> bool:
        try:
            if sender := self._senders.get(job.attempt.channel):
                await sender.prepare()
            return await self._store.write(lambda records: take(records, job))
        except Exception as error:  # what cannot be stored as leaving does not leave
            if not isinstance(error, Unavailable):
                _log.exception("not taken", extra={"notice_id": job.notice.id})
            return False

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
