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
    def key(self) -> bytes:
        """What hosts authenticate to each other with."""
        ...

    async def owner(self, consultation_id: str) -> Peer | None:
        """The other host that owns the room; None: this one does, from now on if nobody did.

        Raises Unavailable where this host may not act now.
        """
        ...


OWNERS: web.AppKey[Owners] = web.AppKey("owners", Owners)
"Absent where there is one host."
