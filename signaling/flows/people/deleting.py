"""Deleting an account: its open sessions go to a colleague, and nothing that names it stays."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import get_args

from signaling.account import Account
from signaling.consultation import OPEN_STATES
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.people.accounts import able_to_sign_in, another_administrator
from signaling.flows.people.handing_over import HandingOver, hand_over
from signaling.notices.account_mail import AccountOccasion
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store

OWN = N_("You cannot delete your own account. Please ask another administrator.")
LAST_DELETED = N_(
    "The last administrator cannot be deleted. Please make somebody else an administrator first."
)
CHOOSE = N_("Please choose who takes over the open sessions.")
PLANNED = N_("They have planned a session meanwhile. Please try again.")


class Deleting:
    def __init__(
        self,
        store: Store,
        handing_over: HandingOver,
        clock: Clock,
        forget: Callable[[Iterable[str]], Awaitable[None]],
    ) -> None:
        """`forget` deletes the files of mails about accounts, and what deleted rows left behind."""
        self._store = store
        self._handing_over = handing_over
        self._clock = clock
        self._forget = forget

    async def delete(self, account_id: str, colleague_id: str, *, actor: str) -> None:
        """Hand the open sessions to a colleague, and delete the account, in one transaction.

        Lines of the audit log keep the id, which then refers to nobody. `colleague_id` may be empty
        if there are no open sessions. Raises NotFound, also if the actor is no administrator any more;
        Conflict for oneself, the last administrator, or a session planned meanwhile; InvalidInput for
        `colleague`.
        """
        async with self._handing_over.held(account_id) as held:
            now = self._clock.now()

            async def work(records: Records) -> tuple[list[str], Account | None, Sequence[str]]:
                account = await records.accounts.get(account_id)
                if account is None or not await _may_delete(records, actor):
                    raise NotFound
                if account_id == actor:
                    raise Conflict(OWN)
                if not await another_administrator(records, account):
                    raise Conflict(LAST_DELETED)
                is_open = await records.consultations.ids_of(account_id, OPEN_STATES)
                colleague = await _colleague(records, colleague_id, account_id)
                if is_open and colleague is None:
                    raise InvalidInput("colleague", CHOOSE)
                if not held.issuperset(is_open):
                    raise Conflict(PLANNED)
                handed: list[str] = []
                if colleague is not None:
                    handed = await hand_over(records, account_id, colleague.id, now, actor=actor)
                    await self._handing_over.tell(records, handed, colleague)
                await records.audit.append(now, actor, "delete_account", account_id)
                mails = await records.account_mails.remove_of(account_id, get_args(AccountOccasion))
                await records.accounts.remove(account_id, now)
                return handed, colleague, mails

            handed, colleague, mails = await self._store.write(work)
            if colleague is not None:
                await self._handing_over.follow(handed, account_id, colleague)
        await self._forget(mails)


async def _may_delete(records: Records, actor: str) -> bool:
    """Asked again here: waiting for the sessions may have taken a while."""
    account = await records.accounts.get(actor)
    return account is not None and account.role == "administrator" and account.suspended_at is None


async def _colleague(records: Records, colleague_id: str, account_id: str) -> Account | None:
    """Who takes over; None if nobody was chosen, or nobody who can."""
    able = await able_to_sign_in(records)
    return next((each for each in able if each.id == colleague_id != account_id), None)
