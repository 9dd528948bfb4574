"""Notices that several hosts send from one queue: each is one host's until it is settled or that is gone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.flows.invites.inviting import Plan
from signaling.flows.notices.claiming import Job, claim, recover, settle, take
from signaling.flows.notices.sending import IN_HAND
from signaling.invite import Person
from signaling.notices.notice import Attempt, Sent, TemporaryFailure
from tests.serving import Server
from tests.web.hosts.hosts import hosts, member
from web.keys import CLOCK, INVITING, SENDING, STORE

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
NOTICES = 20


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[list[Server]]:
    """Two hosts that send nothing by themselves, and notices that are due."""
    async with hosts(tmp_path, 2) as servers, AsyncExitStack() as held:
        for server in servers:
            await held.enter_async_context(server.app[SENDING]._busy)
        nurse = await servers[0].app[STORE].read.accounts.by_email("nurse@example.org")
        assert nurse is not None
        for number in range(NOTICES):
            person = Person(f"P{number}", "", "email", f"p{number}@a.example", "en")
            plan = Plan("remote", (("service_user", person),))
            await servers[0].app[INVITING].invite(nurse, plan)
        yield servers


async def claimed(server: Server, host_id: str = "") -> list[Job]:
    now = server.app[CLOCK].now()
    name = host_id or member(server).host_id
    return await server.app[STORE].write(lambda records: claim(records, now, IN_HAND, name), ())


async def attempts(server: Server, jobs: list[Job]) -> list[Attempt]:
    read = server.app[STORE].read.notices
    return [attempt for job in jobs for attempt in await read.attempts(job.notice.id)]


async def test_what_two_claim_at_once_is_each_claimed_by_one(both: list[Server]) -> None:
    found = await asyncio.gather(*(claimed(server) for server in both * 3))
    ids = [job.notice.id for jobs in found for job in jobs]
    assert len(ids) == len(set(ids)) == NOTICES


async def test_what_one_has_locked_is_left_out_and_not_waited_for(both: list[Server]) -> None:
    one, other = both
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def slowly(records: object) -> list[Job]:
        some = await claim(records, one.app[CLOCK].now(), {"email": 5}, member(one).host_id)  # type: ignore[arg-type]
        begun.set()
        await goes_on.wait()
        return some

    first = asyncio.create_task(one.app[STORE].write(slowly, ()))
    await begun.wait()
    rest = await claimed(other)
    goes_on.set()
    assert len(rest) == NOTICES - 5
    assert not {job.notice.id for job in rest} & {job.notice.id for job in await first}


async def test_a_claim_of_a_host_that_is_gone_is_over(both: list[Server]) -> None:
    one, other = both
    gone = await claimed(one, "a-host-that-died")
    alive = one.app[STORE]
    now = other.app[CLOCK].now()
    assert await claimed(other) == []
    await other.app[STORE].write(lambda records: recover(records, now, lambda: 0.0), ())
    # whoever was paused and goes on neither sends what is not its any more, nor settles that it failed
    assert not await alive.write(lambda records: take(records, gone[0]), ())
    done = [(job, TemporaryFailure("server_busy")) for job in gone]
    await alive.write(lambda records: settle(records, done, now, lambda: 0.0), ())
    assert {each.reason for each in await attempts(one, gone)} == {"interrupted"}


async def test_what_the_other_sends_again_is_settled_by_the_other(both: list[Server]) -> None:
    one, other = both
    gone = await claimed(one, "a-host-that-died")
    now = other.app[CLOCK].now()
    store = other.app[STORE]
    await store.write(lambda records: recover(records, now, lambda: 0.0), ())
    later = now + timedelta(minutes=1)
    name = member(other).host_id
    [job] = await store.write(lambda records: claim(records, later, {"email": 1}, name), ())
    done = [(each, Sent("id")) for each in gone]
    await one.app[STORE].write(lambda records: settle(records, done, now, lambda: 0.0), ())
    found = await attempts(one, gone)
    assert [each.notice_id for each in found if each.state == "sending"] == [job.notice.id]
    # what waited to be sent again need not be
    assert Counter(each.state for each in found) == {"sending": 1, "sent": NOTICES - 1}


async def test_a_claim_of_a_host_that_lives_stays(both: list[Server]) -> None:
    one, other = both
    jobs = await claimed(one)
    now = other.app[CLOCK].now()
    await other.app[STORE].write(lambda records: recover(records, now, lambda: 0.0), ())
    assert await claimed(other) == []
    assert await one.app[STORE].write(lambda records: take(records, jobs[0]), ())
    done = [(job, Sent("id")) for job in jobs]
    await one.app[STORE].write(lambda records: settle(records, done, now, lambda: 0.0), ())
    for job in jobs:
        [attempt] = await one.app[STORE].read.notices.attempts(job.notice.id)
        assert attempt.state == "sent"
