"""Tells somebody by mail that their password is being guessed: after ten failures, once a day at most.

Failures are counted in memory, for a day. The mail is queued after the answer to the last of them has
been given, so that the time of an answer does not tell which accounts exist; nothing is logged.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from functools import partial

from signaling.flows.people.account_mail import AccountMail
from signaling.ports.clock import Clock, Timers
from storage.store import Records, Store

FAILURES = 10
DAY = timedelta(days=1)


class GuessingAlarm:
    def __init__(self, store: Store, mail: AccountMail, timers: Timers, clock: Clock) -> None:
        """`clock` is steady, and that of `timers`."""
        self._store = store
        self._mail = mail
        self._timers = timers
        self._clock = clock
        self._failures: OrderedDict[str, list[tuple[datetime, str]]] = OrderedDict()
        "Account id -> when and from which network, oldest first; in the order of the latest failure."
        self._told: OrderedDict[str, datetime] = OrderedDict()
        "Account id -> when the latest mail was queued, oldest first."

    def note(self, account_id: str, network: str) -> None:
        """Count a failed sign-in of an account."""
        now = self._clock.now()
        self._forget_old(now)
        recent = [each for each in self._failures.get(account_id, []) if each[0] > now - DAY]
        self._failures[account_id] = [*recent, (now, network)]
        self._failures.move_to_end(account_id)
        if len(recent) + 1 >= FAILURES and account_id not in self._told:
            self._told[account_id] = now
            found = self._failures.pop(account_id)
            networks = len({network for _, network in found})
            tell = partial(self._tell, account_id, len(found), networks)
            self._timers.set(f"guessing {account_id}", now, tell)

    async def _tell(self, account_id: str, count: int, networks: int) -> None:
        async def work(records: Records) -> None:
            account = await records.accounts.get(account_id)
            if account is not None and account.suspended_at is None:
                await self._mail.queue(
                    records, account, "guessing", count=str(count), networks=str(networks)
                )

        await self._store.write(work)

    def _forget_old(self, now: datetime) -> None:
        while self._told and next(iter(self._told.values())) <= now - DAY:
            self._told.popitem(last=False)
        while self._failures and next(iter(self._failures.values()))[-1][0] <= now - DAY:
            self._failures.popitem(last=False)
