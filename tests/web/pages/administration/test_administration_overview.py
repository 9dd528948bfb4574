"""The first page of Administration: every page in order, and what is wrong there; languages."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Person
from tests.serving import Server, audit_lines, serving
from web.keys import RUNTIME_SETTINGS, STORE
from web.texts.catalogs import OWN_NAMES


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, TELECONNECT_BRAMD="x") as server:
        await server.account(role="administrator")
        yield server


@pytest.fixture
async def boss(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as boss:
        await boss.sign_in()
        yield boss


async def entries(boss: Person) -> dict[str, str]:
    """Label -> everything below it."""
    page = (await boss.get("/admin")).text
    rows = re.findall(r'<a href="/admin/[^"]+"><strong>([^<]+)</strong></a>(.*?)</li>', page)
    return dict(rows)


async def test_each_page_says_what_is_wrong_there(server: Server, boss: Person) -> None:
    found = await entries(boss)
    order = ["People", "Teams", "Access requests", "Interpreters", "Routes", "Texts"]
    assert list(found)[: len(order)] == order
    assert list(found)[-4:] == ["Audit log", "Numbers", "Health", "Outbox"]
    assert "misspelled in the environment: TELECONNECT_BRAMD" in found["Settings"]
    assert "No mail server is set up" in found["Outbox"]
    assert "No provider for SMS and WhatsApp is set up." in found["Routes"]
    assert "concern" not in found["Interpreters"]
    assert "concern" not in found["People"]
    assert (await boss.post("/profile/deletion", {"step": "ask"})).status == 303
    assert "1 person has asked to be deleted." in (await entries(boss))["People"]
    form = {"name": "Far", "email": "far@example.org", "language_fr": "on"}
    await boss.post("/admin/interpreters/new", form)
    assert "Every organization is off" in (await entries(boss))["Interpreters"]


async def test_a_language_that_is_switched_off_is_offered_nowhere_but_kept(
    server: Server, boss: Person
) -> None:
    link = await boss.invite(language="uk")
    page = (await boss.get("/admin/languages")).text
    assert page.count("translated") >= len(OWN_NAMES) - 1
    chosen = {code: "on" for code in OWN_NAMES if code not in ("uk", "en")}
    assert (await boss.post("/admin/languages", chosen)).status == 303
    assert server.app[RUNTIME_SETTINGS].languages_off == {"uk"}
    async with Person(server, **{"Accept-Language": "uk, fr;q=0.5"}) as stranger:
        page = (await stranger.get("/signin")).text
        assert 'lang="fr"' in page and OWN_NAMES["uk"] not in page
        invited = (await stranger.get(link)).text  # whoever was invited in it keeps it
        assert '<html lang="uk"' in invited
    assert OWN_NAMES["uk"] not in (await boss.get("/invites/new?kind=remote")).text
    await boss.post("/admin/languages", dict.fromkeys(OWN_NAMES, "on"))
    assert OWN_NAMES["uk"] in (await boss.get("/invites/new?kind=remote")).text
    lines = await audit_lines(server.app[STORE])
    changes = [line.thing for line in lines if line.action == "change_setting"]
    assert changes == ["languages_off:uk", "languages_off:"]


async def test_english_cannot_be_switched_off(server: Server, boss: Person) -> None:
    await boss.post("/admin/languages", {})
    assert server.app[RUNTIME_SETTINGS].languages == (("en", "English"),)
    assert (await boss.get("/admin/languages")).status == 200
