"""Who owns the room of a session, as the rest of `web/hosts` asks it."""

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from yarl import URL


@dataclass(frozen=True)
class Peer:
    """Another host that shares the database."""

    host_id: str
    url: URL
    "Its own address, which only hosts reach."


class Owners(Protocol):
    """The rooms and their hosts, one of which is this one."""

    @property
    def host_id(self) -> str:
        """Of this host, until it has lost its rooms."""
        ...

    @property
    def acts(self) -> bool:
        """Whether this host may act for its rooms now."""
        ...

    @property
    def ready(self) -> bool:
        """Whether it should be asked, by balancers, for more."""
        ...

    @property
    def key(self) -> bytes:
        """What hosts authenticate to each other with."""
        ...

    async def owner(self, consultation_id: str) -> Peer | None:
        """The other host that owns the room; None: this one does, from now on if nobody did.

        Raises Unavailable where this host may not act now.
        """
        ...

    async def is_elsewhere(self, consultation_id: str) -> bool:
        """Whether another host owns the room now."""
        ...

    async def own(self, consultation_id: str) -> None:
        """The room is this host's from now on. Raises HostAway where it is another's."""
        ...


class WaitingElsewhere(Protocol):
    async def ask_all(self, account_id: str) -> None:
        """Have the hub know who waits for an account in rooms of other hosts."""
        ...


OWNERS: web.AppKey[Owners] = web.AppKey("owners", Owners)
"Absent where there is one host."
ELSEWHERE: web.AppKey[WaitingElsewhere] = web.AppKey("elsewhere", WaitingElsewhere)
