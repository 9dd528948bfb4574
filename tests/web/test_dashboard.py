"""The dashboard: what it lists, each once, with its main action."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Person, consultation_of, outbox
from tests.serving import Server, serving
from web.keys import STORE

NOW = datetime(2026, 12, 7, 10, 0, tzinfo=UTC)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, MovableClock(NOW)) as server:
        await server.account()
        yield server


@asynccontextmanager
async def nurse_at(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as nurse:
        await nurse.sign_in()
        yield nurse


def planned(date: str, time: str) -> dict[str, str]:
    return {"plan_later": "on", "date": date, "time": time, "time_zone": "UTC"}


async def part(nurse: Person, name: str) -> str:
    """The live part of the dashboard with this id, up to the next heading."""
    page = (await nurse.get("/")).text
    return re.split(r"<h2|</main|<dialog", page.partition(f'id="{name}"')[2])[0]


async def test_today_is_todays_and_the_rest_is_a_number(server: Server) -> None:
    async with nurse_at(server) as nurse:
        assert "Nothing is planned for today." in await part(nurse, "planned")
        await nurse.invite("Karim", **planned("2026-12-07", "23:30"))
        await nurse.invite("Later", **planned("2026-12-08", "00:30"))
        await nurse.invite("Much Later", **planned("2026-12-20", "09:00"))
        today = await part(nurse, "planned")
        assert "Karim" in today and "23:30" in today
        assert "2026" not in re.sub(r'datetime="[^"]+"', "", today)
        assert "Later" not in today
        assert "2 more sessions are planned." in today
        assert "Details" in today


async def test_whoever_waits_is_listed_once_and_can_be_started_in_two_ways(
    server: Server,
) -> None:
    async with nurse_at(server) as nurse, Person(server) as phone:
        seat = await phone.join(await nurse.invite("Amina"))
        amina = await phone.enter(invite_id=seat)
        held = await consultation_of(amina)
        waiting = await part(nurse, "waiting-list")
        assert waiting.count(f'data-key="{held}"') == 1
        for name, value in (("Start with video", "video"), ("Start with chat", "chat")):
            assert re.search(rf'name="start" value="{value}"[^>]*>{name}<', waiting)
        assert "Amina" not in await part(nurse, "planned")
        assert (await nurse.post("/waiting-room/next")).location == f"/sessions/{held}"

        desk = await nurse.enter(consultation_id=held)
        await desk.command("start_consultation")
        await desk.ws.close()
        await amina.until("participant_changed")
        assert held not in (await part(nurse, "waiting-list")).partition("<template")[0]
        opened = await part(nurse, "opened")
        assert "Amina" in opened and "Online" in opened


async def test_what_never_left_is_listed_with_its_reason(server: Server) -> None:
    async with nurse_at(server) as nurse:
        await nurse.invite("Yusuf", address="yusuf@example.org")
        assert "Yusuf" not in await part(nurse, "failed")
        assert await outbox(server)  # no mail server is set up
        page = (await nurse.get("/")).text
        assert "Not delivered" in page
        failed = page.partition('id="failed"')[2].partition('id="today-title"')[0]
        assert "Yusuf" in failed and "yusuf@example.org" in failed
        assert "Kept here, not sent" in failed


async def test_send_again_comes_back_to_the_page_on_which_it_was_pressed(server: Server) -> None:
    async with nurse_at(server) as nurse:
        await nurse.invite("Yusuf", address="yusuf@example.org")
        row = await part(nurse, "planned")
        [invite] = await server.app[STORE].read.invites.of_consultation(
            row.partition('data-consultation-id="')[2].partition('"')[0]
        )
        again = f"/invites/{invite.id}/send?back=dashboard"
        assert (await nurse.post(again)).location == "/"


async def test_not_now_is_remembered_with_the_account(server: Server) -> None:
    async with nurse_at(server) as nurse:
        assert "data-offer-notifications" in (await nurse.get("/")).text
        assert (await nurse.post("/profile/notifications")).status == 303
        assert "data-offer-notifications" not in (await nurse.get("/")).text
        ring = {"ring_sound": "soft", "ring_volume": "10", "notifications": "on"}
        assert (await nurse.post("/profile/preferences", ring)).status == 303
        assert "data-offer-notifications" not in (await nurse.get("/")).text


async def test_the_menu_has_four_entries_and_the_foot_the_others(server: Server) -> None:
    await server.account("boss@example.org", "Boss", "administrator")
    for email, last, more in (
        ("nurse@example.org", "Help", ["Terms of use"]),
        ("boss@example.org", "Administration", ["Help", "Terms of use"]),
    ):
        async with Person(server) as person:
            await person.sign_in(email)
            page = (await person.get("/invites")).text
            menu, foot = (
                re.findall(r"<a [^>]*>([^<]+)</a>", page.partition(f'aria-label="{name}"')[2]
                           .partition("</nav>")[0])
                for name in ("Main menu", "More pages")
            )  # fmt: skip
            assert menu == ["Dashboard", "Invites", "History", last]
            assert foot == ["Waiting room", "Opened sessions", "Test my device", *more]
