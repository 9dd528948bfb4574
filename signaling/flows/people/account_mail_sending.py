"""Sending mail about accounts: taken, handed over and settled, each step durable on its own.

A mail is stored as leaving before it leaves. So whatever happens then, a lost answer or the death of
the server, it leaves at most once more, with the same Message-ID. It is deleted when it was sent or is
over; where mails are written to the outbox folder its file stays as long as the address in it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from signaling.errors import Unavailable
from signaling.flows.notices.sending import alone
from signaling.identifier import new_id
from signaling.notices.account_mail import QueuedMail
from signaling.notices.notice import (
    Outcome,
    Outgoing,
    PermanentFailure,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
)
from signaling.notices.retry import FIRST_WAIT_S, next_try
from signaling.ports.clock import Clock, Timers
from signaling.ports.delivery import Outbox, Sender
from signaling.ports.store import Records, Store

AT_ONCE = 4
"Most mails handed over at the same time; each is stored as leaving just before it does."
MOST_DOUBTS = 2
"Tries after which a mail may have arrived: it is not sent a third time."
HAND_OVER_WITHIN_S = 300.0
"A mail server has time limits of its own; a hand-over that exceeds this is given up."
LEASE = timedelta(minutes=10)
"A mail whose outcome could not be stored is due again after this; longer than any hand-over."
WATCHED_EVERY = timedelta(minutes=1)
"How often the queue is checked even if nobody was woken."
KEPT_BY_ADMINISTRATORS = ("invitation",)
"Occasions of which a refused mail stays until it is over, so that administrators see why."

_log = logging.getLogger(__name__)


class AccountMailSending:
    def __init__(
        self,
        store: Store,
        sender: Sender,
        outbox: Outbox,
        clock: Clock,
        timers: Timers,
        random: Callable[[], float],
        emptied: Callable[[], Awaitable[None]],
        *,
        writes_files: bool,
    ) -> None:
        """`emptied` overwrites what deleted rows left; `writes_files`: `sender` is the outbox folder."""
        self._store = store
        self.host_id: Callable[[], str | None] = alone
        "Of this host, where several send; None: it may not claim anything now."
        self._sender = sender
        self._outbox = outbox
        self._clock = clock
        self._timers = timers
        self._random = random
        self._emptied = emptied
        self._writes_files = writes_files
        self._busy = asyncio.Lock()
        self._more = asyncio.Event()
        self._handing_over: set[asyncio.Task[None]] = set()
        self._closing = False

    def wake(self) -> None:
        """Something is due: look as soon as possible."""
        self._timers.set("account mail", self._clock.now(), self.deliver_due)

    def watch_now(self) -> None:
        """Another host has ended: see to what it was sending."""
        self._timers.set("account mail queue", self._clock.now(), self.watch)

    async def watch(self) -> None:
        """Check the queue now and then, in case a wake was lost, or the end of another host."""
        self._timers.set("account mail queue", self._clock.now() + WATCHED_EVERY, self.watch)
        await self.take_over()

    async def take_over(self) -> None:
        """Another host may be gone: go on with what it was sending, and with what only it waited for."""
        if self.host_id():
            # not at once: it may live, and receive the answer of the mail server
            due_at = self._clock.now() + timedelta(seconds=FIRST_WAIT_S)
            await self._store.write(lambda records: records.account_mails.take_over(due_at), ())
        await self.deliver_due()

    async def recover(self) -> None:
        """Make due again what the last server was sending; watch the queue."""
        now = self._clock.now()
        self._timers.set("account mail queue", now + WATCHED_EVERY, self.watch)
        await self._store.write(lambda records: records.account_mails.recover(now), ())

    def close(self) -> None:
        """Begin nothing new; what is leaving is finished and settled."""
        self._closing = True

    async def deliver_due(self) -> None:
        """Send everything that is due, then set the timer for what comes next."""
        if self._busy.locked():  # whoever holds it looks again
            self._more.set()
            return
        async with self._busy:
            try:
                while True:
                    self._more.clear()
                    await self._begin()
                    if not self._handing_over and not self._more.is_set():
                        break
                    await self._more.wait()
            except asyncio.CancelledError:
                for task in self._handing_over:
                    task.cancel()
                await asyncio.gather(*self._handing_over, return_exceptions=True)
                raise
        next_due = await self._store.read.account_mails.next_due()
        if next_due is not None and not self._closing:
            self._timers.set("account mail", next_due, self.deliver_due)

    async def _begin(self) -> None:
        """Take as many due mails as there is room for, and hand each over in a task of its own."""
        room = AT_ONCE - len(self._handing_over)
        host_id = self.host_id()
        if self._closing or room <= 0 or host_id is None:
            return
        now = self._clock.now()
        taken, gone = await self._store.write(
            lambda records: _take(records, now, room, host_id), ()
        )
        if gone:
            await self.forget(gone)
        for mail in taken:
            task = asyncio.create_task(self._hand_over(mail), name="hand over account mail")
            self._handing_over.add(task)
            task.add_done_callback(self._handing_over.discard)
            task.add_done_callback(lambda _: self._more.set())

    async def _hand_over(self, mail: QueuedMail) -> None:
        outcome = await self._send(mail)

        async def settle(records: Records) -> bool:
            if not await records.account_mails.is_latest(mail):
                return False
            return await self._settle(records, mail, outcome)

        try:
            if await self._store.write(settle, ()):
                await self.forget([])
        except Unavailable:
            _log.warning("not settled", extra={"account_mail_id": mail.id})

    async def _send(self, mail: QueuedMail) -> Outcome:
        outgoing = Outgoing(
            notice_id=mail.id,
            attempt_id=new_id(),
            channel="email",
            address=mail.address,
            language=mail.language,
            content=mail.content,
        )
        try:
            async with asyncio.timeout(HAND_OVER_WITHIN_S):
                return await self._sender.send(outgoing)
        except TimeoutError:
            return UnknownOutcome("reply_lost")
        except Exception:
            _log.exception("sender failed", extra={"account_mail_id": mail.id})
            return TemporaryFailure("provider_failed")

    async def _settle(self, records: Records, mail: QueuedMail, outcome: Outcome) -> bool:
        """Store what became of a mail that was taken. Whether its row is gone."""
        now, mails = self._clock.now(), records.account_mails
        match outcome:
            case Sent():
                if self._writes_files:
                    await mails.put_off(mail.id, mail.expires_at, doubts=0, problem="")
                    return False
                await mails.remove(mail.id)
                return True
            case PermanentFailure():
                return await self._give_up(records, mail, outcome.reason)
            case TemporaryFailure():
                doubts, wait_s = mail.doubts - 1, outcome.wait_s
            case UnknownOutcome():
                doubts, wait_s = mail.doubts, None
        # it goes on until it is over, which notices do not: so `now` stands for the first try
        due_at = next_try(mail.tries, now, now, self._random(), wait_s)
        if doubts >= MOST_DOUBTS or due_at is None or due_at >= mail.expires_at:
            return await self._give_up(records, mail, outcome.reason)
        await mails.put_off(mail.id, due_at, doubts=doubts, problem=outcome.reason)
        return False

    async def _give_up(self, records: Records, mail: QueuedMail, reason: str) -> bool:
        _log.warning(
            "account mail not sent",
            extra={"occasion": mail.occasion, "account_id": mail.account_id, "reason": reason},
        )
        if mail.occasion in KEPT_BY_ADMINISTRATORS:
            await records.account_mails.put_off(mail.id, mail.expires_at, doubts=0, problem=reason)
            return False
        await records.account_mails.remove(mail.id)
        return True

    async def forget(self, mail_ids: Iterable[str]) -> None:
        """Delete the files of deleted mails, and what rows left behind that were deleted with them."""
        try:
            await self._outbox.forget(mail_ids)
        except OSError:  # the next purge deletes them
            _log.warning("file of account mail not deleted")
        await self._emptied()


async def _take(
    records: Records, now: datetime, most: int, host_id: str
) -> tuple[list[QueuedMail], list[str]]:
    """(mails that leave now, ids of those that were over), stored as such."""
    gone = list(await records.account_mails.remove_expired(now))
    taken = []
    for mail in await records.account_mails.due(now, most):
        if mail.doubts >= MOST_DOUBTS:
            gone.append(mail.id)
            await records.account_mails.remove(mail.id)
            _log.warning("account mail may be lost", extra={"account_mail_id": mail.id})
        else:
            taken.append(await records.account_mails.take(mail, now + LEASE, host_id))
    return taken, gone
