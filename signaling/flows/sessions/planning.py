"""What happens to a planned session before it starts: moved, canceled, its people changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, Protocol

from signaling.access import owned
from signaling.account import Account
from signaling.allowance import INVITING, MOVING
from signaling.chat import ChatMessage
from signaling.consultation import OPEN_STATES, Consultation
from signaling.errors import N_, Conflict, InvalidInput, NotAllowed, NotFound
from signaling.flows.invites.inviting import Inviting
from signaling.flows.notices.composing import Composing, Occurrence
from signaling.flows.notices.reminding import Reminding
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.invite import Invite, Person, Role
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.room import Room

ADD_IN_PROGRESS = "add_colleague_in_progress"
"Name of the setting."
EDITABLE_STATES = ("planned", "waiting")
OF_A_DATE = (
    "invitation",
    "planned_invitation",
    "moved",
    "reminder",
    "interpreter_request",
    "interpreter_request_moved",
)
"Occasions that tell people when the session is."
MAX_PEOPLE = 12
"Seats of one session beside the scheduler's: what a mesh of forwarded calls and a form can hold."


class Requests(Protocol):
    """What an interpreting organization was asked for a session."""

    async def move(self, records: Records, moved: Consultation, scheduler: Account) -> None:
        """Tell it the new date."""

    async def withdraw(
        self, records: Records, consultation: Consultation, scheduler: Account
    ) -> None:
        """Take it back."""


class Planning:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        inviting: Inviting,
        composing: Composing,
        reminding: Reminding,
        requests: Requests,
        clock: Clock,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._inviting = inviting
        self._composing = composing
        self._reminding = reminding
        self._requests = requests
        self._clock = clock

    async def edit(
        self,
        consultation_id: str,
        scheduler: Account,
        planned_at: datetime | None,
        time_zone: str,
        awaited: Person | None = None,
        *,
        by: str | None = None,
    ) -> None:
        """Give a session another date, and correct its awaited person: both or neither.

        The audit log says that `by` did it, or else the scheduler.

        Everybody is told of a new date, calendars are updated; whoever was not reached yet, or is
        reached otherwise now, gets the invitation. `planned_at` None leaves the date as it is.
        Raises NotFound, TooMuchSent, TooMuchForOne, or Conflict once the session has started.
        """
        room = await self._own(consultation_id, scheduler, "edit")
        async with self._rooms.exclusive(consultation_id):
            before = room.consultation
            if before.state not in EDITABLE_STATES:
                raise Conflict
            after = before
            if planned_at is not None and (before.planned_at, before.time_zone) != (
                planned_at,
                time_zone,
            ):
                after = replace(
                    before,
                    planned_at=planned_at,
                    time_zone=time_zone,
                    calendar_sequence=before.calendar_sequence + 1,
                )

            async def work(records: Records) -> str:
                invites = await records.invites.of_consultation(consultation_id)
                corrected = told = ""
                if after is not before:  # what waits tells of the old date
                    await records.consultations.change(after)
                    await records.notices.drop_pending(consultation_id, OF_A_DATE)
                    await self._requests.move(records, after, scheduler)
                if awaited is not None and invites[0].person != awaited:
                    corrected = invites[0].id
                    if await self._correct(records, after, scheduler, invites[0], awaited):
                        told = corrected
                if after is not before and after.may_tell:
                    await self._tell_date(records, after, scheduler, besides=told)
                if after is not before or corrected:
                    actor = by or scheduler.id
                    await records.audit.append(self._clock.now(), actor, "edit", consultation_id)
                return corrected

            corrected = await self._store.write(work)
            room.consultation = after
            if corrected and awaited is not None:
                _show_person(room, corrected, awaited)
            if after is not before:
                room.tell_consultation()

    async def _tell_date(
        self, records: Records, moved: Consultation, scheduler: Account, *, besides: str
    ) -> None:
        """Everybody `besides` one hears of the new date, as news or with their invitation."""
        for invite in await records.invites.of_consultation(moved.id):
            if not invite.usable or invite.id == besides:
                continue
            about = Occurrence(moved, scheduler, invite, moved.note)
            if await records.notices.was_reached(invite.id):
                await self._composing.queue(records, "moved", about, allowance=MOVING)
                await self._reminding.queue(records, about)
            else:
                await self._inviting.tell(records, about, MOVING)

    async def cancel(self, consultation_id: str, scheduler: Account) -> None:
        """Call a session off: its people are told, its links close, nothing stale is sent.

        Raises NotFound, or TransitionRefused once it has started.
        """
        room = await self._own(consultation_id, scheduler, "cancel")
        async with self._rooms.exclusive(consultation_id):
            now = self._clock.now()
            canceled = replace(
                room.consultation.after("cancel", now),
                calendar_sequence=room.consultation.calendar_sequence + 1,
            )

            async def work(records: Records) -> None:
                await records.consultations.change(canceled)
                await self._log(records, scheduler, "cancel", consultation_id)
                await records.notices.drop_all_pending(consultation_id)
                await self._requests.withdraw(records, room.consultation, scheduler)
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
        async with self._rooms.exclusive(room.consultation.id):
            if room.consultation.state not in EDITABLE_STATES:
                raise Conflict

            async def work(records: Records) -> None:
                await self._correct(records, room.consultation, scheduler, invite, person)
                await self._log(records, scheduler, "edit_person", invite_id)

            await self._store.write(work)
            _show_person(room, invite_id, person)

    async def _correct(
        self,
        records: Records,
        consultation: Consultation,
        scheduler: Account,
        invite: Invite,
        person: Person,
    ) -> bool:
        """Whether that person gets the invitation now, at another address or in another language."""
        before = invite.person
        changed = replace(invite, person=person)
        await records.invites.change(changed)
        reached_otherwise = (before.channel, before.address, before.language) != (
            person.channel,
            person.address,
            person.language,
        )
        if not reached_otherwise or not consultation.may_tell:
            return False
        await records.notices.drop_pending_of(invite.id)
        await records.notices.forget_keys_of(invite.id)
        about = Occurrence(consultation, scheduler, changed, consultation.note)
        await self._inviting.tell(records, about, INVITING)
        return True

    async def add_people(
        self, consultation_id: str, scheduler: Account, people: Sequence[tuple[Role, Person]]
    ) -> list[Invite]:
        """Invite some more, announced in the chat and logged: all of them or nobody.

        Once a session has started only colleagues, and only if the administrator allows it.
        Raises NotFound, NotAllowed, or InvalidInput if that are too many.
        """
        room = await self._own(consultation_id, scheduler, "invite")
        async with self._rooms.exclusive(consultation_id):
            consultation = room.consultation
            if consultation.state not in EDITABLE_STATES and not (
                all(role == "colleague" for role, _ in people) and await self.may_add_in_progress()
            ):
                raise NotAllowed(
                    N_("Nobody can be invited to a session in progress. Plan a new session.")
                )
            if len(room.seats) - 1 + len(people) > MAX_PEOPLE:
                raise InvalidInput("", N_("There are too many people in this session."))
            now = self._clock.now()

            async def work(records: Records) -> list[tuple[Invite, ChatMessage | None]]:
                added = []
                for role, person in people:
                    invite = await self._inviting.add(
                        records, consultation, scheduler, role, person, INVITING
                    )
                    await self._log(records, scheduler, "add_person", invite.id)
                    line = await records.chat.append(
                        consultation.id, new_id(), invite.id, "added", "", now
                    )
                    added.append((invite, line))
                return added

            added = await self._store.write(work)
            for invite, line in added:
                self._rooms.add_seat(room, invite)
                if line is not None:
                    room.add_chat(line)
        return [invite for invite, _ in added]

    async def may_add_in_progress(self) -> bool:
        """The administrator's switch; off until it is switched on."""
        return await self._store.read.settings.get(ADD_IN_PROGRESS) == "on"

    async def remove_person(self, invite_id: str, scheduler: Account) -> Invite:
        """Take somebody's seat away: they are told, their link closes at once.

        The awaited person cannot be removed: that is canceling. Raises NotFound, Conflict.
        """
        invite, room = await self._invited(invite_id, scheduler)
        async with self._rooms.exclusive(room.consultation.id):
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
                await self._log(records, scheduler, "remove_person", invite_id)

            await self._store.write(work)
            self._rooms.remove_seat(room, invite_id)
        return invite

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

    async def _log(self, records: Records, scheduler: Account, action: str, thing: str) -> None:
        await records.audit.append(self._clock.now(), scheduler.id, action, thing)

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


def _show_person(room: Room, invite_id: str, person: Person) -> None:
    seat = room.seats[invite_id]
    seat.name, seat.language = person.name, person.language
    room.tell_participant(invite_id)
