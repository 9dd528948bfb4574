"""Handing a scheduler's open sessions to a colleague, with everything that names the scheduler.

Closed sessions stay where they are until they are deleted.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from signaling.account import Account
from signaling.consultation import OPEN_STATES
from signaling.errors import NotFound
from signaling.flows.calls.calling import Calling
from signaling.flows.notices.composing import Composing, InviteContext
from signaling.flows.notices.reminding import Reminding
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.notices.notice import Occasion
from signaling.notices.texts import INVITATIONS
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store

WITH_NAME: tuple[Occasion, ...] = (*INVITATIONS, "moved", "reminder")
"Occasions whose notices name the scheduler, and wait long enough to be worth new words."
_log = logging.getLogger(__name__)


async def hand_over(
    records: Records, from_id: str, to_id: str, now: datetime, *, actor: str
) -> list[str]:
    """Make another account the scheduler of all open sessions, within the caller's transaction.

    Returns the ids of their consultations. Raises NotFound if there is no account to hand over from.
    """
    former = await records.accounts.get(from_id)
    if former is None:
        raise NotFound
    handed = await records.consultations.ids_of(from_id, OPEN_STATES)
    for consultation_id in handed:
        await records.consultations.hand_over(consultation_id, former, to_id)
        await records.audit.append(now, actor, "hand_over", consultation_id)
    return handed


class HandingOver:
    """What `hand_over` means for live rooms, and for notices that wait."""

    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        calling: Calling,
        composing: Composing,
        reminding: Reminding,
        clock: Clock,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._calling = calling
        self._composing = composing
        self._reminding = reminding
        self._clock = clock

    @asynccontextmanager
    async def held(self, from_id: str) -> AsyncIterator[frozenset[str]]:
        """Within, nobody else changes or opens the open sessions of an account, given by their ids.

        One that is planned meanwhile is not among them.
        """
        ids = await self._store.read.consultations.ids_of(from_id, OPEN_STATES)
        async with AsyncExitStack() as locks:
            # always in this order, so that two never wait for each other
            for consultation_id in ids:
                await locks.enter_async_context(self._rooms.closed_to_all(consultation_id))
            yield frozenset(ids)

    async def tell(self, records: Records, handed: Iterable[str], colleague: Account) -> None:
        """Put what waits for the invited people into new words, within the same transaction."""
        for consultation_id in handed:
            waiting = await records.notices.withdraw_waiting(consultation_id, WITH_NAME)
            consultation = await records.consultations.get(consultation_id)
            if consultation is None or not waiting:
                continue
            occasions: dict[str, set[Occasion]] = {}
            for invite_id, occasion in waiting:
                occasions.setdefault(invite_id, set()).add(occasion)
            for invite in await records.invites.of_consultation(consultation_id):
                about = InviteContext(consultation, colleague, invite, consultation.note)
                for occasion in sorted(occasions.get(invite.id, ())):
                    if occasion == "reminder":
                        await self._reminding.queue(records, about)
                    else:
                        await self._composing.queue(records, occasion, about, detail=new_id())

    async def follow(self, handed: Sequence[str], from_id: str, colleague: Account) -> None:
        """After the commit, within `held`: live rooms change their scheduler, and lists show it."""
        for consultation_id in handed:
            room = self._rooms.hub.room(consultation_id)
            if room is None:
                continue
            try:
                await self._calling.remove(room, from_id)
            except Exception:  # the call goes on without them, and ends with the others
                _log.exception("call not left", extra={"consultation_id": consultation_id})
            self._rooms.change_scheduler(room, colleague, self._clock.now())
        self._rooms.notify_scheduler(from_id)
        self._rooms.notify_scheduler(colleague.id)
        await self._rooms.changed(handed)
