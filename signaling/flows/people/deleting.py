"""Deleting an account: its open sessions go to a colleague, and nothing that names it stays."""

from signaling.account import Account
from signaling.consultation import OPEN_STATES
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.people.accounts import another_administrator
from signaling.flows.people.handing_over import HandingOver, hand_over
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store

OWN = N_("You cannot delete your own account. Please ask another administrator.")
LAST_DELETED = N_(
    "The last administrator cannot be deleted. Please make somebody else an administrator first."
)
CHOOSE = N_("Please choose who takes over the open sessions.")
PLANNED = N_("They have planned a session meanwhile. Please try again.")


class Deleting:
    def __init__(self, store: Store, handing_over: HandingOver, clock: Clock) -> None:
        self._store = store
        self._handing_over = handing_over
        self._clock = clock

    async def delete(self, account_id: str, colleague_id: str, *, actor: str) -> None:
        """Hand the open sessions to a colleague, and delete the account, in one transaction.

        Lines of the audit log keep the id, which then refers to nobody. `colleague_id` may be empty
        if there are no open sessions. Raises NotFound; Conflict for oneself, the last administrator,
        or a session planned meanwhile; InvalidInput for `colleague`.
        """
        async with self._handing_over.held(account_id) as held:
            now = self._clock.now()

            async def work(records: Records) -> tuple[list[str], Account | None]:
                account = await records.accounts.get(account_id)
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
                if not held.issuperset(is_open):
                    raise Conflict(PLANNED)
                handed: list[str] = []
                if colleague is not None:
                    handed = await hand_over(records, account_id, colleague.id, now, actor=actor)
                    await self._handing_over.tell(records, handed, colleague)
                await records.audit.append(now, actor, "delete_account", account_id)
                await records.accounts.remove(account_id, now)
                return handed, colleague

            handed, colleague = await self._store.write(work)
            if colleague is not None:
                await self._handing_over.follow(handed, account_id, colleague)


async def _colleague(records: Records, colleague_id: str, account_id: str) -> Account | None:
    """Who takes over; None if nobody was chosen, or nobody who can."""
    colleague = await records.accounts.get(colleague_id) if colleague_id else None
    if colleague is None or colleague.suspended_at is not None or colleague.id == account_id:
        return None
    return colleague
