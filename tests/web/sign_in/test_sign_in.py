"""Signing in and out, and the setup of the first administrator."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.errors import InvalidInput
from signaling.flows.people.accounts import find_account, new_account
from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import PASSWORD, Server, moment, serving
from web.access.passwords import Passwords
from web.hosts.duty import DUTY
from web.keys import CLOCKWORK, SETUP_TOKEN, STORE


async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(server: Server) -> None:
    async with Person(server) as person:
        wrong = await person.sign_in(password="something else")
        unknown = await person.sign_in("nobody@example.org")
        assert (wrong.status, unknown.status) == (401, 401)
        page = wrong.text.replace("nurse@example.org", "nobody@example.org")
        assert page == unknown.text
        assert PASSWORD not in wrong.text
        assert person.cookie == ""


@pytest.mark.slow
async def test_guessing_a_password_costs_what_rfc_9106_asks_for() -> None:
    passwords = await asyncio.to_thread(Passwords)
    hashed = await passwords.hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.verify(hashed, PASSWORD)
    assert not await passwords.verify(hashed, PASSWORD + " ")
    assert not await passwords.verify(None, PASSWORD)


@pytest.mark.parametrize("email", ["", "\0", "x" * 10_000, "nurse@example.org\r\nX: 1", "😀@😀"])
async def test_an_email_of_any_shape_is_only_wrong(server: Server, email: str) -> None:
    async with Person(server) as person:
        assert (await person.sign_in(email)).status == 401


async def test_no_browser_refuses_an_email_that_was_copied_with_direction_marks(
    server: Server,
) -> None:
    """The server reads it; a field of the type `email` would not let it leave the page."""
    async with Person(server) as nurse:
        page = (await nurse.get("/signin")).text
        (field,) = re.findall(r'<input[^>]*name="email"[^>]*>', page)
        assert 'type="text"' in field and 'inputmode="email"' in field
        assert 'autocapitalize="none"' in field and 'spellcheck="false"' in field
        assert (await nurse.sign_in("\u2068nurse@example.org\u2069")).status == 303


async def test_signing_in_changes_the_cookie_so_that_a_planted_one_is_worth_nothing(
    server: Server,
) -> None:
    async with Person(server) as attacker, Person(server) as nurse:
        await nurse.sign_in()
        planted = nurse.cookie
        nurse.http.cookie_jar.clear()
        attacker.plant(planted)
        nurse.plant(planted)
        await nurse.sign_in()
        assert nurse.cookie != planted
        assert (await nurse.get("/")).status == 200
        assert (await attacker.get("/")).status == 303


async def test_a_made_up_cookie_is_not_taken_over(server: Server) -> None:
    async with Person(server) as nurse:
        nurse.plant("chosen-by-somebody-else")
        await nurse.sign_in()
        assert nurse.cookie not in ("", "chosen-by-somebody-else")


async def test_signing_out_kills_the_cookie_even_if_it_is_replayed(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as thief:
        await nurse.sign_in()
        thief.plant(nurse.cookie)
        assert (await thief.get("/")).status == 200
        await nurse.post("/signout")
        assert (await thief.get("/")).status == 303
        assert nurse.cookie == ""


async def test_signing_out_ends_the_sockets_of_this_browser_only(server: Server) -> None:
    async with Person(server) as here, Person(server) as elsewhere:
        wires = []
        for browser in (here, elsewhere):
            await browser.sign_in()
            wire = await browser.connect()
            await wire.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-0001")
            await wire.until("lobby")
            wires.append(wire)
        await here.post("/signout")
        assert await wires[0].end() == 4401
        await wires[1].send("ping")
        assert await wires[1].until("pong")


async def test_a_working_day_later_one_signs_in_again(server: Server, clock: MovableClock) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        cookie = nurse.cookie
        clock.move(timedelta(hours=12))
        nurse.plant(cookie)
        assert (await nurse.get("/")).status == 303


async def test_a_sign_in_that_is_used_goes_on_for_a_week_at_most(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        cookie = nurse.cookie
        for _ in range(15):
            clock.move(timedelta(hours=11))
            nurse.plant(cookie)
            assert (await nurse.get("/")).status == 200
        clock.move(timedelta(days=7) - timedelta(hours=15 * 11))
        nurse.plant(cookie)
        assert (await nurse.get("/")).status == 303


@pytest.mark.parametrize(
    "setting", [{"TELECONNECT_IDLE_HOURS": "1"}, {"TELECONNECT_SIGN_IN_DAYS": "0.0625"}]
)
async def test_operators_say_how_long_a_sign_in_lasts(
    tmp_path: Path, clock: MovableClock, setting: dict[str, str]
) -> None:
    async with serving(tmp_path, clock, **setting) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        cookie = nurse.cookie
        for status in (200, 303):
            clock.move(timedelta(minutes=59))
            nurse.plant(cookie)
            assert (await nurse.get("/")).status == status
            clock.move(timedelta(minutes=1))


async def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server, **{"Sec-Fetch-Mode": "cors"}) as nurse:
        await nurse.sign_in()
        cookie = nurse.cookie
        for status in (200, 303):
            clock.move(timedelta(hours=6))
            nurse.plant(cookie)
            assert (await nurse.get("/invites")).status == status


async def test_what_has_expired_is_deleted(server: Server, clock: MovableClock) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        duty = server.app[DUTY]
        # another host may still hold a call on its strength
        clock.move(timedelta(hours=13 if duty.is_alone else 25))
        await duty.ask()
        assert duty.held
        await server.app[CLOCKWORK].run_due()
        database = server.app[STORE]._database
        assert await database.read.rows("SELECT * FROM web_session") == []


async def test_behind_a_proxy_one_flooding_address_does_not_lock_out_the_others(
    server: Server,
) -> None:
    flooding, honest = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.10"}
    async with Person(server, **flooding) as guesser, Person(server, **honest) as nurse:
        for _ in range(61):
            answer = await guesser.get("/i/guess")
        assert answer.status == 429
        assert (await nurse.get("/i/guess")).status == 410


async def test_the_setup_address_works_once(tmp_path: Path) -> None:
    form = {"name": "The Boss", "email": "boss@example.org", "password": PASSWORD}
    async with serving(tmp_path) as server, Person(server) as boss, Person(server) as late:
        path = f"/setup/{server.app[SETUP_TOKEN].make()}"
        assert (await late.get(path)).status == 200
        assert (await late.post("/setup/guess", form)).status == 404
        refused = await boss.post(path, {**form, "password": "short"})
        assert refused.status == 400
        assert "The Boss" in refused.text
        assert (await boss.post(path, form)).status == 303
        assert (await boss.get("/admin/outbox")).status == 200
        assert (await late.get(path)).status == 404
        assert (await late.post(path, {**form, "email": "late@example.org"})).status == 404
        assert (await late.sign_in("late@example.org")).status == 401


async def test_the_setup_address_is_dead_once_there_is_an_account(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as late:
        path = f"/setup/{server.app[SETUP_TOKEN].make()}"
        await server.account()
        assert (await late.get(path)).status == 404


async def test_without_a_setup_address_there_is_none(server: Server) -> None:
    async with Person(server) as person:
        for guess in ("None", "x", "%20", "a" * 43):
            assert (await person.get(f"/setup/{guess}")).status == 404


async def test_administration_does_not_exist_for_a_scheduler(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as stranger:
        await nurse.sign_in()
        assert (await nurse.get("/admin")).status == 404
        assert (await nurse.get("/admin/outbox")).status == 404
        assert (await stranger.get("/admin/outbox")).status == 303


@pytest.mark.parametrize(
    ("made", "typed"),
    [
        ("nurse@example.org", "Nurse@Example.ORG "),
        ("nurse@example.org", "\u200bnurse@\u00a0example.org"),
        ("nurse@example.org", "ｎｕｒｓｅ＠ｅｘａｍｐｌｅ．ｏｒｇ"),
        ("nurse@example.org", "mailto:nurse@example.org"),
        ("nurse@example.org", "MAILTO:nurse@example.org?subject=Hello"),
        ("nurse@example.org", "Nurse Joy <nurse@example.org>"),
        ("nurse@example.org", "'nurse@example.org',"),
        ("nurse@example.org", "nurse@example.org."),
        ("nurse@example.org", "(nurse@example.org)"),
        ("nurse@käse.example", "nurse@xn--kse-qla.example"),
        ("nurse@xn--kse-qla.example", "nurse@KÄSE.example"),
        ("rené@example.org", "rene\u0301@example.org"),
    ],
)
async def test_an_account_is_known_by_every_spelling_of_its_email(
    server: Server, made: str, typed: str
) -> None:
    if made != "nurse@example.org":
        await server.account(made)
    async with Person(server) as nurse:
        assert (await nurse.sign_in(typed)).status == 303


async def test_an_email_that_was_stored_as_it_was_typed_still_signs_in(server: Server) -> None:
    account = await server.account("other@example.org")
    stored = replace(account, id="0123456789abcdef", email="nurse@käse.example")
    await server.app[STORE].write(lambda records: records.accounts.add(stored))
    async with Person(server) as nurse:
        for spelling in ("nurse@käse.example", "nurse@xn--kse-qla.example"):
            assert (await nurse.sign_in(spelling)).status == 303


@pytest.mark.parametrize("spelling", ["nurse@käse.example", "nurse@xn--kse-qla.example"])
async def test_an_email_that_was_stored_as_it_was_typed_is_taken(
    server: Server, spelling: str
) -> None:
    """Whoever has the email would otherwise be locked out by the new account."""
    account = await find_account(server.app[STORE].read.accounts, "boss@example.org")
    assert account is not None
    stored = replace(account, id="0123456789abcdef", email="nurse@käse.example")
    await server.app[STORE].write(lambda records: records.accounts.add(stored))
    form = {"name": "Nurse", "email": spelling, "role": "scheduler", "language": "en"}
    async with Person(server) as boss:
        await boss.sign_in("boss@example.org")
        answer = await boss.post("/admin/people/invite", form)
    assert answer.status == 400
    assert "There is an account with this email already." in answer.text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("'nurse@example.org'", "nurse@example.org"),
        ("Nurse Joy <nurse@example.org>", "nurse@example.org"),
        ("mailto:nurse@example.org?subject=x", "nurse@example.org"),
        ("nurse@example.org.", "nurse@example.org"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("nurse@example..org", ""),
        ("nurse@example.org nurse@example.org", ""),
        ("nurse@example.org,boss@example.org", ""),
    ],
)
def test_an_account_is_made_for_the_address_that_was_meant(typed: str, stored: str) -> None:
    def made() -> str:
        return new_account(
            email=typed,
            name="Nurse",
            role="scheduler",
            password_hash=None,
            language="en",
            time_zone="UTC",
            now=moment("2026-11-28 12:00"),
        ).email

    if stored:
        assert made() == stored
    else:
        with pytest.raises(InvalidInput) as refused:
            made()
        assert refused.value.field == "email"


async def test_other_spellings_of_an_email_are_no_further_guesses(server: Server) -> None:
    async with Person(server) as stranger:
        answers = [
            (await stranger.sign_in("x@example.org" + "\u200b" * number, "wrong")).status
            for number in range(4)
        ]
    assert answers == [401] * 3 + [429]
