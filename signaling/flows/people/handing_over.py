"""Handing a scheduler's open sessions to a colleague, with everything that names the scheduler.

Closed sessions stay where they are until they are deleted.
"""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from signaling.account import Account
from signaling.chat import ChatMessage
from signaling.consultation import OPEN_STATES
from signaling.errors import NotFound
from signaling.flows.calls.calling import Calling
from signaling.flows.notices.composing import Composing, InviteContext
from signaling.flows.notices.news import News
from signaling.flows.notices.reminding import Reminding
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.notices.notice import Occasion
from signaling.notices.texts import INVITATIONS
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.room import Room

WITH_NAME: tuple[Occasion, ...] = (*INVITATIONS, "moved", "reminder", "news")
"Occasions whose notices name the scheduler, and wait long enough to be worth new words."
_log = logging.getLogger(__name__)

Handed = list[tuple[str, list[ChatMessage]]]
"Ids of consultations, each with the lines of its chat that say so."


async def hand_over(
    records: Records, from_id: str, to_id: str, now: datetime, *, actor: str
) -> Handed:
    """Make another account the scheduler of all open sessions, within the caller's transaction.

    Raises NotFound if there is no account to hand over from.
    """
    former = await records.accounts.get(from_id)
    if former is None:
        raise NotFound
    handed = await records.consultations.ids_of(from_id, OPEN_STATES)
    return [
        (each, await hand_over_one(records, each, former, to_id, now, actor=actor))
        for each in handed
    ]


async def hand_over_one(
    records: Records,
    consultation_id: str,
    former: Account,
    to_id: str,
    now: datetime,
    *,
    actor: str,
) -> list[ChatMessage]:
    """The same for one session. Returns the lines of its chat that say so."""
    await records.consultations.hand_over(consultation_id, former, to_id)
    await records.audit.append(now, actor, "hand_over", consultation_id)
    await records.audit.append(now, actor, "give_session_to", to_id)
    left = await _note_absence(records, consultation_id, former.id, now)
    took = await records.chat.append(consultation_id, new_id(), to_id, "took_over", "", now)
    return [*left, *([] if took is None else [took])]


async def end_share(
    records: Records, consultation_id: str, colleague: Account, now: datetime
) -> list[ChatMessage]:
    """Share a session with a colleague no longer. Returns the lines of its chat that say so."""
    await records.consultations.end_share(consultation_id, colleague)
    return await _note_absence(records, consultation_id, colleague.id, now)


async def _note_absence(
    records: Records, consultation_id: str, account_id: str, now: datetime
) -> list[ChatMessage]:
    """Say in the chat that somebody has left, if it says that they are there."""
    if (await records.chat.announced(consultation_id)).get(account_id) != "joined":
        return []
    left = await records.chat.append(consultation_id, new_id(), account_id, "left", "", now)
    return [] if left is None else [left]


class HandingOver:
    """What `hand_over` means for live rooms, and for notices that wait."""

    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        calling: Calling,
        composing: Composing,
        reminding: Reminding,
        news: News,
        clock: Clock,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._calling = calling
        self._composing = composing
        self._reminding = reminding
        self._news = news
        self._clock = clock

    @asynccontextmanager
    async def held(self, from_id: str) -> AsyncIterator[frozenset[str]]:
        """Within, nobody else changes or opens what an account holds, given by ids.

        These are its own sessions that are open or shared, and all that are shared with it. One that is planned or
        shared meanwhile is not among them.
        """
        read = self._store.read.consultations
        ids = {*await read.ids_of(from_id, OPEN_STATES), *await read.shared_by(from_id)}
        ids |= {*await read.shared_with(from_id)}
        async with AsyncExitStack() as locks:
            # always in this order, so that two never wait for each other
            for consultation_id in sorted(ids):
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
                    elif occasion == "news":
                        await self._news.queue_for(records, about)
                    else:
                        await self._composing.queue(records, occasion, about, detail=new_id())

    async def follow(self, handed: Handed, from_id: str, colleague: Account) -> None:
        """After the commit, within `held`: live rooms change their scheduler, and lists show it."""
        for consultation_id, lines in handed:
            room = self._rooms.hub.room(consultation_id)
            if room is None:  # nobody is there, and it is not opened within `held`
                continue
            await self.leave_call(room, from_id)
            self._rooms.change_scheduler(room, colleague, self._clock.now())
            for line in lines:
                room.add_chat(line)
        await self._rooms.holders_changed(from_id, colleague.id)

    async def forget_colleague(self, shared: Handed, colleague_id: str) -> None:
        """After the commit, within `held`: these sessions are shared with a colleague no longer."""
        for consultation_id, lines in shared:
            room = self._rooms.hub.room(consultation_id)
            if room is None:
                continue
            await self.leave_call(room, colleague_id)
            self._rooms.remove_colleague(room, colleague_id, self._clock.now())
            for line in lines:
                room.add_chat(line)
        held = await self._store.read.consultations.holders(each for each, _ in shared)
        await self._rooms.holders_changed(colleague_id, *frozenset().union(*held.values()))

    async def leave_call(self, room: Room, account_id: str) -> None:
        """Take somebody out of the call of a room, before they lose their seat."""
        try:
            await self._calling.remove(room, account_id)
        except Exception:  # the call goes on without them, and ends with the others
            consultation_id = room.consultation.id
            _log.exception("call not left", extra={"consultation_id": consultation_id})
