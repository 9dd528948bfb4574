"""Teams and their members."""

from signaling.account import Team
from signaling.errors import N_, InvalidInput
from storage.engine.executor import Executor
from storage.records.people.accounts import folded

TAKEN = N_("There is a team with this name already.")


class Teams:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def all(self) -> list[Team]:
        """All teams by name; the members of each in no order."""
        rows = await self._executor.rows("SELECT id, name FROM team ORDER BY name, id")
        members: dict[str, list[str]] = {}
        for row in await self._executor.rows("SELECT team_id, account_id FROM team_member"):
            members.setdefault(row["team_id"], []).append(row["account_id"])
        return [Team(row["id"], row["name"], tuple(members.get(row["id"], ()))) for row in rows]

    async def get(self, team_id: str) -> Team | None:
        row = await self._executor.row("SELECT id, name FROM team WHERE id = ?", (team_id,))
        if row is None:
            return None
        rows = await self._executor.rows(
            "SELECT account_id FROM team_member WHERE team_id = ?", (team_id,)
        )
        return Team(row["id"], row["name"], tuple(each["account_id"] for each in rows))

    async def put(self, team: Team) -> None:
        """Add a team, or store its name. Raises InvalidInput if another one has it."""
        others = await self._executor.rows(
            "SELECT name FROM team WHERE name = ? AND id <> ?", (team.name, team.id)
        )
        # PostgreSQL takes more for alike than SQLite does
        if any(folded(row["name"]) == folded(team.name) for row in others):
            raise InvalidInput("name", TAKEN)
        await self._executor.rows(
            "INSERT INTO team (id, name) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            (team.id, team.name),
        )

    async def remove(self, team_id: str) -> None:
        await self._executor.rows("DELETE FROM team WHERE id = ?", (team_id,))

    async def add_member(self, team_id: str, account_id: str) -> bool:
        """False if the account is a member already."""
        return bool(
            await self._executor.rows(
                "INSERT INTO team_member (team_id, account_id) VALUES (?, ?)"
                " ON CONFLICT DO NOTHING RETURNING 1",
                (team_id, account_id),
            )
        )

    async def remove_member(self, team_id: str, account_id: str) -> bool:
        """False if the account is no member."""
        return bool(
            await self._executor.rows(
                "DELETE FROM team_member WHERE team_id = ? AND account_id = ? RETURNING 1",
                (team_id, account_id),
            )
        )
