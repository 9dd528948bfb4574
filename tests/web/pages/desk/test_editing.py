""" "Edit" on several pages at once, as two tabs or two colleagues have it open."""

import html
import json
import re
from collections.abc import AsyncIterator

import pytest

from tests.clock import MovableClock
from tests.people import Answer, Person, outbox
from tests.serving import Server, moment, serving

PLANNED = {
    "kind": "remote", "channel": "", "language": "en", "address": "amina@example.org",
    "first_name": "Amina", "plan_later": "on", "date": "2026-12-20", "time": "10:00",
    "time_zone": "UTC", "colleague": "on", "colleague_1_address": "lee@example.org",
}  # fmt: skip


@pytest.fixture
async def server(tmp_path: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path, MovableClock(moment("2026-12-07 14:37"))) as running:
        await running.account()
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as person:
        await person.sign_in()
        assert (await person.post("/invites/new", PLANNED)).status == 303
        yield person


class Page:
    """A form that was opened: what it showed, and where it is sent."""

    def __init__(self, nurse: Person, address: str, text: str) -> None:
        self.nurse, self.address = nurse, address
        shown = re.search(r'name="shown" value="([^"]*)"', text)
        assert shown is not None
        self.fields = {"shown": html.unescape(shown[1]), **json.loads(html.unescape(shown[1]))}

    async def send(self, **changed: str) -> Answer:
        return await self.nurse.post(self.address, self.fields | changed)


async def opened(nurse: Person, pattern: str = r"/sessions/[\w-]+/edit") -> Page:
    found = re.findall(pattern, (await nurse.get("/invites")).text)
    address = next(each for each in found if "CONSULTATION" not in each)
    return Page(nurse, address, (await nurse.get(address)).text)


async def colleague(nurse: Person) -> Page:
    session = await opened(nurse)
    page = (await nurse.get(session.address)).text
    [address] = re.findall(r'action="(/invites/[\w-]+/edit)"', page)
    return Page(nurse, address, (await nurse.get(address)).text)


async def test_a_corrected_name_does_not_move_the_session_back(
    server: Server, nurse: Person
) -> None:
    first, second = await opened(nurse), await opened(nurse)
    assert (await first.send(time="12:00")).status == 303
    assert (await second.send(first_name="Aminata")).status == 303
    now = (await opened(nurse)).fields
    assert (now["time"], now["first_name"]) == ("12:00", "Aminata")
    moved = [mail for mail in await outbox(server) if mail.subject == "Your session has been moved"]
    assert len(moved) == 2


async def test_a_moved_session_does_not_undo_a_correction(server: Server, nurse: Person) -> None:
    first, second = await opened(nurse), await opened(nurse)
    await first.send(address="haddad@example.org", language="ar")
    await second.send(date="2026-12-21")
    now = (await opened(nurse)).fields
    assert (now["date"], now["address"], now["language"]) == (
        "2026-12-21", "haddad@example.org", "ar",
    )  # fmt: skip


async def test_what_both_have_changed_is_as_the_later_one_says(nurse: Person) -> None:
    first, second = await opened(nurse), await opened(nurse)
    await first.send(time="12:00")
    await second.send(time="13:00")
    assert (await opened(nurse)).fields["time"] == "13:00"


async def test_a_refused_form_keeps_what_was_typed_and_shows_the_rest_as_it_is(
    nurse: Person,
) -> None:
    first, second = await opened(nurse), await opened(nurse)
    await first.send(time="12:00")
    refused = await second.send(address="nobody", first_name="Aminata")
    assert refused.status == 400
    again = Page(nurse, second.address, refused.text)
    assert again.fields["time"] == "12:00"
    assert 'value="Aminata"' in refused.text and 'value="12:00"' in refused.text
    assert (await again.send(first_name="Aminata")).status == 303
    now = (await opened(nurse)).fields
    assert (now["time"], now["first_name"], now["address"]) == (
        "12:00", "Aminata", "amina@example.org",
    )  # fmt: skip


async def test_an_experts_name_does_not_undo_the_address(nurse: Person) -> None:
    first, second = await colleague(nurse), await colleague(nurse)
    await first.send(address="leung@example.org")
    await second.send(name="Dr. Lee")
    now = (await colleague(nurse)).fields
    assert (now["name"], now["address"]) == ("Dr. Lee", "leung@example.org")


@pytest.mark.parametrize("shown", ["", "[]", "{", '{"time": 5}'])
async def test_a_form_that_does_not_say_what_it_showed_is_taken_as_it_is(
    nurse: Person, shown: str
) -> None:
    page = await opened(nurse)
    assert (await page.send(shown=shown, time="12:00")).status == 303
    assert (await opened(nurse)).fields["time"] == "12:00"


async def test_what_cannot_be_saved_any_more_is_not_taken_for_saved(nurse: Person) -> None:
    page, expert = await opened(nurse), await colleague(nurse)
    cancel = page.address.replace("/edit", "/cancel")
    assert (await nurse.post(cancel)).status == 303
    assert (await page.send(time="12:00")).status == 409
    assert (await expert.send(name="Dr. Lee")).status in (404, 409)
    more = {"companion": "on", "companion_address": "remi@example.org"}
    assert (await nurse.post(page.address.replace("/edit", "/people"), more)).status in (404, 409)


async def test_canceling_twice_is_canceling_once(server: Server, nurse: Person) -> None:
    cancel = (await opened(nurse)).address.replace("/edit", "/cancel")
    assert [(await nurse.post(cancel)).status for _ in range(2)] == [303, 303]
    canceled = [
        mail for mail in await outbox(server) if mail.subject == "Your session has been canceled"
    ]
    assert len(canceled) == 2
