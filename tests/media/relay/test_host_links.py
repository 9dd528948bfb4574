"""Rooms of a process without workers: at which relay-only host each is, and when it moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from media import messages
from media.messages import Disconnected, Event, OfferNeeded
from media.relay import link
from media.relay.client import Relay, RelaySettings
from media.relay.host_links import HostLink, RelayElsewhere
from media.relay.link import RelayUnavailable
from media.relay.worker_sharing import Sharing
from tests.media.support import until


class Near(HostLink):
    """A link to workers of this very process."""

    def __init__(self, sharing: Sharing, relay: RelayElsewhere) -> None:
        super().__init__(relay.receive)
        self.is_leaving = self.is_gone = self.hangs = False
        self._sharing = sharing
        self._share = sharing.begin(self._hear)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    @property
    def leaving(self) -> bool:
        return self.is_leaving or self.is_gone

    @property
    def gone(self) -> bool:
        return self.is_gone

    def kill(self) -> None:
        self._end()

    async def stop(self) -> None:
        self._end()
        await self._sharing.end(self._share)

    async def _send(self, line: bytes) -> None:
        if not self.hangs:
            task = asyncio.create_task(self._share.execute(messages.decode_command(line)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class Host:
    """A relay-only host: its workers, and the link to them."""

    def __init__(self, elsewhere: RelayElsewhere) -> None:
        self.events: list[Event] = []
        self.workers = Relay(RelaySettings(addresses=("127.0.0.1",)), self._heard)
        self.sharing = Sharing(self.workers, lambda: True)
        self._elsewhere = elsewhere
        self.link = Near(self.sharing, elsewhere)

    def _heard(self, event: Event) -> None:
        assert self.sharing.handle(event)

    @property
    def rooms(self) -> set[str]:
        return {room_id.partition("/")[2] for room_id in self.workers.rooms}

    async def use(self) -> None:
        await self._elsewhere.use(self.link)


class Owner:
    """A process without workers."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.events: list[Event] = []
        self.relay = RelayElsewhere(self.events.append)
        self._stack = stack

    async def host(self) -> Host:
        """One more host, connected."""
        host = Host(self.relay)
        await host.workers.start()
        self._stack.push_async_callback(host.workers.stop)
        using = asyncio.create_task(host.use())
        self._stack.push_async_callback(asyncio.wait, [using])
        self._stack.callback(host.link.kill)
        await until(lambda: host.link in self.relay._links.values(), "it is used")
        return host

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
async def owner() -> AsyncIterator[Owner]:
    async with AsyncExitStack() as stack:
        yield (owner := Owner(stack))
        await owner.relay.stop()


async def test_rooms_go_where_there_are_fewest_and_not_to_who_leaves(owner: Owner) -> None:
    one, other = await owner.host(), await owner.host()
    # at once: a host's own figures, which come each second, do not know a room without participants
    await asyncio.gather(*map(owner.relay.open_room, "abcd"))
    assert len(one.rooms) == len(other.rooms) == 2
    one.link.is_leaving = True
    for name in "efg":
        await owner.relay.open_room(name)
    assert len(one.rooms) == 2
    other.link.is_leaving = True
    await owner.relay.open_room("h")
    assert "h" in one.rooms | other.rooms, "better there than nowhere"


async def test_a_room_that_found_no_host_is_set_up_at_the_first_one(owner: Owner) -> None:
    with pytest.raises(RelayUnavailable):
        await owner.relay.open_room("room")
    with pytest.raises(RelayUnavailable):
        await owner.relay.join("room", "a")
    host = await owner.host()
    await until(lambda: owner.of(OfferNeeded), "a is offered a connection")
    assert host.rooms == {"room"}


async def test_a_room_moves_with_all_that_was_commanded(owner: Owner) -> None:
    one = await owner.host()
    await owner.relay.open_room("room")
    await owner.relay.join("room", "a")
    await owner.relay.join("room", "b", automatic=False)
    await owner.relay.subscribe("room", "b", "a")
    other = await owner.host()
    await until(lambda: len(owner.of(OfferNeeded)) >= 2, "both are offered connections")
    owner.events.clear()
    one.link.kill()
    await until(lambda: len({each.peer_id for each in owner.of(OfferNeeded)}) == 2, "and again")
    first = {offer.peer_id: offer for offer in reversed(owner.of(OfferNeeded))}
    assert all(offer.fresh for offer in first.values())
    assert {(each.peer_id, each.reason) for each in owner.of(Disconnected)} == {
        ("a", "worker_lost"),
        ("b", "worker_lost"),
    }
    assert (one.rooms, other.rooms) == (set(), {"room"})
    ((_, room),) = other.workers._rooms.items()
    assert room.participants["b"].subscriptions


async def test_a_host_that_hangs_loses_its_rooms(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await owner.host()
    await owner.relay.open_room("room")
    other = await owner.host()
    monkeypatch.setattr(link, "SILENT_SECONDS", 0.2)
    one.link.hangs = True
    await until(lambda: other.rooms == {"room"}, "it has moved")


async def test_a_host_that_is_none_any_more_keeps_its_rooms_and_gets_no_other(
    owner: Owner,
) -> None:
    """It may have lost the database alone: its calls go on."""
    one = await owner.host()
    await owner.relay.open_room("room")
    other = await owner.host()
    one.link.is_gone = True
    await owner.relay.open_room("another")
    assert (one.rooms, other.rooms) == ({"room"}, {"another"})
    await owner.relay.close_room("room")
    await until(lambda: not one.link.alive, "the link ends with the last room")
    assert other.link.alive
