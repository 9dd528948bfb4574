"""What a scheduler has not read: in the lobby, on pages, and gone once it was seen."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.flows.sessions.unread import UNREAD_AFTER
from tests.clock import MovableClock
from tests.people import Person, Visit, Wire, an_id, visiting
from tests.serving import Server, serving
from web.keys import WAITS

NOW = datetime(2026, 12, 7, 10, 0, tzinfo=UTC)


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    """Amina waits, and the nurse has the session's page open; the test moves the clock."""
    async with serving(tmp_path, MovableClock(NOW)) as server:
        await server.account()
        async with visiting(server) as visit:
            yield visit


async def lobby(person: Person) -> Wire:
    """The socket of a page of the desk, after its first message."""
    wire = await person.connect()
    await wire.send("hello", version=3, stream="lobby", peer_id=an_id("peer"))
    await wire.until("lobby")
    return wire


async def later(server: Server, by: timedelta = UNREAD_AFTER) -> None:
    clock = server.app[WAITS].clock
    assert isinstance(clock, MovableClock)
    clock.move(by)
    await server.app[WAITS].run_due()


def unread_in(frame: dict[str, Any]) -> list[dict[str, Any]]:
    unread: list[dict[str, Any]] = frame.get("unread", [])
    return unread


async def until_unread(wire: Wire, *expected: dict[str, Any]) -> None:
    """Read on until the lobby says that this is unread."""
    while unread_in(await wire.until("lobby")) != [*expected]:
        pass


def last_unread(wire: Wire) -> list[dict[str, Any]]:
    return unread_in([frame for frame in wire.frames if frame["type"] == "lobby"][-1])


async def test_what_nobody_reads_is_counted_and_gone_once_it_was_seen(visit: Visit) -> None:
    desk = await lobby(visit.nurse)
    await visit.amina.say("I have a question")
    since = int(NOW.timestamp() * 1000)
    await later(visit.nurse.server)
    entry = {"consultation_id": visit.consultation_id, "name": "Amina", "count": 1, "since": since}
    await until_unread(desk, entry)
    position = (await visit.amina.say("Are you there?"))["position"]
    await later(visit.nurse.server)
    await until_unread(desk, entry | {"count": 2})
    await visit.desk.send("seen", position=position)
    await until_unread(desk)


async def test_what_is_read_at_once_is_never_shown_as_unread(visit: Visit) -> None:
    desk = await lobby(visit.nurse)
    position = (await visit.amina.say("Good morning"))["position"]
    await visit.desk.send("seen", position=position)
    await visit.amina.until("seen_changed")
    await later(visit.nurse.server)
    await desk.send("ping")
    await desk.until("pong")
    assert not any(unread_in(frame) for frame in desk.frames)


async def test_a_page_opened_later_knows_at_once_and_says_no_word_of_the_text(
    visit: Visit,
) -> None:
    await visit.amina.say("strong chest pain")
    await visit.desk.say("written by the nurse alone counts as read")
    desk = await lobby(visit.nurse)
    assert [(each["name"], each["count"]) for each in last_unread(desk)] == [("Amina", 1)]
    for path in ("/", "/invites", "/opened"):
        page = (await visit.nurse.get(path)).text
        assert "chest pain" not in page
    assert "1 unread" in (await visit.nurse.get("/")).text
    assert "1 unread" in (await visit.nurse.get("/invites")).text
    await visit.desk.command("start_consultation")
    assert "1 unread" in (await visit.nurse.get("/opened")).text
    await visit.desk.send("seen", position=4)
    await until_unread(desk)
    for path in ("/", "/invites", "/opened"):
        assert " unread" not in (await visit.nurse.get(path)).text


@pytest.mark.parametrize("closed", [True, False])
async def test_what_is_over_is_not_unread_any_more(visit: Visit, closed: bool) -> None:
    await visit.amina.say("I have a question")
    desk = await lobby(visit.nurse)
    assert last_unread(desk)
    if closed:
        await visit.desk.command("start_consultation")
        await visit.desk.command("terminate_consultation", choice="close")
    else:
        await visit.nurse.post(f"/sessions/{visit.consultation_id}/cancel")
    await until_unread(desk)


async def test_nobody_else_learns_of_it(visit: Visit) -> None:
    server = visit.nurse.server
    await server.account("lee@example.org", "Dr Lee")
    await visit.amina.say("For the nurse alone")
    async with Person(server) as lee:
        await lee.sign_in("lee@example.org")
        assert last_unread(await lobby(lee)) == []
        assert "1 unread" not in (await lee.get("/")).text


async def test_a_session_in_progress_has_nobody_waiting(visit: Visit) -> None:
    desk = await lobby(visit.nurse)
    await visit.desk.command("start_consultation")
    await visit.desk.ws.close()
    await later(visit.nurse.server, timedelta(minutes=1))
    page = await lobby(visit.nurse)
    assert page.frames[-1]["waiting"] == []
    assert (await visit.nurse.post("/waiting-room/next")).location == "/waiting-room"
    await desk.send("ping")
    await desk.until("pong")
