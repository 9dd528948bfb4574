"""Terms and help: the default, an administrator's text, and what both never do."""

import re
from collections.abc import AsyncIterator

import pytest

from signaling.errors import InvalidInput
from tests.people import Person
from tests.serving import Server, audit_lines, serving
from web.keys import PAGE_TEXTS, STORE
from web.texts.page_texts import LONGEST, to_html

EDITOR = "/admin/pages/terms/en"


@pytest.fixture
async def server(tmp_path) -> AsyncIterator[Server]:
    async with serving(tmp_path, TELECONNECT_RETENTION_HOURS="36") as server:
        await server.account(role="administrator")
        yield server


@pytest.fixture
async def boss(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as boss:
        await boss.sign_in()
        yield boss


async def version(boss: Person, editor: str = EDITOR) -> str:
    found = re.search(r'name="version" value="(\w*)"', (await boss.get(editor)).text)
    assert found is not None
    return found[1]


async def save(boss: Person, text: str, editor: str = EDITOR, **more: str) -> int:
    form = {"text": text, "step": "save", "version": await version(boss, editor), **more}
    return (await boss.post(editor, form)).status


async def test_everybody_reads_the_default_in_their_language(server: Server) -> None:
    async with Person(server) as stranger:
        page = (await stranger.get("/terms?language=fr")).text
        assert "Conditions" in page
        assert re.search(r'<div[^>]* lang="fr"', page)
        assert "36" in page
        assert "<nav" not in page  # no menu of staff
        assert "Joining a session" in (await stranger.get("/help")).text


async def test_an_own_text_replaces_the_default_in_its_language_only(
    server: Server, boss: Person
) -> None:
    assert await save(boss, "# Ours\n\nKept for $hours hours by $brand, costs $5.") == 303
    async with Person(server) as stranger:
        english = (await stranger.get("/terms")).text
        assert "<h2>Ours</h2>" in english
        assert "Kept for 36 hours by TeleConnect, costs $5." in english
        assert "Ours" not in (await stranger.get("/terms?language=fr")).text
    assert "This is your own text." in (await boss.get(EDITOR)).text
    assert await save(boss, "", step="default") == 303
    assert "This is the default text." in (await boss.get(EDITOR)).text
    lines = await audit_lines(server.app[STORE])
    changes = [line.thing for line in lines if line.action == "change_page_text"]
    assert changes == ["terms en", "terms en"]


async def test_a_language_without_a_text_says_in_which_it_is_shown(
    server: Server, boss: Person
) -> None:
    await save(boss, "Our own help", "/admin/pages/help/en")
    texts = server.app[PAGE_TEXTS]
    without = [code for code in ("am", "ti", "so", "sw") if not texts.is_translated("help", code)]
    async with Person(server) as stranger:
        for code in without:
            page = (await stranger.get(f"/help?language={code}")).text
            assert "Our own help" in page and 'lang="en" dir="ltr"' in page
            assert "English" in page


async def test_the_landing_page_has_short_terms_and_links_long_ones(
    server: Server, boss: Person
) -> None:
    link = await boss.invite()
    async with Person(server) as phone:
        page = (await phone.get(link)).text
        assert "not an emergency service" in page
        assert 'href="/help?language=en"' in page
        await save(boss, "Short and own")
        assert "Short and own" in (await phone.get(link)).text
        await save(boss, "Long and own. " * 200)
        page = (await phone.get(link)).text
        assert "Long and own" not in page
        assert 'href="/terms?language=en"' in page


async def test_two_tabs_do_not_overwrite_each_other(boss: Person) -> None:
    first = second = await version(boss)
    answer = await boss.post(EDITOR, {"text": "From one tab", "step": "save", "version": first})
    assert answer.status == 303
    answer = await boss.post(EDITOR, {"text": "From another", "step": "save", "version": second})
    assert answer.status == 409
    assert "Somebody else has changed this text" in answer.text
    assert "From one tab" in answer.text and "From another" in answer.text
    assert "From one tab" in (await boss.get("/terms")).text
    # saved again by somebody who has seen theirs
    again = re.search(r'name="version" value="(\w+)"', answer.text)
    assert again is not None
    form = {"text": "From another", "step": "save", "version": again[1]}
    assert (await boss.post(EDITOR, form)).status == 303
    assert "From another" in (await boss.get("/terms")).text


async def test_a_text_that_is_too_long_is_kept_with_its_count(boss: Person) -> None:
    text = "x" * (LONGEST + 7)
    answer = await boss.post(EDITOR, {"text": text, "step": "save", "version": ""})
    assert answer.status == 400
    assert f"This text has {LONGEST + 7} characters" in answer.text
    assert text in answer.text


async def test_a_preview_changes_nothing(boss: Person) -> None:
    answer = await boss.post(EDITOR, {"text": "Just **seen**", "step": "preview", "version": ""})
    assert "<p>Just <strong>seen</strong></p>" in answer.text
    assert "Just" not in (await boss.get("/terms")).text


async def test_the_default_saved_as_it_is_stays_the_default(server: Server, boss: Person) -> None:
    default = server.app[PAGE_TEXTS].default("terms", "en")
    assert await save(boss, default) == 303
    assert server.app[PAGE_TEXTS].own("terms", "en") == ""


@pytest.mark.parametrize("address", ["/admin/pages/terms/xx", "/admin/pages/other/en"])
async def test_another_page_or_language_does_not_exist(boss: Person, address: str) -> None:
    assert (await boss.get(address)).status == 404
    assert (await boss.post(address, {"text": "x", "step": "save"})).status == 404


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("<script>run()</script>", "<script"),
        ("<img src=https://example.org/x.png>", "<img"),
        ("![a picture](https://example.org/x.png)", "<img"),
        ("[a link](javascript:run())", "javascript"),
        ("[a link](//example.org)", "example.org"),
        ("<a href='\\\\example.org'>a link</a>", "example.org"),
        ("<a href=' /\t/example.org'>a link</a>", "example.org"),
        ("<p style='color:red' onclick=run()>x</p>", "style"),
        ("<iframe src=https://example.org></iframe>", "iframe"),
        ("<link rel=stylesheet href=https://example.org>", "<link"),
    ],
)
def test_no_text_loads_or_runs_anything(text: str, without: str) -> None:
    assert without not in to_html(text)


@pytest.mark.parametrize("unit", ["[", "![", "<a ", "<", "# a\n", "a\n=\n"])
def test_what_would_hold_up_the_server_is_refused(unit: str) -> None:
    with pytest.raises(InvalidInput):
        to_html((unit * 1000 + "x " * LONGEST)[:LONGEST])
    assert to_html(unit * 20 + "x " * 1000)


async def test_a_longer_name_of_the_service_keeps_nobody_out(server: Server, boss: Person) -> None:
    assert await save(boss, "Of $brand " * 1200) == 303
    link = await boss.invite()
    assert (await boss.post("/admin/settings/brand", {"brand": "x" * 80})).status == 303
    async with Person(server) as phone:
        assert "not an emergency service" in (await phone.get("/terms")).text
        assert "Join the session" in (await phone.get(link)).text
    editor = await boss.get(EDITOR)
    assert editor.status == 200 and "too long or too complicated" in editor.text
    assert await save(boss, "Of $brand") == 303
    assert "Of xxxx" in (await boss.get("/terms")).text


async def test_going_back_to_the_default_of_a_changed_text_keeps_what_was_typed(
    boss: Person,
) -> None:
    await save(boss, "From one tab")
    text = "y" * (LONGEST + 300)
    answer = await boss.post(EDITOR, {"text": text, "step": "default", "version": "another"})
    assert answer.status == 409
    assert text in answer.text and "From one tab" in answer.text
