"""PostgreSQL is restarted under a session: pages say it, and nothing acknowledged is lost."""

import asyncio
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from tests.engines.postgresql import cluster
from tests.people import Refused, Visit, an_id, visiting
from tests.serving import serving
from web.keys import STORE

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


async def say(visit: Visit, message_id: str, refused: asyncio.Event) -> int:
    """As a page does: again with the same id until it is acknowledged. Returns how often."""
    for times in range(1, 10_000):
        try:
            await visit.amina.say("I take five", message_id)
            return times
        except Refused as refusal:
            assert refusal.code == "unavailable"
            refused.set()
            await asyncio.sleep(0.05)  # as long as a page waits at least
    raise AssertionError("it was never acknowledged")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_session_goes_on_over_a_restart_of_postgresql(tmp_path: Path, mode: str) -> None:
    refused, during, after = asyncio.Event(), an_id("message"), an_id("message")
    with cluster(fsync="on") as own:
        async with serving(tmp_path, TELECONNECT_DATABASE_URL=own.url("postgres")) as server:
            await server.account()
            async with visiting(server) as visit:
                before = [an_id("message") for _ in range(5)]
                for each in before:
                    await visit.amina.say("Good morning", each)
                await asyncio.to_thread(own.stop, mode)
                saying = asyncio.create_task(say(visit, during, refused))
                await refused.wait()
                page = await visit.nurse.get("/")
                assert (page.status, Unavailable.sentence in page.text) == (503, True)
                assert (await visit.nurse.get("/readyz")).status == 503
                await asyncio.to_thread(own.start)
                assert await saying > 1
                assert (await visit.nurse.get("/readyz")).status == 200
                assert (await visit.nurse.get("/")).status == 200
                await visit.desk.say("Good, and now?", after)
                lines = await server.app[STORE].read.chat.of_consultation(visit.consultation_id)
                said = [line.id for line in lines if line.kind == "text"]
                assert said == [*before, during, after], "each once"
                heard = await visit.desk.chat_page(after=0)
                assert [line["id"] for line in heard if line["kind"] == "text"] == said
