"""Links copied with their surroundings from a mail or a chat lead where they were meant to."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from yarl import URL

from tests.people import Answer, Person
from tests.serving import Server, serving
from web.http.clean_addresses import LONG, SHORT, cleaned
from web.keys import SETUP_TOKEN, STORE

TOKEN = "Yfj_HUbKtlSu-UTPTUN4Q_"
assert len(TOKEN) == SHORT

BEHIND = [
    ".", ",", ")", ">", "]", '"', "*", "'", "。", "،", "؛", "\u200b", "\u200f", "\u2069", "\u202c", "\ufeff", "/", "//",
    "%20", "»", "”", ").", ">.", "!", "…", "&lt;br&gt;", "%22%3E", "&fbclid=abc", ";x=1", "\u00a0",
    " We look forward to it", "=", "=\r\n", "\\", "|", "%2F", "/.", "%E2%80%8B", "<", "`", "**",
]  # fmt: skip
MEANT = [
    *((f"/i/{TOKEN}{mark}", f"/i/{TOKEN}") for mark in BEHIND),
    *((f"/i/{TOKEN}/test{mark}", f"/i/{TOKEN}/test") for mark in (".", ")", "/", "\u200b", "。")),
    (f"/i/{TOKEN}/session.ics.", f"/i/{TOKEN}/session.ics"),
    (f"/I/{TOKEN}", f"/i/{TOKEN}"),
    (f"/I/{TOKEN}/TEST", f"/i/{TOKEN}/test"),
    (f"/i/<{TOKEN}>", f"/i/{TOKEN}"),
    (f"/i/ {TOKEN}", f"/i/{TOKEN}"),
    (f"/i/\u2066{TOKEN}\u2069", f"/i/{TOKEN}"),
    (f"//i/{TOKEN}", f"/i/{TOKEN}"),
    (f"/i/{TOKEN[:9]}=\r\n{TOKEN[9:]}", f"/i/{TOKEN}"),
    (f"/i/{TOKEN[:9]}\u200b{TOKEN[9:]}", f"/i/{TOKEN}"),
    (f"/i/{TOKEN[:9]}\u00ad {TOKEN[9:]}", f"/i/{TOKEN}"),
    (f"/i/{TOKEN.replace('-', chr(0x2011))}", f"/i/{TOKEN}"),
    (f"/r/{TOKEN}.", f"/r/{TOKEN}"),
    ("/password/" + "a" * LONG + ",", "/password/" + "a" * LONG),
    ("/setup/" + "a" * LONG + ")", "/setup/" + "a" * LONG),
    ("/device-test.", "/device-test"),
    ("/sessions/0123456789abcdef)", "/sessions/0123456789abcdef"),
    ("/signin/", "/signin"),
]


@pytest.mark.parametrize(("came", "meant"), MEANT)
def test_what_stands_around_an_address_is_left_out(came: str, meant: str) -> None:
    for written in (came, quote(came, safe="/%"), quote(quote(came, safe="/%"), safe="/")):
        assert cleaned(written) == meant
    assert cleaned(meant) is None


@pytest.mark.parametrize(
    "path",
    [
        "/", f"/i/{TOKEN}", f"/i/{TOKEN}/test", f"/i/{TOKEN}/session.ics", f"/i/{TOKEN}abc",
        f"/i/{TOKEN[:-1]}", "/i/x", "/i/", "/i/%00%0d%0a", "/static/0/js/pages/plain.js", "//evil.example",
        "//evil.example.", "/%2F%2Fevil.example.", "/\\evil.example", "/catalog/0/fr.json", "/...", "/i/" + "." * 3000,
    ],
)  # fmt: skip
def test_other_addresses_are_left_alone(path: str) -> None:
    """Nobody is redirected to another server."""
    assert cleaned(path) is None


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


async def follow(person: Person, path: str) -> Answer:
    answer = await person.get(URL(path, encoded=True))
    assert answer.status == 302
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    return await person.get(answer.location)


async def test_every_kind_of_link_opens_with_a_mark_behind_it(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as phone:
        setup = server.app[SETUP_TOKEN].make()
        assert (await follow(phone, f"/setup/{setup}.")).status == 200
        await server.account(role="administrator")
        await nurse.sign_in()
        link = await nurse.invite()
        for mark in (".", "%29", "%E3%80%82", "%E2%80%8B", "/"):
            assert "Join the session" in (await follow(phone, link + mark)).text
        assert (await follow(phone, f"{link}/test,")).status == 200
        account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
        assert account is not None
        made = await nurse.post(f"/admin/people/{account.id}/password-link")
        found = made.text.partition("/password/")[2][:LONG]
        assert (await follow(phone, f"/password/{found}%3E")).status == 200
        assert (await phone.post(f"{link}.")).status == 410  # state changes are not redirected


async def test_a_mark_gives_nobody_another_guess(server: Server) -> None:
    async with Person(server) as stranger:
        answers = []
        for number in range(61):
            answer = await stranger.get(f"/i/{number:022}.")
            answers.append((await stranger.get(answer.location)).status)
        assert answers == [410] * 60 + [429]
