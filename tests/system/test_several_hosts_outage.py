"""PostgreSQL is restarted under three hosts: pages say it, nothing acknowledged is lost, and everybody is back."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from tests.engines.postgresql import cluster
from tests.people import PATIENCE, Person
from tests.system.test_several_hosts import Talks, talking
from tests.web_hosts import fleet, meeting

pytestmark = pytest.mark.postgresql
BETWEEN_LOOKS = 0.05


async def until_it_answers(somebody: Person, path: str, status: int) -> str:
    """What it says then."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await somebody.get(path)
            if answer.status == status:
                return answer.text
            await asyncio.sleep(BETWEEN_LOOKS)


async def until_all_answer(talks: Talks, status: int) -> str:
    """/readyz of all hosts, and the page of somebody who is signed in, which is returned."""
    async with AsyncExitStack() as opened:
        asked = [until_it_answers(talks.all[0].person, "/", status)]
        for number in talks.fleet.running:
            somebody = await opened.enter_async_context(talks.fleet.person(number))
            asked.append(until_it_answers(somebody, "/readyz", status))
        page, *_ = await asyncio.gather(*asked)
        return page


async def until_all_are_back(talks: Talks, since: float) -> None:
    """Prints how many seconds it took from then on, when PostgreSQL was there again."""
    loop = asyncio.get_running_loop()
    await until_all_answer(talks, 200)
    print(f"{loop.time() - since:.2f} s until all hosts are ready")
    await talks.until_all_are_heard()
    print("seconds until each was answered:", [round(each, 2) for each in away(talks, since)])


def away(talks: Talks, since: float) -> list[float]:
    """Seconds from then to the first answer that each person had."""
    return sorted(min(at for at in each.heard_at if at > since) - since for each in talks.all)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_everybody_is_back_after_a_restart_of_postgresql(tmp_path: Path, mode: str) -> None:
    loop = asyncio.get_running_loop()
    with cluster(fsync="on") as own:
        async with fleet(tmp_path, database=own.url("postgres")) as hosts, talking(hosts) as talks:
            stopped = loop.time()
            await asyncio.to_thread(own.stop, mode)
            page = await until_all_answer(talks, 503)
            assert Unavailable.sentence in page
            said = loop.time()
            await asyncio.to_thread(own.start)
            back = loop.time()
            print(f"{said - stopped:.2f} s until all say it, {back - stopped:.2f} s away")
            await until_all_are_back(talks, back)


async def test_everybody_is_back_after_postgresql_was_away_for_long(tmp_path: Path) -> None:
    """Until all hosts have given up their rooms."""
    loop = asyncio.get_running_loop()
    with cluster(fsync="on") as own:
        async with (
            fleet(tmp_path, database=own.url("postgres")) as hosts,
            talking(hosts) as talks,
            AsyncExitStack() as opened,
        ):
            meetings = [
                await opened.enter_async_context(meeting(hosts, number)) for number in hosts.running
            ]
            stopped = loop.time()
            await asyncio.to_thread(own.stop, "immediate")
            assert {await each.amina.end() for each in meetings} == {1012}
            await asyncio.to_thread(own.start)
            back = loop.time()
            print(f"{back - stopped:.2f} s away")
            await until_all_are_back(talks, back)
