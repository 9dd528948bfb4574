"""Teams, as administrators make them: members see each other's waiting rooms from then on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from signaling.account import Account, Team, team_name
from signaling.errors import N_, InvalidInput, NotFound
from signaling.flows.people.accounts import still_administrator
from signaling.identifier import new_id
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store

CHOOSE = N_("Please choose a colleague.")


class Teams:
    def __init__(self, store: Store, clock: Clock, changed: Callable[[], Awaitable[None]]) -> None:
        """`changed` is called after every change, when it is durable."""
        self._store = store
        self._clock = clock
        self._changed = changed

    async def add(self, name: str, ids: Sequence[str] = (), *, actor: Account) -> Team:
        """A new team. One that has any of `ids` is returned as it is: the same form came again.

        Raises NotFound if the actor is no administrator any more; InvalidInput for `name`.
        """
        team = Team(next(iter(ids), "") or new_id(), team_name(name))
        earlier: list[Team] = []

        async def work(records: Records) -> bool:
            found = [await records.teams.get(each) for each in ids]
            earlier[:] = [each for each in found if each is not None]
            if not earlier:
                await records.teams.put(team)
            return not earlier

        await self._write(work, "add_team", team.id, actor)
        return next(iter(earlier), team)

    async def rename(self, team_id: str, name: str, *, actor: Account) -> None:
        """Raises NotFound; InvalidInput for `name`."""
        checked = team_name(name)

        async def work(records: Records) -> bool:
            await records.teams.put(replace(await _team(records, team_id), name=checked))
            return True

        await self._write(work, "rename_team", team_id, actor)

    async def remove(self, team_id: str, *, actor: Account) -> None:
        """Its members see no more of each other than other teams let them.

        Nothing if there is no such team: the button was pressed twice.
        """

        async def work(records: Records) -> bool:
            if await records.teams.get(team_id) is None:
                return False
            await records.teams.remove(team_id)
            return True

        await self._write(work, "remove_team", team_id, actor)

    async def add_member(self, team_id: str, account_id: str, *, actor: Account) -> None:
        """Raises NotFound; InvalidInput for `member` if there is no such account."""

        async def work(records: Records) -> bool:
            await _team(records, team_id)
            if await records.accounts.get(account_id) is None:
                raise InvalidInput("member", CHOOSE)
            return await records.teams.add_member(team_id, account_id)

        await self._write(work, "add_team_member", account_id, actor)

    async def remove_member(self, team_id: str, account_id: str, *, actor: Account) -> None:
        """They lose sight of the others at once, and the others of them. Raises NotFound.

        Nothing if they are no member: the button was pressed twice.
        """

        async def work(records: Records) -> bool:
            await _team(records, team_id)
            return await records.teams.remove_member(team_id, account_id)

        await self._write(work, "remove_team_member", account_id, actor)

    async def _write(
        self,
        change: Callable[[Records], Awaitable[bool]],
        action: str,
        thing: str,
        actor: Account,
    ) -> None:
        """One change with its line in the audit log; `change` returns False if it changed nothing."""

        async def work(records: Records) -> None:
            await still_administrator(records, actor.id)
            if await change(records):
                await records.audit.append(self._clock.now(), actor.id, action, thing)

        await self._store.write(work)
        await self._changed()


async def _team(records: Records, team_id: str) -> Team:
    team = await records.teams.get(team_id)
    if team is None:
        raise NotFound
    return team
