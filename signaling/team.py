"""A team: colleagues who see each other's waiting rooms and start each other's sessions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signaling.text import one_line


@dataclass(frozen=True)
class Team:
    id: str
    name: str
    members: tuple[str, ...] = ()
    "Account ids."


def checked_name(typed: str) -> str:
    """The name of a team. Raises InvalidInput for `name`."""
    return one_line("name", typed, required=True)


def mates(teams: Iterable[Team]) -> Mapping[str, frozenset[str]]:
    """Account id -> ids of all who are in a team with it, without itself."""
    found: dict[str, set[str]] = {}
    for team in teams:
        for member in team.members:
            found.setdefault(member, set()).update(team.members)
    return {member: frozenset(others - {member}) for member, others in found.items()}
