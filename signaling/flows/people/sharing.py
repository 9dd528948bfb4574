"""A session in several hands: sharing it with colleagues, and handing it to one of them.

Colleagues here have an account of their own; those who come by a link are invited instead.
"""

from signaling.access import owned
from signaling.account import Account, mates_in
from signaling.chat import ChatMessage
from signaling.consultation import MAX_PEOPLE, OPEN_STATES, Consultation
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.people.account_mail import AccountMail
from signaling.flows.people.accounts import able_to_sign_in
from signaling.flows.people.handing_over import HandingOver, end_share, hand_over_one
from signaling.flows.rooms import Rooms
from signaling.notices.account_mail import AccountOccasion
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.ports.wording import Wording
from signaling.rooms.room import Room

CHOOSE = N_("Please choose a colleague.")
ALREADY = N_("This colleague is in this session already.")
FULL = N_("There are too many people in this session.")
OVER = N_("This session is over. It can be neither shared nor handed over.")


class Sharing:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        handing_over: HandingOver,
        mail: AccountMail,
        wording: Wording,
        clock: Clock,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._handing_over = handing_over
        self._mail = mail
        self._wording = wording
        self._clock = clock

    async def colleagues(self, consultation: Consultation, action: str) -> list[Account]:
        """Who can be chosen for `share` or `hand_over`, by name."""
        taken = consultation.holders if action == "share" else {consultation.scheduler_id}
        able = await able_to_sign_in(self._store.read)
        return [account for account in able if account.id not in taken]

    async def share(self, consultation_id: str, scheduler: Account, colleague_id: str) -> None:
        """Let a colleague hold the session too, and write to them.

        Raises NotFound; NotAllowed; Conflict if the session is over; InvalidInput for `colleague`.
        """
        room = await self._own(consultation_id, scheduler, "share")
        async with self._rooms.exclusive(consultation_id):

            async def work(records: Records) -> Account:
                await self._still_own(records, consultation_id, scheduler, "share")
                colleague = await _chosen(records, colleague_id)
                if colleague.id in room.consultation.holders:
                    raise InvalidInput("colleague", ALREADY)
                await self._let_in(records, room, scheduler, colleague, "share_session")
                now = self._clock.now()
                await records.audit.append(now, scheduler.id, "give_session_to", colleague.id)
                await self._write(records, colleague, "session_shared", consultation_id, scheduler)
                return colleague

            self._rooms.add_colleague(room, await self._store.write(work))
        await self._show(room)

    async def take_part(self, consultation_id: str, colleague: Account) -> None:
        """A member of the scheduler's team comes to hold the session too. Nothing, if they do already.

        Raises NotFound for anybody else, and where nobody is there and nothing has begun.
        """
        room = await self._rooms.open(consultation_id)
        async with self._rooms.exclusive(consultation_id):

            async def work(records: Records) -> bool:
                team = mates_in(await records.teams.all()).get(colleague.id, frozenset())
                owned(room.consultation, colleague.id, "take_part", team)
                if colleague.id in room.consultation.holders:
                    return False
                await self._let_in(records, room, colleague, colleague, "take_part")
                return True

            if await self._store.write(work):
                self._rooms.add_colleague(room, colleague)
        await self._show(room)

    async def end_share(self, consultation_id: str, account: Account, colleague_id: str) -> None:
        """A colleague holds the session no longer, and whatever they have open in it ends at once.

        Its scheduler decides that, or the colleague. Nothing, if they hold it no longer already.
        Raises NotFound, NotAllowed.
        """
        room = await self._rooms.open(consultation_id)
        own = colleague_id == account.id
        owned(room.consultation, account.id, action := "give_back" if own else "end_share")
        async with self._rooms.exclusive(consultation_id):

            async def work(records: Records) -> list[ChatMessage] | None:
                stored = await records.consultations.get(consultation_id)
                owned(stored, account.id, action)
                colleague = await records.accounts.get(colleague_id)
                if stored is None or colleague is None:
                    raise NotFound
                if colleague_id not in stored.shared_with:
                    return None  # pressed twice, or by both at once
                now = self._clock.now()
                await records.audit.append(now, account.id, action, consultation_id)
                if not own:
                    await records.audit.append(now, account.id, "take_session_from", colleague_id)
                return await end_share(records, consultation_id, colleague, now)

            lines = await self._store.write(work)
            if lines is not None:
                ended = [(consultation_id, lines)]
                await self._handing_over.forget_colleague(ended, colleague_id)

    async def hand_over(self, consultation_id: str, scheduler: Account, colleague_id: str) -> None:
        """Make a colleague the scheduler, and write to them; the former one does not see it any more.

        Raises NotFound; NotAllowed; Conflict if the session is over; InvalidInput for `colleague`.
        """
        await self._own(consultation_id, scheduler, "hand_over")
        async with self._rooms.closed_to_all(consultation_id):
            now = self._clock.now()

            async def work(records: Records) -> tuple[Account, list[ChatMessage]]:
                await self._still_own(records, consultation_id, scheduler, "hand_over")
                colleague = await _chosen(records, colleague_id)
                if colleague.id == scheduler.id:
                    raise InvalidInput("colleague", CHOOSE)
                lines = await hand_over_one(
                    records, consultation_id, scheduler, colleague.id, now, actor=scheduler.id
                )
                await self._handing_over.tell(records, [consultation_id], colleague)
                await self._write(
                    records, colleague, "session_handed_over", consultation_id, scheduler
                )
                return colleague, lines

            colleague, lines = await self._store.write(work)
            await self._handing_over.follow([(consultation_id, lines)], scheduler.id, colleague)

    async def _own(self, consultation_id: str, scheduler: Account, action: str) -> Room:
        room = await self._rooms.open(consultation_id)
        if owned(room.consultation, scheduler.id, action).state not in OPEN_STATES:
            raise Conflict(OVER)
        return room

    async def _still_own(
        self, records: Records, consultation_id: str, scheduler: Account, action: str
    ) -> None:
        """Asked again within the transaction, as another may have been faster."""
        stored = await records.consultations.get(consultation_id)
        if owned(stored, scheduler.id, action).state not in OPEN_STATES:
            raise Conflict(OVER)

    async def _let_in(
        self, records: Records, room: Room, actor: Account, colleague: Account, word: str
    ) -> None:
        if len(room.seats) - 1 >= MAX_PEOPLE:
            raise InvalidInput("colleague", FULL)
        consultation_id = room.consultation.id
        await records.consultations.share(consultation_id, colleague.id)
        await records.audit.append(self._clock.now(), actor.id, word, consultation_id)

    async def _write(
        self,
        records: Records,
        colleague: Account,
        occasion: AccountOccasion,
        consultation_id: str,
        scheduler: Account,
    ) -> None:
        link = self._wording.session_address(consultation_id)
        await self._mail.queue(records, colleague, occasion, link=link, person=scheduler.name)

    async def _show(self, room: Room) -> None:
        await self._rooms.holders_changed(*room.consultation.holders)


async def _chosen(records: Records, colleague_id: str) -> Account:
    """Raises InvalidInput if nobody was chosen, or nobody who can sign in."""
    able = await able_to_sign_in(records)
    found = next((account for account in able if account.id == colleague_id), None)
    if found is None:
        raise InvalidInput("colleague", CHOOSE)
    return found
