"""What hosts ask the database about each other, on a connection of its own, and what they tell each other.

Only where the engine is PostgreSQL: SQLite has one host.
"""

from collections.abc import Callable

from storage.engine.postgresql.line import Line
from storage.records.hosts import Figures, Host, Hosts


class HostsLine:
    """Raises Unavailable where the database does not answer."""

    def __init__(self, url: str) -> None:
        self._line = Line(url)
        self._hosts = Hosts(self._line)
        self.told: Callable[[int, str], None] = lambda *_: None
        "Called with the process of the database that tells, and what."
        self.connected: Callable[[], None] = lambda: None
        "Called after each connection: what was told before is to be read again."

    async def connect(self) -> None:
        await self._line.connect(lambda process, what: self.told(process, what))
        self.connected()

    def close(self) -> None:
        self._line.close()

    @property
    def is_open(self) -> bool:
        return self._line.is_open

    async def tell(self, what: str) -> None:
        """Tell all hosts, this one included."""
        await self._line.tell(what)

    async def add(self, host: Host) -> None:
        await self._hosts.add(host)

    async def renew(self, host_id: str, figures: Figures, *, draining: bool) -> bool:
        return await self._hosts.renew(host_id, figures, draining=draining)

    async def all(self) -> list[Host]:
        return await self._hosts.all()

    async def remove(self, host_id: str) -> None:
        async with self._line.transaction(host_id):
            await self._hosts.remove(host_id)

    async def end(self, host_id: str, renewals: int, by: str) -> bool:
        """As `Hosts.end`, `by` another host; what it was writing is undone."""
        await self._line.end_transactions(host_id, renewals)
        async with self._line.transaction(by):
            return await self._hosts.end(host_id, renewals)

    async def lapse(self, host_id: str, by: str) -> bool:
        """As `Hosts.lapse`, `by` what that host is now."""
        async with self._line.transaction(by):
            return await self._hosts.lapse(host_id)
