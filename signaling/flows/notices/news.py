"""The notice that something new waits in a session that was kept open, to whoever is away.

Once until they come; never what it is, and not to somebody who comes within a minute.
"""

from datetime import timedelta

from signaling.flows.notices.composing import Composing, InviteContext
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.room import Room

NEWS_AFTER = timedelta(minutes=1)
"A phone that changes networks, or a page that is loaded again, is back by then."


class News:
    def __init__(self, store: Store, composing: Composing, clock: Clock) -> None:
        self._store = store
        self._composing = composing
        self._clock = clock

    async def queue(self, records: Records, room: Room, author: str) -> None:
        """Tell those who are away that somebody wrote, within the transaction that stores it."""
        consultation = room.consultation
        if consultation.state != "kept_open":
            return
        away = [
            seat.participant_id
            for seat in room.seats.values()
            if not seat.online and seat.participant_id != author
        ]
        scheduler = await records.accounts.get(consultation.scheduler_id) if away else None
        if scheduler is None:
            return
        for invite in await records.invites.of_consultation(consultation.id):
            if invite.id in away and invite.usable:
                await self.queue_for(records, InviteContext(consultation, scheduler, invite))

    async def queue_for(self, records: Records, about: InviteContext) -> None:
        """Tell one person who is away, unless they are told already."""
        due_at = self._clock.now() + NEWS_AFTER
        visit = await records.chat.last_visit(about.consultation.id, about.invite.id)
        await self._composing.queue(records, "news", about, due_at=due_at, detail=visit)

    async def came(self, consultation_id: str, invite_id: str) -> None:
        """Somebody is there: what waits to be sent to them is pointless."""
        waiting = [
            notice
            for notice in await self._store.read.notices.of_consultation(consultation_id)
            if notice.occasion == "news" and notice.state == "pending"
        ]
        if any(notice.invite_id == invite_id for notice in waiting):
            await self._store.write(
                lambda records: records.notices.withdraw_waiting(
                    consultation_id, ("news",), invite_id
                ),
                consultation_id,
            )
