"""Failed sign-ins in the audit log, without letting strangers fill the disk.

The first failure for an account from a network is logged at once; further ones within the hour are
counted and become one line at its end. At most MOST_PAIRS pairs of account and network have lines of
their own in an hour; the rest are counted together.
"""

from collections import Counter
from datetime import timedelta

from signaling.audit import STRANGER
from signaling.errors import Unavailable
from signaling.ports.clock import Clock, Timers
from storage.store import Records, Store

WINDOW = timedelta(hours=1)
MOST_PAIRS = 100
ELSEWHERE = "elsewhere"
"Stands for the network of all pairs without a line of their own."


class FailedSignInLog:
    def __init__(self, store: Store, clock: Clock, timers: Timers) -> None:
        self._store = store
        self._clock = clock
        self._timers = timers
        self._more: Counter[tuple[str, str]] = Counter()
        "(account id or STRANGER, network) -> failures not yet logged."

    async def note(self, account_id: str | None, network: str) -> None:
        """Record a failed sign-in; `account_id` is None if there is no such account."""
        pair = (account_id or STRANGER, network)
        if not self._more:
            self._timers.set("failed sign-ins", self._timers.now() + WINDOW, self.close)
        if pair in self._more:
            self._more[pair] += 1
        elif len(self._more) < MOST_PAIRS:
            self._more[pair] = 0
            await self._store.write(lambda records: self._line(records, pair, 1))
        else:
            self._more[STRANGER, ELSEWHERE] += 1

    async def close(self) -> None:
        """End the hour and log what was counted. Raises Unavailable; the counts are then kept."""
        counted, self._more = self._more, Counter()

        async def work(records: Records) -> None:
            for pair, count in counted.items():
                if count:
                    await self._line(records, pair, count)

        try:
            await self._store.write(work)
        except Unavailable:
            self._more.update(counted)
            raise

    async def _line(self, records: Records, pair: tuple[str, str], count: int) -> None:
        who, network = pair
        if network != ELSEWHERE:
            network = await records.audit.reference(network)
        thing = f"network:{network} {count}"
        await records.audit.append(self._clock.now(), who, "sign_in_failed", thing)
