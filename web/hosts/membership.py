"""This host among those that share the database: its lease, its rooms, and whose the others are.

The rules are those of `signaling/hosts/lease.py`. Whoever has lost the lease has lost all rooms: what it
writes is refused by the database from the moment another host ended it, and as soon as it knows, its
sockets are closed and it begins anew under another id. While the database does not answer, nobody can
end anybody: this host stops to act, and goes on if its row is still there in time.
"""

import asyncio
import contextlib
import logging
import os
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from yarl import URL

from signaling.errors import HostAway, Unavailable
from signaling.hosts.lease import RENEW_EVERY, Lease, Watch
from signaling.identifier import new_id
from storage.engine.database import NOBODY
from storage.engine.executor import batched
from storage.records.hosts import Figures, Host
from storage.store import Records, Store
from web.config import Config
from web.hosts.ports import Peer

if TYPE_CHECKING:  # it imports the driver of PostgreSQL
    from storage.hosts_line import HostsLine

GIVE_UP_AFTER = 5.0
"""Seconds since the last renewal after which this host gives its rooms up by itself: browsers go
elsewhere, if the database answers there."""
NOTICED_AFTER = 2.0
"Seconds until a balancer has noticed that this host is not ready, and sends nobody to it."
ANSWER_WITHIN = 1.0
"Seconds for each question about the lease."
SETTLED_EVERY = 60.0
"Seconds between two releases of rooms that nobody uses any more."

_log = logging.getLogger(__name__)


def steady_seconds() -> float:
    """A clock that nobody sets, and that goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Membership:
    """`web.hosts.ports.Owners`, over the database."""

    def __init__(
        self,
        store: Store | None,
        line: "HostsLine",
        this: Callable[[], Host],
        key: bytes,
        seconds: Callable[[], float] = steady_seconds,
    ) -> None:
        """`this` is the row of this host, with a new id; `store` is that of a host that owns rooms."""
        self._opened_store = store
        self._line = line
        self._this = this
        self.key = key
        self._seconds = seconds
        self._lease = Lease("", float("-inf"))
        self._lapsed = ""
        "What this host was until it gave everything up while the database was away: its row may still be there."
        self._watch = Watch()
        self._mine: set[str] = set()
        "Rooms that are this host's."
        self._used: dict[str, float] = {}
        "When somebody last asked about each of them."
        self._leaving: set[str] = set()
        "Rooms that are about to be nobody's: nobody may go in here."
        self._not_left: set[str] = set()
        "Rooms given up whose rows may still say that they are this host's: it could not be written."
        self._task: asyncio.Task[None] | None = None
        self.hosts: dict[str, Host] = {}
        "All there are, by id, as last seen."
        self.draining = False
        self.figures: Callable[[], Figures] = Figures
        self.give_up: Callable[[set[str]], None] = lambda _: None
        "Called with the rooms that are not this host's any more."
        self.is_live: Callable[[str], bool] = lambda _: False
        "Whether a room is in memory."
        self.lost: Callable[[str], None] = lambda _: None
        "Called with the id of another host that is gone."
        self.found: Callable[[str], None] = lambda _: None
        "Called with the id of another host that is new: what it has told before was not understood."

    @property
    def host_id(self) -> str:
        return self._lease.host_id

    @property
    def acts(self) -> bool:
        return self._lease.acts(self._seconds())

    @property
    def ready(self) -> bool:
        return self.acts and not self.draining

    @property
    def _store(self) -> Store:
        assert self._opened_store is not None, "a relay-only host is asked about no room"
        return self._opened_store

    def _write_as(self, host_id: str) -> None:
        if self._opened_store is not None:
            self._opened_store.write_as(host_id)

    # --- rooms

    async def owner(self, consultation_id: str) -> Peer | None:
        if not self.acts or consultation_id in self._leaving:
            raise HostAway
        if consultation_id in self._mine:
            self._used[consultation_id] = self._seconds()
            return None
        found = await self._store.read.hosts.owner_of(consultation_id)
        if found is None:
            if await self._store.read.consultations.get(consultation_id) is None:
                return None  # whoever knows no session's id causes no writing
            if (other := self._to_take(consultation_id)) is not None:
                return other
        if found is None or found.id == self.host_id:  # as its row says, which may be about to go
            found = await self._take(consultation_id)
        return None if found is None or found.id == self.host_id else _peer(found)

    def owns(self, consultation_id: str) -> bool:
        """Whether the room is this host's, and it may act for it now."""
        return self.acts and consultation_id in self._mine

    def peers(self) -> list[Peer]:
        """The other hosts that may own rooms."""
        return [_peer(host) for host in self._others()]

    def _others(self) -> list[Host]:
        hosts = self.hosts.values()
        return [each for each in hosts if each.id != self.host_id and each.role == "all"]

    async def own(self, consultation_id: str) -> None:
        """For whoever opens the room: it is this host's from now on. Raises HostAway if it is another's."""
        if await self.owner(consultation_id) is not None:
            raise HostAway

    async def is_elsewhere(self, consultation_id: str) -> bool:
        if consultation_id in self._mine:
            return False
        found = await self._store.read.hosts.owner_of(consultation_id)
        return found is not None and found.id != self.host_id

    def _to_take(self, consultation_id: str) -> Peer | None:
        """Who should take a room that is nobody's, while this host drains."""
        if not self.draining:
            return None
        others = [each for each in self._others() if not each.draining]
        if not others:
            return None
        return _peer(
            max(others, key=lambda each: zlib.crc32(f"{each.id}{consultation_id}".encode()))
        )

    async def _take(self, consultation_id: str) -> Host | None:
        """Take a room that is nobody's; returns its owner; None: there is no such session.

        Raises HostAway for one that this host is about to leave.
        """
        host_id = self.host_id
        if consultation_id in self._leaving:
            raise HostAway

        async def work(records: Records) -> Host | None:
            await records.hosts.take(consultation_id, host_id)
            return await records.hosts.owner_of(consultation_id)

        found = await self._store.write(work, consultation_id)
        if consultation_id in self._leaving:
            raise HostAway
        if found is not None and found.id == host_id == self.host_id:
            self._mine.add(consultation_id)
            self._used[consultation_id] = self._seconds()
            self._not_left.discard(consultation_id)
        return found

    async def release(self, consultation_ids: set[str]) -> None:
        """These rooms are nobody's from now on; what is open in them ends.

        So are those that could not be released before. Raises Unavailable if some could not be.
        """
        leaving = (consultation_ids & self._mine) | self._not_left
        self._mine -= leaving
        self._not_left -= leaving
        for each in leaving:
            self._used.pop(each, None)
        self._leaving |= leaving
        self.give_up(leaving)
        host_id = self.host_id
        for some in batched(leaving):
            try:
                await self._leave(some, host_id)
            except BaseException:
                if host_id == self.host_id:
                    self._not_left |= leaving
                self._leaving -= leaving
                raise
            leaving -= set(some)
            self._leaving -= set(some)

    async def _leave(self, consultation_ids: Iterable[str], host_id: str) -> None:
        """Write that these are not that host's. Raises Unavailable if that is not sure of all."""

        async def release(consultation_id: str) -> None:
            await self._store.write(
                lambda records: records.hosts.release([consultation_id], host_id), consultation_id
            )

        # each by itself: what was being written about it is written first
        written = await asyncio.gather(*map(release, consultation_ids), return_exceptions=True)
        for result in written:
            if isinstance(result, BaseException):
                raise result

    def doubt(self, consultation_ids: frozenset[str] | None) -> None:
        """Nobody knows whether what was written about these sessions is stored; None: about any.

        They are opened anew from what is: they are taken again first, which waits for a transaction that
        has not ended yet.
        """
        doubted = self._mine if consultation_ids is None else self._mine & consultation_ids
        self._mine = self._mine - doubted
        self._not_left |= doubted
        for each in doubted:
            self._used.pop(each, None)
        self.give_up(doubted)

    @property
    def rooms(self) -> set[str]:
        """The ids of the sessions whose rooms are this host's."""
        return set(self._mine)

    # --- leaving

    async def drain(self, patience: float, has_relayed_call: Callable[[str], bool]) -> None:
        """Give all rooms to the other hosts: those with a call through the relay once it is over.

        At most `patience` seconds are waited for that. Does nothing where there is no other host.
        """
        self.draining = True
        begun = self._seconds()
        deadline = begun + patience
        while self.draining and self._to_take("") is not None:
            patient = self._seconds() < deadline
            busy = {each for each in self._mine if patient and has_relayed_call(each)}
            with contextlib.suppress(Unavailable):
                await self.release(self._mine - busy)
            left = not self._mine and not self._not_left
            if left and self._seconds() - begun > NOTICED_AFTER:
                return
            await asyncio.sleep(RENEW_EVERY)

    # --- the lease

    async def start(self) -> None:
        """Be one of the hosts from now on. Raises Unavailable."""
        await self._line.connect()
        await self._begin()
        self._task = asyncio.create_task(self._keep(), name="lease")

    async def stop(self) -> None:
        """Be none of them any more: its rooms are free at once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self.host_id:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(ANSWER_WITHIN):
                    await self._line.remove(self.host_id)
        self._write_as("")
        self._line.close()

    async def _begin(self) -> None:
        host, began = self._this(), self._seconds()
        async with asyncio.timeout(ANSWER_WITHIN):
            await self._line.add(host)
        self._lease = Lease(host.id, began)
        self._write_as(host.id)
        lapsed, self._lapsed = self._lapsed, ""
        if lapsed:  # nobody has to wait until its lease is over
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._line.lapse(lapsed, host.id)
        _log.info("this host is one of those that share the database", extra={"host": host.id})

    async def _keep(self) -> None:
        settle_at = self._seconds() + SETTLED_EVERY
        while True:
            began = self._seconds()
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    await self._renew(began)
            except (Unavailable, TimeoutError, OSError):
                self._line.close()  # what hangs is not waited for
                self._lapse()
            except Exception:
                _log.exception("the lease could not be renewed")
            if self.acts and began > settle_at:
                settle_at = began + SETTLED_EVERY
                with contextlib.suppress(Unavailable):
                    await self._settle(began)
            await asyncio.sleep(max(0.0, self._next_look(began) - self._seconds()))

    def _next_look(self, began: float) -> float:
        """When to renew next: soon, and at the moment when another host may be ended."""
        over = self._watch.next_at(self.host_id)
        soon = began + RENEW_EVERY
        return soon if over is None or over <= began else min(soon, over)

    async def _renew(self, began: float) -> None:
        if not self._line.is_open:
            await self._line.connect()
        if not self.host_id:
            await self._begin()
        elif await self._line.renew(self.host_id, self.figures(), draining=self.draining):
            self._lease = self._lease.renewed(began)
        else:
            _log.warning("another host has ended this one: its rooms are given up")
            self._lose_all()
            await self._begin()
        await self._look()

    async def _look(self) -> None:
        """See the others, and end those whose lease is over."""
        seen = {host.id: host for host in await self._line.all()}
        for gone in self.hosts.keys() - seen.keys():
            self.lost(gone)
        new = seen.keys() - self.hosts.keys() - {self.host_id}
        self.hosts = seen
        for each in new:
            self.found(each)
        self._watch.see({each.id: each.renewals for each in seen.values()}, self._seconds())
        for host_id, renewals in self._watch.over(self._seconds()):
            if host_id == self.host_id:
                continue
            if await self._line.end(host_id, renewals, self.host_id):
                _log.warning(
                    "a host was ended: it has not renewed its lease", extra={"host": host_id}
                )
                self.hosts.pop(host_id, None)
                self.lost(host_id)

    def _lapse(self) -> None:
        """The database does not answer."""
        if self.host_id and self._seconds() - self._lease.renewed_at > GIVE_UP_AFTER:
            _log.warning("the database does not answer: the rooms of this host are given up")
            self._lapsed = self.host_id
            self._lose_all()

    def _lose_all(self) -> None:
        lost, self._mine = self._mine, set()
        self._used.clear()
        self._not_left.clear()
        self._lease = Lease("", float("-inf"))
        self._write_as(NOBODY)
        self.give_up(lost)

    async def _settle(self, now: float) -> None:
        """Release rooms that are not in memory, and that nobody has asked about for a while."""
        unused = {
            each
            for each, at in self._used.items()
            if now - at > SETTLED_EVERY and not self.is_live(each)
        }
        await self.release(unused)


def _peer(host: Host) -> Peer:
    return Peer(host.id, URL(host.url))


def this_host(config: Config, version: str, now: Callable[[], datetime]) -> Callable[[], Host]:
    """The row of this host, with a new id each time."""
    this = config.this_host
    name, url = this.name or os.uname().nodename, str(this.url)
    return lambda: Host(new_id(), name, url, version, now(), role=this.role)
