"""The form "New invite" as the server reads it: the quick case, every fault at once, and what follows."""

import html
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from signaling.interpreter_request import InterpretingOrganization
from tests.clock import MovableClock
from tests.people import Person, outbox
from tests.serving import Server, moment, serving
from web.keys import STORE
from web.markup.desk.plan_fields import next_half_hour

NOW = moment("2026-12-07 14:37")
QUICK = {"kind": "remote", "channel": "", "language": "en"}
CLOCK = MovableClock(NOW)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("inviting"), CLOCK) as running:
        await running.account()
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    CLOCK.move(timedelta(hours=1))  # so that no test uses up another's allowance
    async with Person(server) as person:
        await person.sign_in()
        yield person


async def send(nurse: Person, **typed: str) -> str:
    """Send the form; the text of the page after it."""
    answer = await nurse.post("/invites/new", {**QUICK, **typed})
    assert answer.status == 303, faults(answer.text)
    return html.unescape((await nurse.get(answer.location)).text)


async def refused(nurse: Person, **typed: str) -> dict[str, str]:
    """Send a form that is refused; field -> sentence."""
    answer = await nurse.post("/invites/new", {**QUICK, **typed})
    assert answer.status == 400
    found = faults(answer.text)
    summary = answer.text.partition('role="alert" tabindex')[2].partition("</div>")[0]
    assert set(re.findall(r'href="#(\w+)"', summary)) == set(found)
    return found


def faults(page: str) -> dict[str, str]:
    return {
        field: html.unescape(sentence)
        for field, sentence in re.findall(r'<p class="error" id="(\w+)-error">([^<]*)', page)
    }


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("fatima.h@example.org", "fatima.h"),
        ("fatima+clinic@example.org", "fatima"),
        ("+41 79 123 45 67", "Service user"),
    ],
)
async def test_an_address_is_enough(nurse: Person, address: str, name: str) -> None:
    assert f"Invitation of <bdi>{name}</bdi>" in await send(nurse, address=address)


async def test_without_an_address_a_name_is(nurse: Person) -> None:
    assert await refused(nurse, channel="none") == {
        "first_name": "Please enter a first or a last name. A pseudonym is fine."
    }
    page = await send(nurse, channel="none", last_name="Haddad")
    assert "Give this link to the person you invite." in page and "<details open" in page


async def test_everything_that_is_wrong_is_said_at_once(nurse: Person) -> None:
    found = await refused(
        nurse,
        address="no body@example.org",
        first_name="x" * 81,
        language="xx",
        plan_later="on",
        date="",
        time="25:00",
        time_zone="Mars/Olympus",
        companion="on",
        companion_address="",
        companion_name="y" * 81,
        colleague="on",
        colleague_2_address="nobody",
        colleague_3_address="lee@example",
        note="z" * 501,
    )
    assert list(found) == [
        "address", "first_name", "language", "date", "time", "time_zone", "companion_address",
        "companion_name", "colleague_2_address", "colleague_3_address", "note",
    ]  # fmt: skip
    assert found["address"] == "An email address has no spaces."
    assert found["time_zone"] == "This time zone does not exist."
    assert found["colleague_3_address"].startswith("The address is incomplete")


async def test_a_correction_is_told_everything_that_is_wrong_too(nurse: Person) -> None:
    page = await send(nurse, address="fatima@example.org")
    edit = re.search(r'action="(/sessions/[\w-]+/edit)"', page)
    assert edit is not None
    wrong = {
        **QUICK, "address": "nobody", "last_name": "x" * 81, "plan_later": "on", "date": "soon",
        "time": "14:30", "time_zone": "UTC",
    }  # fmt: skip
    answer = await nurse.post(edit[1], wrong)
    assert answer.status == 400
    assert list(faults(answer.text)) == ["address", "last_name", "date"]


async def test_two_doubtful_numbers_are_asked_about_on_one_page(nurse: Person) -> None:
    typed = {
        **QUICK, "address": "+41 44 123 45 67", "colleague": "on",
        "colleague_1_address": "+41 44 765 43 21",
    }  # fmt: skip
    page = (await nurse.post("/invites/new", typed)).text
    assert set(faults(page)) == {"address", "colleague_1_address"}
    assert page.count("Send anyway") == 2


async def test_a_fault_is_shown_on_the_dialogs_form(nurse: Person) -> None:
    page = (await nurse.post("/invites/new", {**QUICK, "address": "nobody"})).text
    assert 'id="invitation"' in page and 'data-choice="in_person"' in page
    assert 'value="nobody"' in page


async def test_the_dialog_is_told_where_the_next_page_is(nurse: Person) -> None:
    answer = await nurse.post(
        "/invites/new", {**QUICK, "address": "a@example.org"}, Accept="application/json"
    )
    assert (await nurse.get(json.loads(answer.text)["location"])).status == 200


async def test_the_next_half_hour_is_filled_in(nurse: Person) -> None:
    nurse.http.headers["Cookie"] = "time_zone=Asia/Kathmandu"
    at = next_half_hour(CLOCK.now(), "Asia/Kathmandu")
    page = (await nurse.get("/invites/new")).text
    assert f'value="{at:%Y-%m-%d}"' in page and f'value="{at:%H:%M}"' in page
    assert 'value="Asia/Kathmandu" selected' in page


@pytest.mark.parametrize(
    ("now", "zone", "shown"),
    [
        ("2026-12-07 14:37", "UTC", "2026-12-07 15:00"),
        ("2026-12-07 14:30", "UTC", "2026-12-07 15:00"),
        ("2026-12-07 14:37", "Asia/Kathmandu", "2026-12-07 20:30"),
        ("2026-12-31 23:50", "Europe/Zurich", "2027-01-01 01:00"),
        ("2027-03-28 00:40", "Europe/Zurich", "2027-03-28 03:00"),  # 02:00 is skipped
    ],
)
def test_a_half_hour_is_full_by_the_clock_of_its_zone(now: str, zone: str, shown: str) -> None:
    assert f"{next_half_hour(moment(now), zone):%Y-%m-%d %H:%M}" == shown


async def test_the_page_after_it_says_who_when_and_what_happens_next(nurse: Person) -> None:
    nurse.http.headers["Cookie"] = "time_zone=Africa/Nairobi"
    page = await send(
        nurse, address="fatima@example.org", first_name="Fatima", plan_later="on",
        date="2027-01-11", time="04:39", time_zone="Europe/Zurich",
        colleague="on", colleague_1_address="lee@example.org", colleague_1_name="Lee",
    )  # fmt: skip
    plain = re.sub("[\u2066-\u2069]", "", page)
    assert "04:39 in Zurich, 06:39 for you" in plain
    assert "When <bdi>Fatima</bdi> opens the link, it rings here" in plain
    assert "A reminder with the link is sent 1 day and 10 minutes before." in plain
    assert "lee@example.org" in plain and "Invite another person" in plain
    assert re.search(r'action="/sessions/[\w-]+/case"', plain)


async def test_without_a_provider_it_was_kept_and_every_page_says_so(
    server: Server, nurse: Person
) -> None:
    answer = await nurse.post("/invites/new", {**QUICK, "address": "kept@example.org"})
    await outbox(server)
    red = 'class="error" data-delivery="kept">Kept here, not sent<'
    sent = (await nurse.get(answer.location)).text
    assert red in sent and "notice bad" in sent and "Invitation sent" not in sent
    case = re.search(r'action="(/sessions/[\w-]+/case)"', sent)
    assert case is not None
    for address in ("/invites?search=kept", case[1]):
        page = (await nurse.get(address)).text
        assert "Kept here, not sent" in page and "· Sent" not in page


async def test_a_preview_warns_before_anything_is_kept(nurse: Person) -> None:
    for address in ("amina@example.org", "+41 79 123 45 67"):
        told = json.loads(
            (await nurse.post("/invites/preview", {**QUICK, "address": address})).text
        )
        assert "will be kept here, not sent" in told["trouble"]
    by_hand = {**QUICK, "address": "amina@example.org", "channel": "none"}
    assert json.loads((await nurse.post("/invites/preview", by_hand)).text)["trouble"] == ""


async def test_in_person_an_interpreter_is_enough(server: Server, nurse: Person) -> None:
    in_person = {"kind": "in_person", "colleague": "on", "language": "ti"}
    assert await refused(nurse, **in_person) == {
        "colleague_1_address": "Please invite at least one colleague or companion."
    }
    organization = InterpretingOrganization("asmara", "Asmara", "asmara@example.org", ("ti",), 1)
    await server.app[STORE].write(
        lambda records: records.interpreters.put_organization(organization)
    )
    page = (await nurse.get("/invites/new?kind=in_person")).text
    awaited = page.partition('id="awaited"')[2].partition('id="nobody-awaited"')[0]
    assert 'name="language"' not in awaited and 'id="language"' in page
    wanted = {**QUICK, **in_person, "interpreter": "on", "interpreter_language": "ti"}
    answer = await nurse.post("/invites/new", wanted)
    assert answer.status == 303 and answer.location.endswith("/case")
    assert "asmara@example.org" in [notice.to for notice in await outbox(server)]


async def test_while_an_interpreter_is_looked_for_there_is_no_link_to_pass_on(
    server: Server, nurse: Person
) -> None:
    organization = InterpretingOrganization("dili", "Dili", "dili@example.org", ("pt",), 2)
    await server.app[STORE].write(
        lambda records: records.interpreters.put_organization(organization)
    )
    page = await send(nurse, address="rui@example.org", language="pt", interpreter="on")
    assert "Waiting for an interpreter. Nobody else has been invited yet." in page
    assert "/i/" not in page and "Copy link" not in page
