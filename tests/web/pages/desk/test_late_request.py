"""Requests for an interpreter that nobody answers before the session."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.interpreter_request import InterpretingOrganization
from tests.clock import MovableClock
from tests.people import Person, outbox
from tests.serving import Server, moment, serving
from web.keys import STORE


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-01 09:00"))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        for number, name in enumerate(("first", "second"), 1):
            asked = InterpretingOrganization(
                f"organization-{name}", name, f"{name}@example.org", ("ar",), number
            )
            await running.app[STORE].write(
                lambda records, each=asked: records.interpreters.put_organization(each)
            )
        yield running


async def written(server: Server) -> list[tuple[str, str]]:
    return sorted((mail.to, mail.subject) for mail in await outbox(server))


async def ask(nurse: Person, **plan: str) -> None:
    form = {
        "kind": "remote", "address": "amina@example.org", "language": "ar", "interpreter": "on",
    }  # fmt: skip
    assert (await nurse.post("/invites/new", form | plan)).status == 303


async def test_silence_until_the_session_is_told_then_and_nobody_is_asked_for_a_date_that_is_past(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    plan = {"plan_later": "on", "date": "2026-12-01", "time": "20:00", "time_zone": "UTC"}
    await ask(nurse, **plan)
    (mail,) = await outbox(server)
    assert "Please answer by Tuesday, 1 December 2026, 20:00" in mail.text
    assert "another organization" not in mail.text
    case = re.findall(r"/sessions/[\w-]{16}/case", (await nurse.get("/invites")).text)[0]
    page = (await nurse.get(case)).text
    assert "If they do not answer before the session, you will get a mail." in page
    assert "or do not answer" not in page
    clock.move(timedelta(hours=10, minutes=59))
    assert [to for to, _ in await written(server)] == ["first@example.org"]
    clock.move(timedelta(minutes=1))
    assert await written(server) == [
        ("first@example.org", "Request for an interpreter"),
        ("nurse@example.org", "No interpreter is available"),
    ]
    link = re.findall(r"/r/[\w-]+", mail.text)[0]
    async with Person(server) as manager:
        page = (await manager.get(link)).text
    assert "The time to answer has passed." in page and "There is nothing left to do." in page


async def move(nurse: Person, date: str) -> None:
    page = (await nurse.get("/invites")).text
    (session,) = set(re.findall(r"/sessions/[\w-]+/edit", page))
    typed = {
        "address": "amina@example.org", "channel": "", "first_name": "", "last_name": "",
        "language": "ar", "date": date, "time": "20:00", "time_zone": "UTC", "plan_later": "on",
    }  # fmt: skip
    assert (await nurse.post(session, typed)).status == 303


async def test_a_session_that_is_moved_ahead_takes_its_deadline_along(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    await ask(nurse, plan_later="on", date="2026-12-20", time="20:00", time_zone="UTC")
    await move(nurse, "2026-12-01")
    clock.move(timedelta(hours=11))
    assert [to for to, _ in await written(server)] == ["first@example.org"] * 2 + [
        "nurse@example.org"
    ]


async def test_a_session_that_is_put_off_gives_the_organization_its_whole_time(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    await ask(nurse, plan_later="on", date="2026-12-01", time="20:00", time_zone="UTC")
    await move(nurse, "2026-12-20")
    clock.move(timedelta(hours=23, minutes=59))
    assert {to for to, _ in await written(server)} == {"first@example.org"}
    clock.move(timedelta(minutes=1))
    assert {to for to, _ in await written(server)} == {"first@example.org", "second@example.org"}


async def test_a_refusal_after_the_session_asks_nobody_else(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    await ask(nurse, plan_later="on", date="2026-12-01", time="20:00", time_zone="UTC")
    asked = next(mail.text for mail in await outbox(server) if mail.to == "first@example.org")
    link = re.search(r"/r/[\w-]+", asked)
    assert link is not None
    clock.move(timedelta(hours=11, minutes=5))
    async with Person(server) as first:
        await first.post(link.group(), {"answer": "decline"})
    assert "second@example.org" not in {to for to, _ in await written(server)}
