"""A commit whose answer is lost: whatever became of it, everybody in the session sees the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.engines.databases import database_url
from tests.people import Refused, Visit, an_id, visiting
from tests.serving import serving

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
SOCKET = ".s.PGSQL.5432"


class Between:
    """What stands between a server and PostgreSQL, and loses the answer to the next commit."""

    def __init__(self, there: Path) -> None:
        self._there = there
        self.armed = False
        self._tasks: set[asyncio.Task[object]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._there)
        loses = asyncio.Event()

        async def ask() -> None:
            while piece := await reader.read(1 << 16):
                if self.armed and b"COMMIT" in piece:
                    self.armed = False
                    loses.set()
                to_server.write(piece)

        async def answer() -> None:
            while piece := await from_server.read(1 << 16):
                if loses.is_set():
                    return  # it is committed
                writer.write(piece)

        directions = [asyncio.create_task(each()) for each in (ask, answer)]
        self._tasks |= set(directions)
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for each in directions:
            each.cancel()
        await asyncio.wait(directions)
        for end in (writer, to_server):
            end.transport.abort()


@asynccontextmanager
async def between(folder: Path) -> AsyncIterator[tuple[Between, str]]:
    """It, and the URL of the database through it."""
    url = await database_url(folder)
    _, _, there = url.partition("?host=")
    made = Between(Path(there) / SOCKET)
    server = await asyncio.start_unix_server(made.serve, folder / SOCKET)
    try:
        yield made, url.replace(there, str(folder))
    finally:
        server.close()


async def written(visit: Visit) -> list[str]:
    """The ids of what the scheduler's page shows that is opened anew."""
    desk = await visit.nurse.enter(consultation_id=visit.consultation_id)
    chat = await desk.chat()
    assert [line["position"] for line in chat] == list(range(1, len(chat) + 1))
    return [line["id"] for line in chat if line["kind"] == "text"]


async def test_a_message_whose_commit_had_no_answer_is_on_every_page(tmp_path: Path) -> None:
    before, doubtful, after = an_id("message"), an_id("message"), an_id("message")
    async with (
        between(tmp_path) as (line, url),
        serving(tmp_path / "host", TELECONNECT_DATABASE_URL=url) as server,
    ):
        await server.account()
        async with visiting(server) as visit:
            await visit.desk.command("start_consultation")
            await visit.amina.say("Good morning", before)
            line.armed = True
            with pytest.raises((Refused, ConnectionError)):
                await visit.amina.say("I take five", doubtful)
            assert not line.armed
            assert await visit.desk.end() == 1012  # so that its page asks for what it has missed
            amina = await visit.phone.enter(invite_id=visit.seat)
            await amina.say("I take five", doubtful)  # as a page does
            await amina.say("Every day", after)
            assert await written(visit) == [before, doubtful, after]
