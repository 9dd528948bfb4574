""" "Send" whose answer was lost is pressed again: everybody is invited once."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Answer, Person, gather, outbox
from tests.serving import Server, audit_lines, moment, serving
from web.keys import STORE


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


# --- one more person


async def planned(nurse: Person) -> str:
    """The id of a session that is planned."""
    return await case_at(nurse, (await nurse.post("/invites/new", await form(nurse))).location)


async def case_at(nurse: Person, address: str) -> str:
    """The id of the session of this page."""
    found = re.search(r"/sessions/([\w-]{16})/case", (await nurse.get(address)).text)
    assert found is not None
    return found[1]


async def more(nurse: Person, case: str, page: str, *addresses: str) -> dict[str, str]:
    """The fields of a form to invite colleagues, opened on one of the pages of a session."""
    shown = (await nurse.get(f"/sessions/{case}/{page}")).text.partition('id="more-people"')[2]
    once = re.search(r'name="once" value="([\w-]+)"', shown)
    assert once is not None
    fields = {f"colleague_{n}_address": each for n, each in enumerate(addresses, 1)}
    return {"colleague": "on", "once": once[1], **fields}


FORMS = [("edit", "people"), ("people/new", "people/new")]
"Page of a session, and where its form goes."


@pytest.mark.parametrize(("page", "to"), FORMS)
async def test_one_more_person_is_invited_once(
    server: Server, nurse: Person, page: str, to: str
) -> None:
    case = await planned(nurse)
    typed = await more(nurse, case, page, "lee@example.org", "mo@example.org")
    answers = [await nurse.post(f"/sessions/{case}/{to}", typed) for _ in range(2)]
    answers += await gather(*(nurse.post(f"/sessions/{case}/{to}", typed) for _ in range(3)))
    assert len(places(answers)) == 1
    assert sorted(await sent(server)) == ["amina@example.org", "lee@example.org", "mo@example.org"]


@pytest.mark.parametrize(("page", "to"), FORMS)
async def test_as_many_are_invited_as_one_form_and_two_forms_name(
    server: Server, nurse: Person, page: str, to: str
) -> None:
    case = await planned(nurse)
    for _ in range(2):
        typed = await more(nurse, case, page, "lee@example.org", "lee@example.org")
        for _ in range(2):
            assert (await nurse.post(f"/sessions/{case}/{to}", typed)).status == 303
    assert (await sent(server)).count("lee@example.org") == 4


async def test_the_same_form_for_somebody_else_or_another_session_invites_them(
    server: Server, nurse: Person
) -> None:
    case, other = await planned(nurse), await planned(nurse)
    typed = await more(nurse, case, "people/new", "lee@example.org")
    for each, fields in (
        (case, typed),
        (case, typed | {"colleague_1_address": "mo@example.org"}),
        (other, typed),
    ):
        assert (await nurse.post(f"/sessions/{each}/people/new", fields)).status == 303
    to = await sent(server)
    assert (to.count("lee@example.org"), to.count("mo@example.org")) == (2, 1)


async def test_a_form_is_done_also_where_nobody_may_be_invited_any_more(
    server: Server, nurse: Person
) -> None:
    """The answer was lost, and the session has begun since."""
    typed = await form(nurse)
    answer = await nurse.post("/invites/new", typed)
    case = await case_at(nurse, answer.location)
    fields = await more(nurse, case, "people/new", "lee@example.org")
    assert (await nurse.post(f"/sessions/{case}/people/new", fields)).status == 303
    link = (await nurse.get(answer.location, Accept="application/json")).text
    async with Person(server) as phone:
        await phone.enter(invite_id=await phone.join(re.findall(r"/i/[\w-]+", link)[0]))
        await (await nurse.enter(consultation_id=case)).command("start_consultation")
        assert (await nurse.post(f"/sessions/{case}/people/new", fields)).status == 303
    assert (await sent(server)).count("lee@example.org") == 1


async def test_whoever_was_removed_is_invited_again_by_the_same_form(
    server: Server, nurse: Person
) -> None:
    case = await planned(nurse)
    typed = await more(nurse, case, "edit", "lee@example.org", "mo@example.org")
    assert (await nurse.post(f"/sessions/{case}/people", typed)).status == 303
    page = (await nurse.get(f"/sessions/{case}/edit")).text
    assert (await nurse.post(re.findall(r"/invites/[\w-]+/remove", page)[0])).status == 303
    assert (await nurse.post(f"/sessions/{case}/people", typed)).status == 303
    page = (await nurse.get(f"/sessions/{case}/edit")).text
    assert len(re.findall(r"/invites/[\w-]+/remove", page)) == 2


# --- under Administration


async def once_of(boss: Person, address: str) -> str:
    found = re.search(r'name="once" value="([\w-]+)"', (await boss.get(address)).text)
    assert found is not None
    return found[1]


async def test_a_team_and_an_organization_are_added_once(server: Server) -> None:
    await server.account("boss@example.org", "Boss", role="administrator")
    office = {"name": "Words", "email": "words@example.org", "language_ar": "on", "active": "on"}
    async with Person(server) as boss:
        await boss.sign_in("boss@example.org")
        team = {"name": "Night", "once": await once_of(boss, "/admin/teams")}
        answers = await gather(*(boss.post("/admin/teams", team) for _ in range(3)))
        assert len(places(answers)) == 1
        for _ in range(2):  # two forms with the same content are two wishes
            typed = office | {"once": await once_of(boss, "/admin/interpreters")}
            answers = await gather(*(boss.post("/admin/interpreters/new", typed) for _ in range(3)))
            assert len(places(answers)) == 1
    read = server.app[STORE].read
    assert [each.name for each in await read.teams.all()] == ["Night"]
    assert [each.name for each in await read.interpreters.organizations()] == ["Words", "Words"]
    words = [line.action for line in await audit_lines(server.app[STORE])]
    assert (words.count("add_team"), words.count("add_organization")) == (1, 2)
