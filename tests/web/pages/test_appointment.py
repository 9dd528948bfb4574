"""The date on the pages of a link is the date in the mail, before the browser has said a word."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from signaling.interpreter_request import InterpretingOrganization
from tests.clock import MovableClock
from tests.people import Person, outbox
from tests.serving import Server, moment, serving
from web.keys import STORE
from web.texts.dates import full_moment

NOW = moment("2026-12-01 09:00")
AT = moment("2026-12-07 06:30")
DAMASCUS = {
    "plan_later": "on", "date": "2026-12-07", "time": "09:30", "time_zone": "Asia/Damascus"
}  # fmt: skip


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        voices = InterpretingOrganization("organization-one", "Voices", "v@example.org", ("ar",), 1)
        await running.app[STORE].write(
            lambda records: records.interpreters.put_organization(voices)
        )
        yield running


def read(page: str) -> str:
    """What somebody reads on a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", page)).split())


async def test_pages_by_link_say_what_the_mail_said(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    for language in ("am", "ar", "ti", "fa"):
        link = await nurse.invite(language=language, **DAMASCUS)
        said = " ".join(full_moment(AT, "Asia/Damascus", language).split())
        async with Person(server) as phone:
            assert said in read((await phone.get(link)).text), language
        mails = [mail.text for mail in await outbox(server) if link in mail.text]
        assert said in " ".join(mails[0].split()), language
    clock.move(AT - NOW)
    async with Person(server) as phone:
        invite_id = await phone.join(link)
        assert said in read((await phone.get(f"/seat/{invite_id}")).text)
        # this phone has said where it is: there, by its clocks
        there = {"Cookie": "time_zone=Asia/Kabul"}
        page = (await phone.get(link, **there)).text
        said = full_moment(AT, "Asia/Kabul", language)
        assert " ".join(said.split()) in read(page)
        assert 'datetime="2026-12-07T11:00:00+04:30"' in page


async def test_an_interpreting_organization_reads_whose_clock_it_is(
    server: Server, nurse: Person
) -> None:
    form = {
        "kind": "remote", "first_name": "Amina", "address": "amina@example.org",
        "language": "ar", "interpreter": "on", **DAMASCUS,
    }  # fmt: skip
    assert (await nurse.post("/invites/new", form)).status == 303
    (mail,) = await outbox(server)
    link = re.search(r"/r/[\w-]+", mail.text)
    assert link is not None
    async with Person(server) as manager:
        page = read((await manager.get(link.group())).text)
    assert "Monday, 7 December 2026, 09:30 (Syria Time)" in page
