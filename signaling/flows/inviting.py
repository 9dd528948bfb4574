"""What happens when somebody is invited."""

from dataclasses import dataclass
from datetime import datetime

from signaling.account import Account
from signaling.consultation import Consultation, Kind
from signaling.errors import NotFound
from signaling.flows.composing import Composing, Occurrence
from signaling.identifier import new_id
from signaling.invite import Invite, Person, Role
from signaling.notice import Occasion
from signaling.ports import Clock, Records, Store
from signaling.token import token_digest


@dataclass(frozen=True)
class Plan:
    """A session as a scheduler asks for it."""

    kind: Kind
    people: tuple[tuple[Role, Person], ...]
    "The awaited person first."
    planned_at: datetime | None = None
    time_zone: str = "UTC"
    note: str = ""


class Inviting:
    def __init__(self, store: Store, composing: Composing, clock: Clock) -> None:
        self._store = store
        self._composing = composing
        self._clock = clock

    async def invite(self, scheduler: Account, plan: Plan) -> tuple[Consultation, list[Invite]]:
        """Make the session, an invite for everybody, and their notices: all or nothing."""
        now = self._clock.now()
        consultation = Consultation(
            id=new_id(),
            scheduler_id=scheduler.id,
            kind=plan.kind,
            state="planned",
            created_at=now,
            planned_at=plan.planned_at,
            time_zone=plan.time_zone,
        )

        async def work(records: Records) -> list[Invite]:
            await records.consultations.add(consultation)
            invites = []
            for role, person in plan.people:
                invite_id = new_id()
                token = await records.invites.token(consultation.id, invite_id)
                invite = Invite(invite_id, consultation.id, role, person, token_digest(token), now)
                await records.invites.add(invite)
                occasion: Occasion = "planned_invitation" if plan.planned_at else "invitation"
                about = Occurrence(consultation, scheduler, invite, plan.note)
                await self._composing.queue(records, occasion, about)
                invites.append(invite)
            return invites

        return consultation, await self._store.write(work)

    async def link_of(self, invite_id: str, scheduler_id: str) -> tuple[Invite, str]:
        """(invite, token) for its scheduler. Raises NotFound for anybody else."""
        read = self._store.read
        invite = await read.invites.get(invite_id)
        consultation = await read.consultations.get(invite.consultation_id) if invite else None
        if invite is None or consultation is None or consultation.scheduler_id != scheduler_id:
            raise NotFound
        return invite, await read.invites.token(invite.consultation_id, invite.id)
