"""What happens when somebody opens their link, and when they take the seat."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from signaling.account import Account
from signaling.consultation import OPEN_STATES, Consultation
from signaling.errors import InviteNotUsable, NotFound, SessionClosed
from signaling.invite import Invite
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store


@dataclass(frozen=True)
class Arrival:
    """What an opened link leads to."""

    invite: Invite
    consultation: Consultation
    scheduler: Account
    opens_at: datetime | None
    "None: the seat can be taken now."

    @property
    def time_zone(self) -> str:
        """The IANA zone in which the invitation gave times."""
        return self.invite.person.time_zone or self.consultation.time_zone


class Arriving:
    def __init__(self, store: Store, clock: Clock, early_entry: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._early_entry = early_entry

    async def look(self, token: str) -> Arrival:
        """What this link leads to; changes nothing.

        Raises InviteNotUsable with the same sentence for unknown, revoked and expired tokens, so
        that guessing reveals nothing.
        """
        read = self._store.read
        invite = await read.invites.by_token(token)
        if invite is None or not invite.usable:
            raise InviteNotUsable
        consultation = await read.consultations.get(invite.consultation_id)
        if consultation is None or consultation.state not in OPEN_STATES:
            raise InviteNotUsable
        scheduler = await read.accounts.get(consultation.scheduler_id)
        if scheduler is None:
            raise InviteNotUsable
        opens_at = None
        if consultation.planned_at is not None and consultation.state == "planned":
            door = consultation.planned_at - self._early_entry
            opens_at = door if door > self._clock.now() else None
        return Arrival(invite, consultation, scheduler, opens_at)

    async def knock(self, token: str) -> Invite:
        """The invite whose seat this link may take. Raises InviteNotUsable, also when too early."""
        arrival = await self.look(token)
        if arrival.opens_at is not None:
            raise InviteNotUsable
        return arrival.invite

    async def redeem(self, token: str, web_session_digest: bytes) -> Invite:
        """Take the seat for this browser; another browser that held it loses it.

        Raises InviteNotUsable.
        """
        invite = await self.knock(token)
        now = self._clock.now()

        async def work(records: Records) -> Invite:
            current = await records.invites.get(invite.id)
            if current is None:
                raise InviteNotUsable
            redeemed = current.redeem(now)
            await records.invites.change(redeemed)
            await records.invites.leave_ended(web_session_digest)
            if not await records.invites.holds_seat(redeemed.id, web_session_digest):
                await records.audit.append(now, redeemed.id, "take_seat", redeemed.consultation_id)
            await records.invites.take_seat(redeemed.id, web_session_digest, now)
            return redeemed

        return await self._store.write(work, invite.consultation_id)

    async def holds(self, invite_id: str, web_session_digest: bytes | None) -> bool:
        """Whether this browser holds the seat."""
        if web_session_digest is None:
            return False
        return await self._store.read.invites.holds_seat(invite_id, web_session_digest)

    async def sits_elsewhere(self, invite_id: str, web_session_digest: bytes | None) -> bool:
        """Whether this browser holds another seat that is still usable."""
        if web_session_digest is None:
            return False
        seats = await self._store.read.invites.seats_of(web_session_digest)
        return any(seat.id != invite_id and seat.usable for seat in seats)

    async def leave(self, records: Records, web_session_digest: bytes) -> None:
        """This browser gives up its seats; their links can be used again, here and elsewhere."""
        now = self._clock.now()
        for seat in await records.invites.seats_of(web_session_digest):
            await records.audit.append(now, seat.id, "leave_seat", seat.consultation_id)
        await records.invites.leave_seats(web_session_digest)

    async def invite_of(self, invite_id: str, web_session_digest: bytes | None) -> Invite:
        """The invite whose seat this browser holds. Raises as `seated`."""
        read = self._store.read
        found = await read.invites.with_holder(invite_id)
        invite, holder = found or (None, None)
        if invite is None or holder is None or web_session_digest is None:
            raise NotFound
        if not compare_digest(holder, web_session_digest):
            raise NotFound
        if not invite.usable:
            consultation = await read.consultations.get(invite.consultation_id)
            closed = consultation is not None and consultation.state == "closed"
            raise SessionClosed if closed and invite.state == "expired" else InviteNotUsable
        return invite

    async def seated(self, invite_id: str, web_session_digest: bytes | None) -> Arrival:
        """What the holder of a seat may see.

        Raises NotFound if this browser does not hold it, InviteNotUsable if the session is over,
        SessionClosed if it may be reopened.
        """
        read = self._store.read
        invite = await self.invite_of(invite_id, web_session_digest)
        consultation = await read.consultations.get(invite.consultation_id)
        scheduler = await read.accounts.get(consultation.scheduler_id) if consultation else None
        if consultation is None or scheduler is None:
            raise NotFound
        return Arrival(invite, consultation, scheduler, None)
