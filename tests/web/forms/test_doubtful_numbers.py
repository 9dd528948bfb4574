"""A doubtful number is questioned before anything is sent, and shown afterwards."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from htpy import bdi

from signaling.notices.route import parse
from tests.people import Person, outbox
from tests.serving import Server, serving
from web.keys import NOTICE_ROUTING
from web.routes import path

SYRIAN = "963931234567"
"Without its plus sign: in Switzerland no such number exists."
LANDLINE = "+41 44 123 45 67"
FORM = {"kind": "remote", "first_name": "Amina", "last_name": "Haddad", "language": "ar"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, TELECONNECT_DEFAULT_REGION="CH") as running:
        await running.account()
        yield running


async def sent_to(server: Server) -> list[str]:
    return [notice.to for notice in await outbox(server)]


def button(page: str, name: str) -> str:
    """The value of the button with this name."""
    found = re.search(rf'<button[^>]* name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


def shown(number: str) -> str:
    """The number as pages show it: isolated and unbroken."""
    return str(bdi(dir="ltr")[number.replace(" ", "\u00a0")])


async def test_a_number_that_is_not_valid_here_is_sent_to_only_when_confirmed(
    server: Server, nurse: Person
) -> None:
    form = FORM | {"address": SYRIAN, "note": "Bring your letter"}
    asked = await nurse.post("/invites/new", form)
    assert asked.status == 400
    assert "This number is not valid (Switzerland). Did you mean" in asked.text
    assert str(bdi(dir="ltr")["+963 931 234 567"]) in asked.text
    for kept in (SYRIAN, "Haddad", "Bring your letter"):
        assert kept in asked.text
    assert await sent_to(server) == []

    # the Enter key presses the first button, which must not be an answer
    first = re.search(r'<form id="invitation".*?<button([^>]*)>', asked.text, re.DOTALL)
    assert first is not None and "name=" not in first[1] and "unseen" in first[1]

    confirm = {"confirm": button(asked.text, "confirm")}
    done = await nurse.post("/invites/new", form | confirm)
    assert done.status == 303
    assert await sent_to(server) == ["+41963931234567"]
    page = await nurse.get(done.location)
    assert f"{shown('+41 963931234567')} (Switzerland)" in page.text
    assert "Did you mean" in page.text


async def test_the_number_that_was_meant_is_one_press_away(server: Server, nurse: Person) -> None:
    form = FORM | {"address": SYRIAN}
    asked = await nurse.post("/invites/new", form)
    done = await nurse.post(
        "/invites/new", form | {"use_address": button(asked.text, "use_address")}
    )
    assert done.status == 303
    assert await sent_to(server) == ["+963931234567"]
    page = await nurse.get(done.location)
    assert f"{shown('+963 931 234 567')} (Syria)" in page.text
    assert "This number is not valid" not in page.text


async def test_a_confirmation_is_for_its_number_alone_and_outlives_another_question(
    server: Server, nurse: Person
) -> None:
    other = {"colleague": "on", "colleague_1_address": "+41 22 730 41 11"}
    form = FORM | {"address": LANDLINE} | other
    asked = await nurse.post("/invites/new", form)
    assert "This is a landline number" in asked.text
    # corrected and wrong again, then the button for the previous number
    confirm = {"confirm": button(asked.text, "confirm")}
    again = await nurse.post("/invites/new", form | confirm | {"address": "+41 44 123 45 68"})
    assert button(again.text, "confirm") == "+41441234568"
    second = await nurse.post("/invites/new", form | confirm)
    assert 'id="colleague_1_address-error"' in second.text
    assert 'name="confirmed" value="+41441234567"' in second.text
    assert await sent_to(server) == []
    both = {"confirmed": "+41441234567", "confirm": button(second.text, "confirm")}
    assert (await nurse.post("/invites/new", form | both)).status == 303
    assert sorted(await sent_to(server)) == ["+41227304111", "+41441234567"]


async def test_what_was_meant_is_offered_also_where_no_route_allows_what_was_typed(
    server: Server, nurse: Person
) -> None:
    server.app[NOTICE_ROUTING].replace(parse("allow +963 sms"))
    asked = await nurse.post("/invites/new", FORM | {"address": SYRIAN})
    assert button(asked.text, "use_address") == "+963931234567"
    refused = await nurse.post(
        "/invites/new", FORM | {"address": SYRIAN, "confirm": button(asked.text, "confirm")}
    )
    assert "The administrator has not allowed messages to this number" in refused.text


async def test_nobody_is_asked_about_a_link_given_by_hand(nurse: Person) -> None:
    form = FORM | {"address": LANDLINE, "channel": "none"}
    assert (await nurse.post("/invites/new", form)).status == 303


async def test_two_numbers_and_an_old_one_are_asked_about_and_never_guessed(
    server: Server, nurse: Person
) -> None:
    for typed, offers in (
        ("079 123 45 67 / 078 123 45 67", ["+41791234567", "+41781234567"]),
        ("+229 97 12 34 56", ["+2290197123456"]),
    ):
        asked = await nurse.post("/invites/new", FORM | {"address": typed})
        assert asked.status == 400
        assert re.findall(r'name="use_address" value="([^"]*)"', asked.text) == offers
        assert 'name="confirm"' not in asked.text
    assert "put 01 in front" in asked.text
    assert await sent_to(server) == []


async def test_the_list_and_the_page_of_a_session_show_where_messages_go(nurse: Person) -> None:
    form = FORM | {"address": LANDLINE, "confirm": "+41441234567"}
    colleague = {"colleague": "on", "colleague_1_address": "Eve <eve@example.org>"}
    await nurse.post("/invites/new", form | colleague)
    listed = (await nurse.get("/invites")).text
    edit = re.search(r"/sessions/[\w-]+/edit", listed)
    assert edit is not None
    for page in (listed, (await nurse.get(edit.group())).text):
        assert f"{shown('+41 44 123 45 67')} (Switzerland)" in page
        assert "This is a landline number" in page
        assert shown("eve@example.org") in page
    for search in ("44 123", "+4144"):
        assert "Amina" in (await nurse.ask("GET", "/invites", params={"search": search})).text


async def test_a_number_that_was_confirmed_is_not_asked_about_again(
    server: Server, nurse: Person
) -> None:
    await nurse.post("/invites/new", FORM | {"address": LANDLINE, "confirm": "+41441234567"})
    edit = re.search(r"/sessions/[\w-]+/edit", (await nurse.get("/invites")).text)
    assert edit is not None
    same = FORM | {"address": "+41441234567", "last_name": "Haddad-Ali", "channel": "sms"}
    assert (await nurse.post(edit.group(), same)).status == 303
    other = await nurse.post(edit.group(), same | {"address": SYRIAN})
    assert other.status == 400 and "Did you mean" in other.text
    more = await nurse.post(
        edit.group().replace("/edit", "/people"),
        {"colleague": "on", "colleague_1_address": LANDLINE},
    )
    assert more.status == 400 and button(more.text, "confirm") == "+41441234567"


async def told(nurse: Person, **typed: str) -> Any:
    answer = await nurse.ask("POST", path("invite_preview"), data={**FORM, **typed})
    assert answer.status == 200
    return json.loads(answer.text)["contacts"]


async def test_the_preview_says_what_every_field_is_taken_for(nurse: Person) -> None:
    contacts = await told(
        nurse,
        address=SYRIAN,
        companion_address="wa.me/41791234567",
        colleague_1_address="Eve <eve@example.org>",
        colleague_2_address="ada@example.org",
        colleague_3_address="+41 79",
        colleague_4_address="",
        colleague_5_address="+229 97 12 34 56",
        other_address="ward@hospital.local",
    )
    awaited = contacts["address"]
    assert awaited["offers"] == [{"address": "+963931234567", "shown": "+963 931 234 567"}]
    assert "not valid (Switzerland)" in awaited["doubt"]
    assert contacts["companion_address"] == {
        "shown": "+41 79 123 45 67", "country": "Switzerland", "doubt": "", "offers": [],
    }  # fmt: skip
    assert contacts["colleague_1_address"]["shown"] == "eve@example.org"
    assert not {f"colleague_{number}_address" for number in (2, 3, 4)} & set(contacts)
    assert "put 01 in front" in contacts["colleague_5_address"]["doubt"]
    assert "only inside its own organization" in contacts["other_address"]["doubt"]


async def test_countries_and_doubts_are_in_the_language_of_who_types(nurse: Person) -> None:
    nurse.http.cookie_jar.update_cookies({"language": "ar"})
    contacts = await told(nurse, address="+41 79 123 45 67")
    assert contacts["address"]["country"] == "سويسرا"
