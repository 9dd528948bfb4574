"""What happens when an interpreter is needed: one organization after the other is asked.

The people of the session are invited only once an organization has accepted, or without one.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from signaling.access import owned
from signaling.account import Account
from signaling.consultation import OPEN_STATES, Consultation
from signaling.errors import N_, AlreadyAnswered, InvalidInput, InviteNotUsable, NotFound
from signaling.flows.invites.inviting import Inviting
from signaling.flows.notices.interpreter_mail import InterpreterMail
from signaling.flows.rooms import Rooms
from signaling.flows.timekeeping import Timekeeping
from signaling.identifier import new_id
from signaling.interpreter_request import (
    InterpreterRequest,
    InterpretingOrganization,
    RequestEvent,
    next_to_ask,
)
from signaling.invite import Invite, Person
from signaling.notice_allowance import ASKING_AGAIN, INVITING, Allowance
from signaling.notices.notice import Occasion
from signaling.ports.clock import Clock, Timers
from signaling.ports.store import Damaged, Records, Store
from signaling.token import token_digest

_WORDS = {"refuse": "decline_request", "expire": "expire_request"}
TRY_AGAIN_AFTER = timedelta(minutes=1)
"A request that could not be passed on is tried again after this."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenedRequest:
    """What an organization's link leads to."""

    request: InterpreterRequest
    consultation: Consultation
    scheduler: Account
    organization: InterpretingOrganization | None
    "None: it was removed meanwhile."


class Interpreting:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        inviting: Inviting,
        mail: InterpreterMail,
        clock: Clock,
        timers: Timers,
        timekeeping: Timekeeping,
        timeout: timedelta,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._inviting = inviting
        self._mail = mail
        self._clock = clock
        self._timers = timers
        self._timekeeping = timekeeping
        self._timeout = timeout

    async def languages(self) -> frozenset[str]:
        """Languages for which an organization can be asked."""
        organizations = await self._store.read.interpreters.organizations()
        return frozenset(
            language
            for organization in organizations
            if organization.active
            for language in organization.languages
        )

    async def ask(
        self,
        records: Records,
        consultation: Consultation,
        scheduler: Account,
        allowance: Allowance | None = None,
    ) -> Consultation:
        """Ask the next organization, or give up; within the caller's transaction.

        Nobody has longer to answer than until the session, and nobody is asked after it.
        Raises InvalidInput if no organization speaks the language at all.
        """
        requests = await records.interpreters.requests_of(consultation.id)
        organization = next_to_ask(
            await records.interpreters.organizations(),
            consultation.interpreting_language,
            (request.organization_id for request in requests),
        )
        now, planned_at, request_id = self._clock.now(), consultation.planned_at, new_id()
        too_late = bool(requests) and planned_at is not None and planned_at <= now
        token = await self._token(records, consultation.id, request_id)
        if organization is None or too_late or token is None:
            if not requests:
                raise InvalidInput(
                    "interpreter", N_("No interpreting organization offers this language.")
                )
            changed = consultation.interpreting_after("give_up", now)
            await records.consultations.change(changed)
            if token is not None:
                await self._mail.none_available(records, changed, scheduler)
            return changed
        changed = consultation.interpreting_after("ask", now)
        await records.consultations.change(changed)
        request = InterpreterRequest(
            id=request_id,
            consultation_id=consultation.id,
            organization_id=organization.id,
            language=consultation.interpreting_language,
            token_digest=token_digest(token),
            created_at=now,
            expires_at=self._deadline(now, planned_at),
        )
        await records.interpreters.add_request(request)
        await records.audit.append(now, scheduler.id, "ask_interpreter", organization.id)
        await self._mail.to_organization(
            records, "interpreter_request", changed, scheduler, organization, request, allowance
        )
        return changed

    async def _token(self, records: Records, consultation_id: str, request_id: str) -> str | None:
        """The token of a link; None if the session is damaged, so that nobody can be written to about it."""
        try:
            return await records.interpreters.token(consultation_id, request_id)
        except Damaged:
            return None

    async def open(self, token: str) -> OpenedRequest:
        """Open an organization's link; changes nothing. Raises InviteNotUsable."""
        read = self._store.read
        request = await read.interpreters.by_token(token)
        consultation = await read.consultations.get(request.consultation_id) if request else None
        scheduler = await read.accounts.get(consultation.scheduler_id) if consultation else None
        if request is None or consultation is None or scheduler is None:
            raise InviteNotUsable
        organizations = await read.interpreters.organizations()
        asked = next((each for each in organizations if each.id == request.organization_id), None)
        return OpenedRequest(request, consultation, scheduler, asked)

    async def accept(
        self, opened: OpenedRequest, interpreter: Person, calendar_sequence: str | None = None
    ) -> None:
        """An organization sends an interpreter, who gets a seat; everybody is invited.

        `calendar_sequence`: of the date that the organization says it was shown. Raises
        AlreadyAnswered if another answer came first or the request was withdrawn, InvalidInput if
        the session was moved since.
        """
        request, consultation_id = opened.request, opened.consultation.id
        room = await self._rooms.open(consultation_id)
        async with self._rooms.exclusive(consultation_id):

            async def work(records: Records) -> tuple[Consultation, Invite]:
                current = await self._decide(records, request, "accept")
                if calendar_sequence not in (None, str(current.calendar_sequence)):
                    raise InvalidInput(
                        "",
                        N_(
                            "The session has been moved in the meantime. Please check the new date."
                        ),
                    )
                accepted = current.interpreting_after("accept", self._clock.now())
                await records.consultations.change(accepted)
                await self._log(records, request, "accept_request")
                for invite in await records.invites.of_consultation(accepted.id):
                    if invite.usable:
                        await self._inviting.queue_invitation(
                            records, accepted, opened.scheduler, invite, None
                        )
                person = replace(interpreter, time_zone=accepted.time_zone)
                added = await self._inviting.add(
                    records, accepted, opened.scheduler, "interpreter", person, None
                )
                return accepted, added

            room.consultation, invite = await self._store.write(work)
            room.publish_consultation()
            self._rooms.add_seat(room, invite)
        await self._rooms.changed([consultation_id])

    async def decline(self, opened: OpenedRequest) -> None:
        """An organization has no interpreter: ask the next one. Raises AlreadyAnswered."""
        await self._pass_on(opened.request, "refuse")

    async def expire_due(self) -> None:
        """Pass requests whose time is over on to the next organization."""
        if not self._timekeeping.sure:
            return  # called again once it is trusted
        now = self._clock.now()
        failed = False
        for request in await self._store.read.interpreters.expired(now):
            try:
                await self._expire(request)
            except Exception:  # the others are passed on all the same
                _log.exception("not passed on", extra={"consultation_id": request.consultation_id})
                failed = True
        if failed:
            self._timers.set("interpreters", now + TRY_AGAIN_AFTER, self.expire_due)
        else:
            await self.watch()

    async def _expire(self, request: InterpreterRequest) -> None:
        try:
            await self._pass_on(request, "expire")
        except AlreadyAnswered:
            await self._retire(request)

    async def watch(self) -> None:
        """Set the timer for the request that expires next."""
        expiry = await self._store.read.interpreters.next_expiry()
        if expiry is not None:
            self._timers.set("interpreters", expiry, self.expire_due)

    async def invite_without(self, consultation_id: str, scheduler: Account) -> None:
        """Go on without an interpreter: everybody is invited now.

        Raises NotFound, TransitionRefused, TooMuchSent, TooMuchForOne.
        """
        room = await self._rooms.open(consultation_id)
        owned(room.consultation, scheduler.id, "invite")
        async with self._rooms.exclusive(consultation_id):
            waived = room.consultation.interpreting_after("waive", self._clock.now())

            async def work(records: Records) -> None:
                await self.withdraw(records, room.consultation, scheduler)
                await records.consultations.change(waived)
                await records.audit.append(
                    self._clock.now(), scheduler.id, "waive_interpreter", consultation_id
                )
                for invite in await records.invites.of_consultation(consultation_id):
                    if invite.usable:
                        await self._inviting.queue_invitation(
                            records, waived, scheduler, invite, INVITING
                        )

            await self._store.write(work)
            room.consultation = waived
        await self._rooms.changed([consultation_id])

    async def move(self, records: Records, moved: Consultation, scheduler: Account) -> None:
        """Send the new date to the organization that was asked, if any.

        The request and its link stay valid, until the deadline that goes with that date; `watch` is to
        follow. An interpreter who accepted is told like everybody.
        """
        for former in await self._open_requests(records, moved):
            deadline = self._deadline(former.created_at, moved.planned_at)
            request = replace(former, expires_at=deadline)
            await records.interpreters.change_request(request)
            await self._write_about(
                records, "interpreter_request_moved", moved, scheduler, request, ASKING_AGAIN
            )

    async def withdraw(
        self, records: Records, consultation: Consultation, scheduler: Account
    ) -> None:
        """Tell the organization that was asked, if any, that no interpreter is needed any more.

        An interpreter who accepted already is told like everybody who was invited.
        """
        for request in await self._open_requests(records, consultation):
            withdrawn = request.after("withdraw", self._clock.now())
            await records.interpreters.change_request(withdrawn)
            await self._write_about(
                records, "interpreter_request_withdrawn", consultation, scheduler, withdrawn
            )

    def _deadline(self, asked_at: datetime, planned_at: datetime | None) -> datetime:
        """Until when an organization may answer: not longer than until the session."""
        longest = asked_at + self._timeout
        return longest if planned_at is None else min(longest, planned_at)

    async def _open_requests(
        self, records: Records, consultation: Consultation
    ) -> list[InterpreterRequest]:
        """Requests that wait for an answer."""
        requests = await records.interpreters.requests_of(consultation.id)
        return [request for request in requests if request.state == "sent"]

    async def _write_about(
        self,
        records: Records,
        occasion: Occasion,
        consultation: Consultation,
        scheduler: Account,
        request: InterpreterRequest,
        allowance: Allowance | None = None,
    ) -> None:
        """Write to the organization that was asked, unless it was removed meanwhile.

        About a damaged session nobody can be written to, and it can be canceled all the same.
        """
        if await self._token(records, consultation.id, request.id) is None:
            return
        for organization in await records.interpreters.organizations():
            if organization.id == request.organization_id:
                await self._mail.to_organization(
                    records, occasion, consultation, scheduler, organization, request, allowance
                )

    async def _pass_on(
        self, request: InterpreterRequest, event: Literal["refuse", "expire"]
    ) -> None:
        room = await self._rooms.open(request.consultation_id)
        async with self._rooms.exclusive(request.consultation_id):

            async def work(records: Records) -> Consultation:
                current = await self._decide(records, request, event)
                await self._log(records, request, _WORDS[event])
                scheduler = await records.accounts.get(current.scheduler_id)
                if scheduler is None:
                    raise NotFound
                return await self.ask(records, current, scheduler)

            room.consultation = await self._store.write(work)
        await self.watch()
        await self._rooms.changed([request.consultation_id])

    async def _retire(self, request: InterpreterRequest) -> None:
        """Withdraw a request whose session has ended: nobody waits for the answer any more."""
        withdrawn = request.after("withdraw", self._clock.now())

        async def work(records: Records) -> None:
            requests = await records.interpreters.requests_of(request.consultation_id)
            if any(each.id == request.id and each.state == "sent" for each in requests):
                await records.interpreters.change_request(withdrawn)

        await self._store.write(work)

    async def _decide(
        self, records: Records, request: InterpreterRequest, event: RequestEvent
    ) -> Consultation:
        """Decide a request as it is stored now. Raises AlreadyAnswered."""
        requests = await records.interpreters.requests_of(request.consultation_id)
        current = next((each for each in requests if each.id == request.id), None)
        consultation = await records.consultations.get(request.consultation_id)
        if current is None or consultation is None or consultation.state not in OPEN_STATES:
            raise AlreadyAnswered
        await records.interpreters.change_request(current.after(event, self._clock.now()))
        return consultation

    async def _log(self, records: Records, request: InterpreterRequest, word: str) -> None:
        """An organization decided, or did not answer in time."""
        actor = request.organization_id
        await records.audit.append(self._clock.now(), actor, word, request.consultation_id)
