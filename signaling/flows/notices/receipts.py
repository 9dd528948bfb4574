"""Webhooks of carriers: receipts move attempts, replies are shown at invites."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from signaling.errors import TransitionRefused
from signaling.flows.notices.claiming import put_back
from signaling.notices.notice import Receipt, Way
from signaling.notices.outdated import is_current
from signaling.notices.reply import Reply
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store


class Receipts:
    """Each webhook takes effect and uses up its token in one transaction, or does neither."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        changed: Callable[[Iterable[str]], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed

    async def receipt(self, receipt: Receipt | None, token_id: str, forget_at: datetime) -> bool:
        """Move the attempt that a receipt is about; False if its token was used before.

        A notice that did not arrive is tried the next way, unless it has become outdated. A receipt
        that is late, repeated, or about something purged changes nothing.
        """
        now = self._clock.now()

        async def work(records: Records) -> tuple[bool, str]:
            if not await records.used_tokens.use(token_id, forget_at, now):
                return False, ""
            return True, await self._moved(records, receipt, now) if receipt else ""

        fresh, consultation_id = await self._store.write(work)
        if consultation_id:
            await self._changed([consultation_id])
        return fresh

    async def _moved(self, records: Records, receipt: Receipt, now: datetime) -> str:
        """Id of the consultation whose notice has moved; empty: none has."""
        found = await records.notices.attempt(receipt.client_ref, receipt.provider_id)
        if found is None:
            return ""
        attempt, notice = found
        try:
            moved = attempt.receive(receipt)
        except TransitionRefused:
            return ""
        if moved.state == attempt.state:
            return ""
        consultation = await records.consultations.get(notice.consultation_id)
        invite = await records.invites.get(notice.invite_id) if notice.invite_id else None
        if consultation is None:
            return ""
        attempts = [
            moved if each.id == moved.id else each
            for each in await records.notices.attempts(notice.id)
        ]
        ways: tuple[Way, ...] = ()  # an outdated notice that failed is not tried again
        if is_current(notice, consultation, invite, now):
            ways = (await records.notices.envelope(notice)).ways
        await put_back(records, [(notice, attempts, ways)], now)
        return notice.consultation_id

    async def reply(self, reply: Reply, token_id: str, forget_at: datetime) -> bool:
        """Show a reply at the invite it belongs to; False if its token was used before.

        That is the invite whose message it answers, if the carrier says so, else the latest one of
        this number. Replies from unknown numbers are not kept.
        """
        now = self._clock.now()

        async def work(records: Records) -> tuple[bool, str]:
            if not await records.used_tokens.use(token_id, forget_at, now):
                return False, ""
            invite = None
            found = await records.notices.attempt("", reply.answers) if reply.answers else None
            if found is not None and found[1].invite_id is not None:
                invite = await records.invites.get(found[1].invite_id)
            if invite is None or invite.person.address != reply.sender.address:
                invite = await records.invites.latest_of_number(reply.sender.address)
            if invite is None or not await records.replies.add(invite, reply):
                return True, ""
            return True, invite.consultation_id

        fresh, consultation_id = await self._store.write(work)
        if consultation_id:
            await self._changed([consultation_id])
        return fresh
