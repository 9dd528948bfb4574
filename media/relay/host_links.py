"""Rooms of a process that has no workers of its own: they are in those of relay-only hosts."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from itertools import count

from media.messages import Event
from media.relay.commanded import CommandedRooms
from media.relay.link import CommandFailed, WorkerLink

PING_SECONDS = 1.0
NOWHERE = -1
"The worker of a room for which there is none now."


class HostLink(WorkerLink):
    """The link to a relay-only host. Its figures are those of its worker that is used least."""

    @property
    @abstractmethod
    def leaving(self) -> bool:
        """Whether the host is about to end: others are preferred for new rooms."""

    @property
    @abstractmethod
    def gone(self) -> bool:
        """Whether the host is none any more: the link is of use to the rooms in it alone."""


class RelayElsewhere(CommandedRooms):
    """The relay-only hosts that this process reaches, and its rooms in them."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        super().__init__(on_event)
        self.expected: Callable[[], bool] = lambda: False
        "Whether there is a relay-only host, reached or not."
        self._links: dict[int, HostLink] = {}
        self._loads: dict[int, int] = {}
        "Participants as last told, and rooms opened since."
        self._numbers = count()
        self._stopping = False

    @property
    def healthy(self) -> bool:
        """Whether there is a host for a call now."""
        return any(link.alive for link in self._links.values())

    @property
    def native(self) -> bool:
        """Whether the native loop forwards packets in all of them."""
        return bool(self._links) and all(link.native for link in self._links.values())

    @property
    def tcp(self) -> bool:
        """Whether all of them are reached by TCP too."""
        return bool(self._links) and all(link.tcp for link in self._links.values())

    async def stop(self) -> None:
        """End every call; whoever uses links ends them."""
        self._stopping = True
        self._rooms.clear()

    async def open_room(
        self, room_id: str, video_codecs: tuple[str, ...] = ("VP8", "H264")
    ) -> None:
        """Open a room at the host with the fewest participants in a worker."""
        if room_id in self._rooms:
            raise CommandFailed("room_exists", f"{room_id} is open")
        await self._open(room_id, self._place(), video_codecs)

    async def use(self, link: HostLink) -> None:
        """Have rooms there until the link has ended; they move to another host then.

        Also ends, and ends the link, when the host is gone and no room is left in it.
        """
        number = next(self._numbers)
        self._links[number], self._loads[number] = link, 0
        waiting = [room_id for room_id in self._rooms if self._is_nowhere(room_id)]
        moving = asyncio.create_task(self._move(waiting), name="moving rooms")
        try:
            await self._watch(number, link)
        finally:
            del self._links[number], self._loads[number]
            await link.stop()  # what is still asked of it fails now
            await moving
        lost = [room_id for room_id, room in self._rooms.items() if room.worker == number]
        if not self._stopping:
            self._tell_lost(lost)
            await self._move(lost)

    def _worker(self, number: int) -> HostLink | None:
        return self._links.get(number)

    def _is_nowhere(self, room_id: str) -> bool:
        return self._rooms[room_id].worker not in self._links

    def _place(self) -> int:
        """Where the next room goes."""
        alive = [number for number, link in self._links.items() if link.alive]
        staying = [number for number in alive if not self._links[number].leaving]
        found = min(staying or alive, key=self._loads.__getitem__, default=NOWHERE)
        if found != NOWHERE:
            self._loads[found] += 1
        return found

    async def _move(self, room_ids: list[str]) -> None:
        """Set rooms up at a host, if there is one."""
        for room_id in room_ids:
            if room_id not in self._rooms or not self._is_nowhere(room_id):
                continue  # closed meanwhile, or moved by another link
            place = self._place()
            self._rooms[room_id].worker = place
            if place != NOWHERE:
                await self._restore(room_id)

    async def _watch(self, number: int, link: HostLink) -> None:
        """Return when the link has ended, or is not needed any more."""
        while link.alive:
            figures = await link.ping()
            if figures is None:
                return
            self._loads[number] = figures.peers
            if link.gone and all(room.worker != number for room in self._rooms.values()):
                return
            await link.wait_ended(PING_SECONDS)
