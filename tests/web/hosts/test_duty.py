"""What runs once in all: by one of the hosts, and by another soon after that one is gone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.hosts.lease import ENDED_AFTER
from tests.serving import Server
from tests.web.hosts.hosts import hosts, member, soon
from web.hosts.duty import ASK_EVERY, DUTY, DUTY_TIMERS
from web.hosts.starting import leave
from web.keys import CLOCK, CLOCKWORK

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[list[Server]]:
    async with hosts(tmp_path, 3) as servers:
        yield servers


def holders(servers: list[Server]) -> list[Server]:
    return [server for server in servers if server.app[DUTY].held]


async def test_a_timer_that_all_set_acts_once(three: list[Server]) -> None:
    [holder] = holders(three)
    acted: list[Server] = []
    fired = [asyncio.Event() for _ in three]

    async def act(server: Server) -> None:
        acted.append(server)

    async def last(event: asyncio.Event) -> None:
        event.set()

    for server, event in zip(three, fired, strict=True):
        now = server.app[CLOCK].now()
        server.app[DUTY_TIMERS].set("purge", now, lambda server=server: act(server))  # type: ignore[misc]
        server.app[CLOCKWORK].set("after it", now, lambda event=event: last(event))  # type: ignore[misc]
    await asyncio.gather(*(event.wait() for event in fired))
    assert acted == [holder]


async def test_who_has_the_duty_from_its_start_looks_at_what_others_set(
    three: list[Server],
) -> None:
    [holder] = holders(three)
    assert holder is three[0]
    pending = {name for _, _, name in holder.app[CLOCKWORK]._heap}
    assert {"all", "purge", "expire", "abandoned", "sweep"} <= pending


async def test_the_timers_of_a_host_that_hangs_are_taken_over_within_seconds(
    three: list[Server],
) -> None:
    [holder] = holders(three)
    hanging = member(holder)
    assert hanging._task is not None and holder.app[DUTY]._task is not None
    hanging._task.cancel()
    holder.app[DUTY]._task.cancel()
    began = asyncio.get_running_loop().time()
    others = [server for server in three if server is not holder]
    await soon(lambda: bool(holders(others)))
    took = asyncio.get_running_loop().time() - began
    assert took < ENDED_AFTER + 3 * ASK_EVERY + 2
    assert len(holders(three)) == 1
    # it looks at once at what became due meanwhile
    names = {name for _, _, name in holders(others)[0].app[CLOCKWORK]._heap}
    assert {"all", "purge", "expire", "abandoned", "sweep"} <= names


async def test_a_host_that_leaves_hands_the_timers_over_at_once(three: list[Server]) -> None:
    [holder] = holders(three)
    others = [server for server in three if server is not holder]
    began = asyncio.get_running_loop().time()
    await leave(holder.app, 0)
    await soon(lambda: bool(holders(others)))
    assert asyncio.get_running_loop().time() - began < ENDED_AFTER
    assert holders([holder]) == []
