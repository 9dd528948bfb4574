"""What happens to a planned session before it starts: it is moved, canceled, its people change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from signaling import numbers
from signaling.access import owned
from signaling.account import Account
from signaling.chat import ChatMessage
from signaling.consultation import MAX_PEOPLE, OPEN_STATES, Consultation
from signaling.errors import N_, Conflict, InvalidInput, NotAllowed, NotFound
from signaling.flows.invites.inviting import Inviting
from signaling.flows.notices.composing import Composing, InviteContext
from signaling.flows.notices.reminding import Reminding
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.invite import Invite, Person, Role
from signaling.notice_allowance import INVITING, MOVING
from signaling.notices.texts import INVITATIONS
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.room import Room
from signaling.token import token_digest

ADD_IN_PROGRESS = "add_colleague_in_progress"
"Name of the setting."
EDITABLE_STATES = ("planned", "waiting")
OF_A_DATE = (
    *INVITATIONS,
    "moved",
    "reminder",
    "interpreter_request",
    "interpreter_request_moved",
)
"Occasions whose notices hold the session's date."


class Requests(Protocol):
    """The open request to an interpreting organization, if any."""

    async def move(self, records: Records, moved: Consultation, scheduler: Account) -> None:
        """Send the new date."""

    async def withdraw(
        self, records: Records, consultation: Consultation, scheduler: Account
    ) -> None:
        """Withdraw the request."""


@dataclass(frozen=True)
class _Correction:
    """An invite whose person was corrected."""

    invite: Invite
    link_closed: bool
    invited_again: bool = False


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
        """Move a session and correct its awaited person: both or neither.

        Everybody gets the new date and a calendar update; whoever was not reached yet, or is
        reached otherwise now, gets the invitation. `planned_at` None keeps the date. The audit log
        names `by`, else the scheduler.

        Raises NotFound, TooMuchSent, TooMuchForOne, or Conflict once the session has started.
        """
        room = await self._own(consultation_id, scheduler, "edit")
        async with self._rooms.exclusive(consultation_id):
            before = room.consultation
            if before.state not in EDITABLE_STATES:
                raise Conflict
            after = _moved(before, planned_at, time_zone)

            async def work(records: Records) -> _Correction | None:
                invites = await records.invites.of_consultation(consultation_id)
                corrected, invited = None, ""
                if after is not before:  # what waits holds the old date
                    await records.consultations.change(after)
                    await records.notices.drop_pending(consultation_id, OF_A_DATE)
                    await self._requests.move(records, after, scheduler)
                if awaited is not None and invites[0].person != awaited:
                    corrected = await self._correct(records, after, scheduler, invites[0], awaited)
                    invited = corrected.invite.id if corrected.invited_again else ""
                if after is not before and after.may_notify:
                    await self._tell_date(records, after, scheduler, except_for=invited)
                if after is not before or corrected:
                    actor = by or scheduler.id
                    await records.audit.append(self._clock.now(), actor, "edit", consultation_id)
                return corrected

            corrected = await self._store.write(work)
            room.consultation = after
            if corrected is not None:
                self._show_corrected(room, corrected)
            if after is not before:
                room.publish_consultation()

    async def _tell_date(
        self, records: Records, moved: Consultation, scheduler: Account, *, except_for: str
    ) -> None:
        """Send everybody but `except_for` the new date, as a change or with their invitation."""
        for invite in await records.invites.of_consultation(moved.id):
            if not invite.usable or invite.id == except_for:
                continue
            if await records.notices.was_reached(invite.id):
                about = InviteContext(moved, scheduler, invite, moved.note)
                await self._composing.queue(records, "moved", about, allowance=MOVING)
                await self._reminding.queue(records, about)
            else:
                await self._inviting.queue_invitation(records, moved, scheduler, invite, MOVING)

    async def cancel(self, consultation_id: str, scheduler: Account) -> None:
        """Cancel a session: its people are told, its links are closed, nothing outdated is sent.

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
                await records.numbers.count(now, [numbers.session("canceled")])
                await records.notices.drop_all_pending(consultation_id)
                await self._requests.withdraw(records, room.consultation, scheduler)
                for invite in await records.invites.of_consultation(consultation_id):
                    if invite.usable:
                        await self._revoke(records, canceled, scheduler, invite, "canceled")

            await self._store.write(work)
            room.consultation = canceled
            room.publish_consultation()
            self._rooms.disconnect(room)
        await self._rooms.moved_on(room)

    async def change_person(self, invite_id: str, scheduler: Account, person: Person) -> None:
        """Correct somebody's name, address or language; a new address gets the invitation.

        Raises NotFound, or Conflict once the session has started.
        """
        invite, room = await self._invited(invite_id, scheduler)
        async with self._rooms.exclusive(room.consultation.id):
            if room.consultation.state not in EDITABLE_STATES:
                raise Conflict

            async def work(records: Records) -> _Correction:
                corrected = await self._correct(
                    records, room.consultation, scheduler, invite, person
                )
                await self._log(records, scheduler, "edit_person", invite_id)
                return corrected

            self._show_corrected(room, await self._store.write(work))

    async def _correct(
        self,
        records: Records,
        consultation: Consultation,
        scheduler: Account,
        invite: Invite,
        person: Person,
    ) -> "_Correction":
        """Store the correction; a new address or language gets another invitation.

        What was sent to the address before may be in anybody's hands: its link is closed.
        """
        before = invite.person
        changed = replace(invite, person=person)
        link_closed = before.address not in ("", person.address)
        if link_closed:
            changed = await self._with_new_link(records, changed)
        await records.invites.change(changed)
        reached_otherwise = (before.channel, before.address, before.language) != (
            person.channel,
            person.address,
            person.language,
        )
        if not reached_otherwise or not consultation.may_notify:
            return _Correction(changed, link_closed)
        await records.notices.drop_pending_of(invite.id)
        await records.notices.forget_keys_of(invite.id)
        await self._inviting.queue_invitation(records, consultation, scheduler, changed, INVITING)
        return _Correction(changed, link_closed, invited_again=True)

    @staticmethod
    async def _with_new_link(records: Records, invite: Invite) -> Invite:
        number = invite.link_number + 1
        token = await records.invites.token(invite.consultation_id, invite.id, number)
        changed = invite.with_new_link(token_digest(token))
        await records.invites.replace_link(changed)
        return changed

    def _show_corrected(self, room: Room, corrected: "_Correction") -> None:
        """Show the others who is expected; whoever came by a link that is closed now has to leave."""
        invite = corrected.invite
        seat = room.seats[invite.id]
        if corrected.link_closed:
            self._rooms.remove_seat(room, invite.id)
            self._rooms.add_seat(room, invite)
            return
        seat.name, seat.language = invite.person.name, invite.person.language
        room.publish_participant(invite.id)

    async def add_people(
        self,
        consultation_id: str,
        scheduler: Account,
        people: Sequence[tuple[Role, Person]],
        ids: Sequence[Sequence[str]] = (),
    ) -> list[Invite]:
        """Invite more people, announced in the chat and logged: all of them or nobody.

        `ids`, if the same request may come again: for each of them the one to give the invite, and those
        that an earlier request may have given it. Whoever has one of these is invited already. Returns
        the new invites.

        Once a session has started only colleagues, and only if the administrator allows it.
        Raises NotFound, NotAllowed, or InvalidInput if there are too many.
        """
        room = await self._own(consultation_id, scheduler, "invite")
        async with self._rooms.exclusive(consultation_id):
            consultation = room.consultation
            if not (wanted := _not_yet(room, people, ids)):
                return []
            if consultation.state not in EDITABLE_STATES and not (
                all(role == "colleague" for role, *_ in wanted) and await self.may_add_in_progress()
            ):
                raise NotAllowed(
                    N_("Nobody can be invited to a session in progress. Plan a new session.")
                )
            if len(room.seats) - 1 + len(wanted) > MAX_PEOPLE:
                raise InvalidInput("", N_("There are too many people in this session."))
            now = self._clock.now()

            async def work(records: Records) -> list[tuple[Invite, ChatMessage | None]]:
                added = []
                for role, person, invite_id in wanted:
                    invite = await self._inviting.add(
                        records, consultation, scheduler, role, person, INVITING, invite_id
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
        """The administrator's setting; off by default."""
        return await self._store.read.settings.get(ADD_IN_PROGRESS) == "on"

    async def remove_person(self, invite_id: str, scheduler: Account) -> Invite:
        """Remove an invited person: they are told, and their link is closed at once.

        The awaited person cannot be removed, only the session canceled. Raises NotFound, Conflict,
        InvalidInput.
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
                        "",
                        N_(
                            "At least one person must stay invited. To stop the session for everybody, cancel it."
                        ),
                    )
                await records.notices.drop_pending_of(invite_id)
                newer = replace(consultation, calendar_sequence=consultation.calendar_sequence + 1)
                await self._revoke(records, newer, scheduler, invite, "removed")
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
        if await records.notices.was_notified(invite.id):
            await self._composing.queue(
                records, occasion, InviteContext(consultation, scheduler, invite)
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


def _moved(consultation: Consultation, planned_at: datetime | None, time_zone: str) -> Consultation:
    """The consultation at another date; itself if the date stays the same."""
    date = (consultation.planned_at, consultation.time_zone)
    if planned_at is None or date == (planned_at, time_zone):
        return consultation
    sequence = consultation.calendar_sequence + 1
    return replace(
        consultation, planned_at=planned_at, time_zone=time_zone, calendar_sequence=sequence
    )


def _not_yet(
    room: Room, people: Sequence[tuple[Role, Person]], ids: Sequence[Sequence[str]]
) -> list[tuple[Role, Person, str]]:
    """Who has no seat by any of their ids yet, each with the id to give them or ''."""
    known = [*ids, *[()] * (len(people) - len(ids))]
    return [
        (role, person, next(iter(own), ""))
        for (role, person), own in zip(people, known, strict=True)
        if not any(each in room.seats for each in own)
    ]
