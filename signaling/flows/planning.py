"""What happens to a planned session before it starts: moved, canceled, its people changed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from signaling.access import owned
from signaling.account import Account
from signaling.chat import ChatMessage
from signaling.consultation import OPEN_STATES, Consultation
from signaling.errors import N_, Conflict, InvalidInput, NotAllowed, NotFound
from signaling.flows.composing import Composing, Occurrence
from signaling.flows.inviting import Inviting
from signaling.flows.reminding import Reminding
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.invite import Invite, Person, Role
from signaling.ports import Clock, Records, Store
from signaling.room import Room, Seat

ADD_IN_PROGRESS = "add_colleague_in_progress"
"Name of the setting."
EDITABLE_STATES = ("planned", "waiting")
MAX_PEOPLE = 12
"Seats of one session beside the scheduler's: what a mesh of forwarded calls and a form can hold."


Withdraw = Callable[[Records, Consultation, Account], Awaitable[None]]
"Takes back what an interpreting organization was asked for a session."


class Planning:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        inviting: Inviting,
        composing: Composing,
        reminding: Reminding,
        withdraw: Withdraw,
        clock: Clock,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._inviting = inviting
        self._composing = composing
        self._reminding = reminding
        self._withdraw = withdraw
        self._clock = clock

    async def move(
        self, consultation_id: str, scheduler: Account, planned_at: datetime, time_zone: str
    ) -> None:
        """Give a session another date: everybody is told, calendars are updated.

        Raises NotFound, or Conflict once it has started.
        """
        room = await self._own(consultation_id, scheduler, "edit")
        async with self._rooms.turn(consultation_id):
            before = room.consultation
            if before.state not in EDITABLE_STATES:
                raise Conflict
            if before.planned_at == planned_at and before.time_zone == time_zone:
                return
            moved = replace(
                before,
                planned_at=planned_at,
                time_zone=time_zone,
                calendar_sequence=before.calendar_sequence + 1,
            )

            async def work(records: Records) -> None:
                await records.consultations.change(moved)
                await self._reminding.drop(records, consultation_id)
                if not moved.may_tell:
                    return  # nobody knows of the old date yet
                for invite in await records.invites.of_consultation(consultation_id):
                    if invite.usable:
                        about = Occurrence(moved, scheduler, invite, moved.note)
                        await self._composing.queue(records, "moved", about)
                        await self._reminding.queue(records, about)

            await self._store.write(work)
            room.consultation = moved
            room.tell_consultation()

    async def cancel(self, consultation_id: str, scheduler: Account) -> None:
        """Call a session off: its people are told, its links close, nothing stale is sent.

        Raises NotFound, or TransitionRefused once it has started.
        """
        room = await self._own(consultation_id, scheduler, "cancel")
        async with self._rooms.turn(consultation_id):
            now = self._clock.now()
            canceled = replace(
                room.consultation.after("cancel", now),
                calendar_sequence=room.consultation.calendar_sequence + 1,
            )

            async def work(records: Records) -> None:
                await records.consultations.change(canceled)
                await records.notices.drop_all_pending(consultation_id)
                await self._withdraw(records, room.consultation, scheduler)
                for invite in await records.invites.of_consultation(consultation_id):
                    if invite.usable:
                        await self._revoke(records, canceled, scheduler, invite, "canceled")

            await self._store.write(work)
            room.consultation = canceled
            room.tell_consultation()
            self._rooms.see_off(room)
        self._rooms.tell_scheduler(scheduler.id)

    async def change_person(self, invite_id: str, scheduler: Account, person: Person) -> None:
        """Correct somebody's name, address or language; a new address gets the invitation.

        Raises NotFound, or Conflict once the session has started.
        """
        invite, room = await self._invited(invite_id, scheduler)
        async with self._rooms.turn(room.consultation.id):
            consultation = room.consultation
            if consultation.state not in EDITABLE_STATES:
                raise Conflict
            changed = replace(invite, person=person)
            reached_otherwise = (invite.person.channel, invite.person.address) != (
                person.channel,
                person.address,
            )
            spoken_otherwise = invite.person.language != person.language

            async def work(records: Records) -> None:
                await records.invites.change(changed)
                if (reached_otherwise or spoken_otherwise) and consultation.may_tell:
                    await records.notices.drop_pending_of(invite_id)
                    await records.notices.forget_keys_of(invite_id)
                    about = Occurrence(consultation, scheduler, changed, consultation.note)
                    await self._inviting.tell(records, about)

            await self._store.write(work)
            seat = room.seats[invite_id]
            seat.name, seat.language = person.name, person.language
            room.tell_participant(invite_id)

    async def add_person(
        self, consultation_id: str, scheduler: Account, role: Role, person: Person
    ) -> Invite:
        """Invite one more, announced in the chat and logged.

        Once a session has started only colleagues, and only if the administrator allows it.
        Raises NotFound, NotAllowed, or InvalidInput if it is full.
        """
        room = await self._own(consultation_id, scheduler, "invite")
        async with self._rooms.turn(consultation_id):
            consultation = room.consultation
            if consultation.state not in EDITABLE_STATES and not (
                role == "colleague" and await self.may_add_in_progress()
            ):
                raise NotAllowed(
                    N_("Nobody can be invited to a session in progress. Plan a new session.")
                )
            if len(room.seats) > MAX_PEOPLE:
                raise InvalidInput("", N_("There are too many people in this session."))
            now = self._clock.now()

            async def work(records: Records) -> tuple[Invite, ChatMessage | None]:
                invite = await self._inviting.add(records, consultation, scheduler, role, person)
                await records.audit.append(now, scheduler.id, "add_person", invite.id)
                line = await records.chat.append(
                    consultation.id, new_id(), invite.id, "added", "", now
                )
                return invite, line

            invite, line = await self._store.write(work)
            room.seats[invite.id] = Seat(invite.id, role, person.name, person.language)
            room.tell_participant(invite.id)
            if line is not None:
                room.add_chat(line)
        return invite

    async def may_add_in_progress(self) -> bool:
        """The administrator's switch; off until it is switched on."""
        return await self._store.read.settings.get(ADD_IN_PROGRESS) == "on"

    async def remove_person(self, invite_id: str, scheduler: Account) -> None:
        """Take somebody's seat away: they are told, their link closes at once.

        The awaited person cannot be removed: that is canceling. Raises NotFound, Conflict.
        """
        invite, room = await self._invited(invite_id, scheduler)
        async with self._rooms.turn(room.consultation.id):
            consultation = room.consultation
            if consultation.state not in EDITABLE_STATES or invite.role == "service_user":
                raise Conflict

            async def work(records: Records) -> None:
                others = await records.invites.of_consultation(consultation.id)
                if sum(other.usable for other in others) < 2:
                    raise InvalidInput(
                        "", N_("Somebody must remain invited. Cancel the session instead.")
                    )
                await records.notices.drop_pending_of(invite_id)
                told = replace(consultation, calendar_sequence=consultation.calendar_sequence + 1)
                await self._revoke(records, told, scheduler, invite, "removed")

            await self._store.write(work)
            self._rooms.remove_seat(room, invite_id)

    async def _revoke(
        self,
        records: Records,
        consultation: Consultation,
        scheduler: Account,
        invite: Invite,
        occasion: Literal["canceled", "removed"],
    ) -> None:
        await records.invites.change(invite.after("revoke"))
        if await records.notices.was_told(invite.id):
            await self._composing.queue(
                records, occasion, Occurrence(consultation, scheduler, invite)
            )

    async def _own(self, consultation_id: str, scheduler: Account, action: str) -> Room:
        room = await self._rooms.open(consultation_id)
        if owned(room.consultation, scheduler.id, action).state not in OPEN_STATES:
            raise NotFound
        return room

    async def _invited(self, invite_id: str, scheduler: Account) -> tuple[Invite, Room]:
        invite = await self._store.read.invites.get(invite_id)
        if invite is None or not invite.usable:
            raise NotFound
        return invite, await self._own(invite.consultation_id, scheduler, "edit")
