"""Which moment a date means and in which zone it is shown, by the server's rules and today's names."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from signaling.consultation import Consultation
from signaling.invite import Invite
from tests.people import Person
from tests.serving import Server, serving
from web.keys import STORE
from web.zones.names import offered_zones
from web.zones.rules import in_force

YEAR = datetime.now(UTC).year + 1
"The forms refuse the past, so dates are counted from today."
PLAN = {"plan_later": "on", "date": f"{YEAR}-01-11", "time": "14:30"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("clocks")) as running:
        account = await running.account()
        await running.account("ada@example.org", "Ada", "administrator")
        nepal = replace(account, time_zone="Asia/Katmandu")  # as it was stored years ago
        await running.app[STORE].write(lambda records: records.accounts.change(nepal))
        yield running


def in_zone(person: Person, told: str) -> Person:
    """Let the browser send this zone from now on."""
    person.http.headers["Cookie"] = f"time_zone={told}"
    return person


async def clocks(person: Person, **typed: str) -> dict[str, Any]:
    answer = await person.ask("GET", "/invites/clocks", params=typed)
    assert answer.status == 200
    told: dict[str, Any] = json.loads(answer.text)
    return told


async def stored(server: Server, link: str) -> tuple[Consultation, Invite]:
    read = server.app[STORE].read
    invite = await read.invites.by_token(link.removeprefix("/i/"))
    assert invite is not None
    consultation = await read.consultations.get(invite.consultation_id)
    assert consultation is not None
    return consultation, invite


async def test_both_clocks_are_told_in_words_and_for_comparison(nurse: Person) -> None:
    in_zone(nurse, "Europe/Kiev")
    told = await clocks(nurse, date=f"{YEAR}-01-11", time="14:30", time_zone="Asia/Calcutta")
    assert told["readings"] == {
        "Asia/Kolkata": f"{YEAR}-01-11 14:30",
        "Europe/Kyiv": f"{YEAR}-01-11 11:00",
    }
    assert told["at"] == datetime(YEAR, 1, 11, 9, 0, tzinfo=UTC).timestamp() * 1000
    assert "14:30\u2069 in \u2068Kolkata\u2069, \u206811:00\u2069 for you" in told["clocks"]
    assert told["cities"] == {"Asia/Kolkata": "Kolkata", "Europe/Kyiv": "Kyiv"}
    assert told["twice"] is False


async def test_an_hour_that_comes_twice_is_told_with_both_its_moments(nurse: Person) -> None:
    in_zone(nurse, "UTC")
    night = {"date": "2027-10-31", "time": "02:30", "time_zone": "Europe/Zurich"}
    first = await clocks(nurse, **night)
    second = await clocks(nurse, **night, occurrence="second")
    assert first["twice"] and second["twice"]
    assert second["at"] - first["at"] == 3_600_000
    assert "(UTC+2)" in first["clocks"] and "(UTC+1)" in second["clocks"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, ""),
        ({"date": f"{YEAR}-01-11"}, ""),
        ({"date": "2027-03-28", "time": "02:30", "time_zone": "Europe/Zurich"}, "does not exist"),
        ({"date": "2001-01-11", "time": "14:30"}, "in the past"),
        ({"date": f"{YEAR}-01-11", "time": "14:30", "time_zone": "right/UTC"}, "does not exist"),
        ({"date": "\x00", "time": "x"}, "a date"),
    ],
)
async def test_what_is_no_moment_is_told_in_words(
    nurse: Person, typed: dict[str, str], sentence: str
) -> None:
    told = await clocks(nurse, **typed)
    assert sentence in told.pop("clocks")
    assert told == {"twice": False}


async def test_the_form_offers_each_place_once(nurse: Person) -> None:
    found = json.loads((await nurse.get("/invites/zones?language=uk")).text)
    assert [zone for zone, _label, _also in found["near"]] == ["Europe/Kyiv", "Europe/Simferopol"]
    listed = [zone for zone, _label, _also in (*found["near"], *found["others"])]
    assert sorted(listed) == list(offered_zones())
    page = (await nurse.get("/invites/new?kind=remote")).text
    assert page.count('"Europe/Kyiv"') == 1 and '"Europe/Kiev"' not in page


@pytest.mark.parametrize("address", ["/invites/clocks", "/invites/zones"])
async def test_who_is_not_signed_in_is_told_nothing(server: Server, address: str) -> None:
    async with Person(server) as anybody:
        assert (await anybody.get(address)).status in (303, 401)


@pytest.mark.parametrize("told", ["Etc/Unknown", "UTC", "+05:30", ":/etc/localtime", "right/UTC"])
async def test_a_browser_that_does_not_know_its_zone_gets_that_of_the_account(
    nurse: Person, told: str
) -> None:
    page = (await in_zone(nurse, told).get("/invites/new?kind=remote")).text
    assert 'value="Asia/Kathmandu" selected' in page


async def test_a_session_is_stored_and_edited_under_todays_name(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite(**PLAN, time_zone="Europe/Kiev")
    consultation, invite = await stored(server, link)
    assert (consultation.time_zone, invite.person.time_zone) == ("Europe/Kyiv", "Europe/Kyiv")
    # planned before the place was renamed: the form has today's name, and saving it moves nothing
    old = replace(consultation, time_zone="Europe/Kiev")
    await server.app[STORE].write(lambda records: records.consultations.change(old))
    page = (await nurse.get(f"/sessions/{consultation.id}/edit")).text
    assert 'value="Europe/Kyiv" selected' in page and '"Europe/Kiev"' not in page
    corrected = {
        **PLAN, "time_zone": "Europe/Kyiv", "first_name": "Amina B", "last_name": "",
        "channel": "", "address": "amina@example.org", "language": "en",
    }  # fmt: skip
    assert (await nurse.post(f"/sessions/{consultation.id}/edit", corrected)).status == 303
    consultation, invite = await stored(server, link)
    assert (invite.person.first_name, consultation.calendar_sequence) == ("Amina B", 0)


async def test_a_zone_that_does_not_exist_is_stored_with_nobody(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    consultation, before = await stored(server, link)
    form = {
        "first_name": "Amina B", "last_name": "", "channel": "", "address": "amina@example.org",
        "language": "en", "time_zone": "Mars/Olympus",
    }  # fmt: skip
    assert (await nurse.post(f"/sessions/{consultation.id}/edit", form)).status == 303
    _, after = await stored(server, link)
    assert after.person.first_name == "Amina B"
    assert after.person.time_zone == before.person.time_zone
    refused = await nurse.post("/invites/new", {**form, **PLAN, "kind": "remote"})
    assert refused.status == 400 and "This time zone does not exist." in refused.text


async def test_a_link_shows_the_hour_of_the_mail_until_the_browser_has_told_its_zone(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite(**PLAN, time_zone="Asia/Kabul")
    async with Person(server) as amina:
        assert "14:30" in (await amina.get(link)).text
        assert "14:30" in (await in_zone(amina, "Etc/Unknown").get(link)).text
        assert "13:00" in (await in_zone(amina, "Africa/Asmera").get(link)).text


async def test_operators_are_told_the_version_of_the_rules(server: Server) -> None:
    async with Person(server) as monitor:
        ready = json.loads((await monitor.get("/readyz")).text)
        assert ready["time_zone_rules"] == in_force().version
        await monitor.sign_in("ada@example.org")
        assert in_force().version in (await monitor.get("/admin")).text
