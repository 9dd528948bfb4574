""" "Send" whose answer was lost is pressed again: everybody is invited once."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Answer, Person, gather, outbox
from tests.serving import Server, moment, serving


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:37"))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        await running.account("lee@example.org", "Lee")
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as person:
        await person.sign_in()
        yield person


async def form(nurse: Person) -> dict[str, str]:
    """The fields of a form "New invite" that was opened."""
    once = re.search(r'name="once" value="([\w-]+)"', (await nurse.get("/invites/new")).text)
    assert once is not None
    return {
        "kind": "remote", "channel": "", "language": "en", "address": "amina@example.org",
        "once": once[1],
    }  # fmt: skip


async def sent(server: Server) -> list[str]:
    return [mail.to for mail in await outbox(server)]


def places(answers: list[Answer]) -> set[str]:
    assert {answer.status for answer in answers} == {303}
    return {answer.location for answer in answers}


async def test_one_form_is_one_session(server: Server, nurse: Person) -> None:
    typed = await form(nurse)
    answers = [await nurse.post("/invites/new", typed) for _ in range(2)]
    answers += await gather(*(nurse.post("/invites/new", typed) for _ in range(3)))
    assert len(places(answers)) == 1
    assert await sent(server) == ["amina@example.org"]


async def test_everybody_of_it_is_written_to_once(server: Server, nurse: Person) -> None:
    typed = await form(nurse) | {"colleague": "on", "colleague_1_address": "lee@example.org"}
    assert len(places([await nurse.post("/invites/new", typed) for _ in range(2)])) == 1
    assert sorted(await sent(server)) == ["amina@example.org", "lee@example.org"]


async def test_the_same_page_filled_in_for_somebody_else_is_another_session(
    server: Server, nurse: Person
) -> None:
    typed = await form(nurse)
    other = typed | {"address": "haddad@example.org"}
    assert len(places([await nurse.post("/invites/new", each) for each in (typed, other)])) == 2
    assert sorted(await sent(server)) == ["amina@example.org", "haddad@example.org"]


async def test_two_forms_for_one_person_are_two_sessions(server: Server, nurse: Person) -> None:
    answers = [await nurse.post("/invites/new", await form(nurse)) for _ in range(2)]
    assert len(places(answers)) == 2
    assert await sent(server) == ["amina@example.org"] * 2


async def test_the_same_page_sent_again_a_little_later_is_the_same_wish(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    typed = await form(nurse)
    answers = [await nurse.post("/invites/new", typed)]
    clock.move(timedelta(minutes=14))
    answers.append(await nurse.post("/invites/new", typed))
    assert len(places(answers)) == 1
    assert await sent(server) == ["amina@example.org"]


async def test_the_same_page_sent_again_much_later_is_another_session(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    typed = await form(nurse)
    answers = [await nurse.post("/invites/new", typed)]
    clock.move(timedelta(minutes=31))
    answers.append(await nurse.post("/invites/new", typed))
    assert len(places(answers)) == 2
    assert await sent(server) == ["amina@example.org"] * 2


async def test_the_same_page_sent_again_after_canceling_is_another_session(
    server: Server, nurse: Person
) -> None:
    typed = await form(nurse)
    seen = set()
    for _ in range(3):
        seen |= places([await nurse.post("/invites/new", typed)])
        (case,) = re.findall(r"/sessions/([\w-]+)/edit", (await nurse.get("/invites")).text)
        assert (await nurse.post(f"/sessions/{case}/cancel")).status == 303
    assert len(seen) == 3


async def test_somebody_elses_form_is_no_way_into_the_session(
    server: Server, nurse: Person
) -> None:
    typed = await form(nurse)
    async with Person(server) as lee:
        await lee.sign_in("lee@example.org")
        answers = [await each.post("/invites/new", typed) for each in (nurse, lee)]
        assert len(places(answers)) == 2
        assert (await lee.get(answers[0].location)).status == 404
