"""Signing in again, and back to where one was."""

import html
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from yarl import URL

from tests.clock import MovableClock
from tests.people import Person, visiting
from tests.serving import Server, serving
from tests.web.sign_in.factors import give_code, set_up_app
from web.keys import CLOCKWORK, LIMITS, STORE

FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page but for those of the language switch."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return {html.unescape(name): html.unescape(value) for name, value in FIELD.findall(main)}


async def test_a_page_that_needs_a_sign_in_comes_after_it(server: Server) -> None:
    wanted = "/invites?search=R%C3%A9my+%26+co&page=2"
    async with Person(server, **{"Sec-Fetch-Mode": "navigate"}) as nurse:
        await nurse.get("/signin")
        there = (await nurse.get(wanted)).location
        assert there == f"/signin?next={quote(wanted, safe='')}"
        page = (await nurse.get(there)).text
        assert hidden(page) == {"next": wanted}
        assert "Then you will get to the page" in page
        form = {"email": "nurse@example.org", "password": "a slip", **hidden(page)}
        refused = await nurse.post("/signin", form)
        assert hidden(refused.text) == {"next": wanted}
        form["password"] = "correct horse battery staple"
        # the cookie of a browser that has not signed in before is checked on the way
        checked = (await nurse.post("/signin", form)).location
        assert (await nurse.get(checked)).location == wanted


async def test_another_language_keeps_the_way_back(server: Server) -> None:
    async with Person(server) as nurse:
        page = (await nurse.get("/signin?next=/history")).text
        [back] = re.findall(r'name="next" value="([^"]*)"', page.partition("<main")[0])
        answer = await nurse.post("/language", {"language": "fr", "next": html.unescape(back)})
        assert URL(answer.location) == URL("/signin?next=/history")


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example"]
)
async def test_no_sign_in_leads_to_another_server(server: Server, elsewhere: str) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        form = {"email": "nurse@example.org", "password": "correct horse battery staple"}
        assert (await nurse.get(f"/signin?next={quote(elsewhere)}")).location == "/"
        assert (await nurse.post("/signin", {**form, "next": elsewhere})).location == "/"
        assert hidden((await nurse.post("/signin", {"next": elsewhere})).text) == {}


async def test_one_signs_in_again_beside_a_page_before_the_time_is_over(server: Server) -> None:
    async with Person(server) as nurse:
        assert (await nurse.get("/signin/done")).location == "/signin?next=%2Fsignin%2Fdone"
        await nurse.sign_in()
        page = (await nurse.get("/signin?next=/signin/done")).text
        assert 'value="nurse@example.org"' in page
        form = {"email": "nurse@example.org", "password": "correct horse battery staple"}
        done = await nurse.post("/signin", {**form, "next": "/signin/done"})
        assert done.location == "/signin/done"
        assert "You are signed in again" in (await nurse.get(done.location)).text


INVITATION = {
    "kind": "remote", "first_name": '<b>"Amina"&', "last_name": "", "channel": "email",
    "address": "amina@example.org", "language": "en",
}  # fmt: skip


async def test_a_form_sent_too_late_is_kept_and_sent_once_more(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        cookie = nurse.cookie
        clock.move(timedelta(hours=12))
        nurse.plant(cookie)
        late = await nurse.post("/invites/new?kind=remote", INVITATION)
        assert late.status == 401
        assert 'action="/invites/new?kind=remote"' in late.text
        assert hidden(late.text) == INVITATION
        rows = await server.app[STORE]._database.read.rows("SELECT id FROM invite")
        assert rows == []
        await nurse.sign_in()
        assert (await nurse.post("/invites/new?kind=remote", hidden(late.text))).status == 303
        rows = await server.app[STORE]._database.read.rows("SELECT id FROM invite")
        assert len(rows) == 1


async def test_what_is_kept_is_no_secret_and_not_from_elsewhere(server: Server) -> None:
    secret = {"password": "correct horse battery staple", "new_password": "another long one"}
    async with Person(server) as stranger:
        refused = await stranger.post("/profile/password", secret)
        assert refused.status == 401
        assert "another long one" not in refused.text
        forged = await stranger.post("/invites/new", INVITATION, Origin="https://evil.example")
        assert forged.status == 403
        script = await stranger.post("/invites/new", INVITATION, Accept="application/json")
        assert script.headers["Content-Type"].startswith("application/json")
        broken = await stranger.ask(
            "POST", "/invites/new", data=b"a=%FF\xff",
            headers={"Content-Type": "application/x-www-form-urlencoded; charset=none"},
        )  # fmt: skip
        assert broken.status == 401
        large = await stranger.post("/invites/new", {"text": "x" * 300_000})
        assert large.status in (401, 413)
        assert len(large.text) < 20_000


async def test_a_stranger_makes_the_server_read_no_more_forms_than_elsewhere(
    server: Server,
) -> None:
    limits = server.app[LIMITS]
    for _ in range(2400):
        limits.take("form", "127.0.0.1")
    async with Person(server) as stranger:
        refused = await stranger.post("/invites/new", INVITATION)
        assert (refused.status, hidden(refused.text)) == (401, {})


async def test_a_second_step_loses_nothing_either(tmp_path: Path, clock: MovableClock) -> None:
    async with serving(tmp_path, clock, TELECONNECT_SIGN_IN_DAYS="0.5") as server:
        await server.account()
        async with visiting(server) as visit:
            nurse = visit.nurse
            app = await set_up_app(nurse, clock)
            await visit.desk.command("start_consultation")
            clock.move(timedelta(hours=12))
            await server.app[CLOCKWORK].run_due()
            assert (await nurse.get("/invites")).status == 303
            assert (await nurse.sign_in()).location == "/signin/code"
            await visit.desk.say("Between the two steps")
            assert (await give_code(nurse, app.at(clock.now()))).location == "/"
            clock.move(timedelta(hours=11))
            await server.app[CLOCKWORK].run_due()
            await visit.desk.say("As if nothing had been")
            assert (await nurse.get("/invites")).status == 200
