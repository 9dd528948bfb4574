"""What happens when somebody is invited."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from signaling import numbers
from signaling.access import owned
from signaling.account import Account
from signaling.consultation import OPEN_STATES, Consultation, ConsultationKind
from signaling.errors import Conflict, NotFound
from signaling.flows.notices.composing import Composing, InviteContext
from signaling.flows.notices.reminding import Reminding
from signaling.identifier import new_id
from signaling.invite import Invite, Person, Role
from signaling.notice_allowance import ASKING, INVITING, Allowance
from signaling.notices.notice import Occasion
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.token import token_digest


@dataclass(frozen=True)
class Plan:
    """A session as a scheduler asks for it."""

    kind: ConsultationKind
    people: tuple[tuple[Role, Person], ...]
    "The awaited person first."
    planned_at: datetime | None = None
    time_zone: str = "UTC"
    note: str = ""
    interpreting_language: str = ""
    "Language for which an interpreter is needed; empty: none is."
    ids: tuple[str, ...] = ()
    """Of the session, if the same request may come again: the one to give it, and those that an earlier
    request may have given it."""


Ask = Callable[[Records, Consultation, Account, Allowance], Awaitable[Consultation]]


class Inviting:
    def __init__(
        self, store: Store, composing: Composing, reminding: Reminding, clock: Clock
    ) -> None:
        self._store = store
        self._composing = composing
        self._reminding = reminding
        self._clock = clock

    async def invite(
        self, scheduler: Account, plan: Plan, ask: Ask | None = None
    ) -> tuple[Consultation, list[Invite]]:
        """Make the session, an invite for everybody, and their notices: all or nothing.

        If an interpreter is needed, `ask` asks for one, and nobody else is told yet. An open session
        that has one of the plan's ids is returned as it is. Raises TooMuchSent, TooMuchForOne.
        """
        consultation = Consultation(
            id=new_id(),
            scheduler_id=scheduler.id,
            kind=plan.kind,
            state="planned",
            created_at=self._clock.now(),
            planned_at=plan.planned_at,
            time_zone=plan.time_zone,
            note=plan.note,
            interpreting="requested" if plan.interpreting_language else "none",
            interpreting_language=plan.interpreting_language,
        )

        async def work(records: Records) -> tuple[Consultation, list[Invite]]:
            found = [await records.consultations.get(each) for each in plan.ids]
            for earlier in found:
                if earlier is not None and earlier.state in OPEN_STATES:
                    return earlier, await records.invites.of_consultation(earlier.id)
            nameable = bool(found) and found[0] is None
            made = replace(consultation, id=plan.ids[0]) if nameable else consultation
            await records.consultations.add(made)
            await self._log(records, scheduler.id, "invite", made.id)
            await records.numbers.count(made.created_at, [numbers.session("planned")])
            if made.interpreting_language and ask is not None:
                await ask(records, made, scheduler, ASKING)
            return made, [
                await self.add(records, made, scheduler, role, person, INVITING)
                for role, person in plan.people
            ]

        return await self._store.write(work)

    async def add(
        self,
        records: Records,
        consultation: Consultation,
        scheduler: Account,
        role: Role,
        person: Person,
        allowance: Allowance | None,
        invite_id: str = "",
    ) -> Invite:
        """Invite one person, within the caller's transaction; tell them if they may be told now.

        The invite gets `invite_id` if that is not taken.
        """
        if not invite_id or await records.invites.get(invite_id) is not None:
            invite_id = new_id()
        token = await records.invites.token(consultation.id, invite_id)
        invite = Invite(
            invite_id, consultation.id, role, person, token_digest(token), self._clock.now()
        )
        await records.invites.add(invite)
        if consultation.may_notify:
            await self.queue_invitation(records, consultation, scheduler, invite, allowance)
        return invite

    async def queue_invitation(
        self,
        records: Records,
        consultation: Consultation,
        scheduler: Account,
        invite: Invite,
        allowance: Allowance | None,
    ) -> None:
        """Queue the invitation and the reminders of one person, once for each date."""
        about = InviteContext(consultation, scheduler, invite, consultation.note)
        occasion = _occasion(invite, planned=consultation.planned_at is not None)
        await self._composing.queue(records, occasion, about, allowance=allowance)
        await self._reminding.queue(records, about)

    async def send_again(self, invite_id: str, scheduler: Account) -> Invite:
        """Send a person their link again. Raises NotFound, Conflict, TooMuchSent, TooMuchForOne."""
        invite, consultation = await self._own(invite_id, scheduler.id, "invite")
        if not consultation.may_notify:
            raise Conflict

        async def work(records: Records) -> None:
            await self._log(records, scheduler.id, "send_again", invite_id)
            about = InviteContext(consultation, scheduler, invite, consultation.note)
            planned = consultation.planned_at is not None and consultation.state == "planned"
            occasion = _occasion(invite, planned=planned)
            # a notice that still waits is sent now, so a button pressed twice sends once
            if not await records.notices.hasten(invite_id, occasion, self._clock.now()):
                await self._composing.queue(
                    records, occasion, about, detail=new_id(), allowance=INVITING
                )

        await self._store.write(work)
        return invite

    async def link_of(self, invite_id: str, scheduler_id: str) -> tuple[Invite, str]:
        """(invite, token) for its scheduler. Raises NotFound for anybody else, or if revoked."""
        invite, _ = await self._own(invite_id, scheduler_id, "see_links")
        await self._store.write(
            lambda records: self._log(records, scheduler_id, "see_link", invite_id)
        )
        return invite, await self._store.read.invites.token(
            invite.consultation_id, invite.id, invite.link_number
        )

    async def invited(self, invite_id: str, scheduler_id: str) -> Invite:
        """The invite, for its scheduler. Raises NotFound for anybody else, or if revoked."""
        return (await self._own(invite_id, scheduler_id, "edit"))[0]

    async def _log(self, records: Records, actor: str, action: str, thing: str) -> None:
        await records.audit.append(self._clock.now(), actor, action, thing)

    async def _own(
        self, invite_id: str, scheduler_id: str, action: str
    ) -> tuple[Invite, Consultation]:
        invite = await self._store.read.invites.get(invite_id)
        if invite is None or not invite.usable:
            raise NotFound
        consultation = await self._store.read.consultations.get(invite.consultation_id)
        return invite, owned(consultation, scheduler_id, action)


def _occasion(invite: Invite, *, planned: bool) -> Occasion:
    """Of the invitation: an interpreter's says that they interpret."""
    if invite.role == "interpreter":
        return "interpreter_planned_invitation" if planned else "interpreter_invitation"
    return "planned_invitation" if planned else "invitation"
