"""Deleting an account: its open sessions go to a colleague, and nothing that names it stays.

Of those that are over each goes to a colleague who shares it, who would be locked out of it otherwise.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from signaling.account import Account
from signaling.consultation import OPEN_STATES
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.people.accounts import (
    able_to_sign_in,
    another_administrator,
    still_administrator,
)
from signaling.flows.people.handing_over import (
    Handed,
    HandingOver,
    end_share,
    hand_over,
    hand_over_one,
)
from signaling.notices.account_mail import AccountOccasion
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store

OWN = N_("You cannot delete your own account. Please ask another administrator.")
LAST_DELETED = N_(
    "The last administrator cannot be deleted. Please make somebody else an administrator first."
)
CHOOSE = N_("Please choose who takes over the open sessions.")
PLANNED = N_("They have planned a session meanwhile. Please try again.")


@dataclass(frozen=True)
class _Deleted:
    """What a deletion has changed, for those who see it live."""

    handed: list[tuple[Handed, Account]]
    "Sessions, with who has them now."
    shared: Handed
    "Sessions of others that were shared with it."
    mails: list[str]


class Deleting:
    def __init__(
        self,
        store: Store,
        handing_over: HandingOver,
        clock: Clock,
        forget: Callable[[Iterable[str]], Awaitable[None]],
        teams_changed: Callable[[], Awaitable[None]],
    ) -> None:
        """`forget` deletes the files of mails about accounts, and what deleted rows left behind.

        `teams_changed` is called when there is a member less.
        """
        self._store = store
        self._handing_over = handing_over
        self._clock = clock
        self._forget = forget
        self._teams_changed = teams_changed

    async def delete(self, account_id: str, colleague_id: str, *, actor: str) -> None:
        """Hand the open sessions to a colleague, and delete the account, in one transaction.

        Sessions that colleagues share with it keep its name beside what it wrote.

        Lines of the audit log keep the id, which then refers to nobody. `colleague_id` may be empty
        if there are no open sessions. Raises NotFound, also if the actor is no administrator any more;
        Conflict for oneself, the last administrator, or a session planned meanwhile; InvalidInput for
        `colleague`.
        """
        async with self._handing_over.held(account_id) as held:
            now = self._clock.now()

            async def work(records: Records) -> _Deleted:
                account = await records.accounts.get(account_id)
                await still_administrator(records, actor)  # waiting for the sessions takes a while
                if account is None:
                    raise NotFound
                if account_id == actor:
                    raise Conflict(OWN)
                if not await another_administrator(records, account):
                    raise Conflict(LAST_DELETED)
                is_open = await records.consultations.ids_of(account_id, OPEN_STATES)
                colleague = await _colleague(records, colleague_id, account_id)
                if is_open and colleague is None:
                    raise InvalidInput("colleague", CHOOSE)
                shared = await records.consultations.shared_with(account_id)
                own = await records.consultations.shared_by(account_id)
                if not held.issuperset((*is_open, *own, *shared)):
                    raise Conflict(PLANNED)
                handed: list[tuple[Handed, Account]] = []
                if colleague is not None:
                    opened = await hand_over(records, account_id, colleague.id, now, actor=actor)
                    await self._handing_over.tell(records, [each for each, _ in opened], colleague)
                    handed.append((opened, colleague))
                handed += await _to_those_who_share(records, account, now, actor)
                ended = [(each, await end_share(records, each, account, now)) for each in shared]
                await records.audit.append(now, actor, "delete_account", account_id)
                mails = await records.account_mails.remove_of(account_id, get_args(AccountOccasion))
                await records.accounts.remove(account_id, now)
                return _Deleted(handed, ended, list(mails))

            deleted = await self._store.write(work)
            for sessions, heir in deleted.handed:
                await self._handing_over.follow(sessions, account_id, heir)
            await self._handing_over.forget_colleague(deleted.shared, account_id)
        await self._teams_changed()
        await self._forget(deleted.mails)


async def _to_those_who_share(
    records: Records, account: Account, now: datetime, actor: str
) -> list[tuple[Handed, Account]]:
    """Hand what is over to the first colleague who shares it and can sign in."""
    handed: list[tuple[Handed, Account]] = []
    able = await able_to_sign_in(records)
    for consultation_id in await records.consultations.shared_by(account.id):
        consultation = await records.consultations.get(consultation_id)
        shared_with = consultation.shared_with if consultation is not None else ()
        heir = next((each for each in able if each.id in shared_with), None)
        if heir is not None:
            lines = await hand_over_one(
                records, consultation_id, account, heir.id, now, actor=actor
            )
            handed.append(([(consultation_id, lines)], heir))
    return handed


async def _colleague(records: Records, colleague_id: str, account_id: str) -> Account | None:
    """Who takes over; None if nobody was chosen, or nobody who can."""
    able = await able_to_sign_in(records)
    return next((each for each in able if each.id == colleague_id != account_id), None)
