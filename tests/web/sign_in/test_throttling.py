"""Guessing passwords delays the guesser, not the owner."""

import asyncio
import re
from bisect import bisect_left
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.token import token_digest
from tests.clock import MovableClock
from tests.people import Answer, Person, outbox
from tests.serving import Server, moment, serving
from web.access.growing_delays import MEMORY, Delays
from web.keys import CLOCKWORK, STORE
from web.sign_in.known_browsers import LIFETIME, MOST_OF_ACCOUNT
from web.sign_in.throttling import GROWTHS

NURSE = "nurse@example.org"


def minutes_of(answer: Answer) -> int:
    found = re.search(r"Please try again in (\d+) minutes?\.", answer.text)
    assert found is not None, answer.text
    return int(found[1])


def at(server: Server, network: int) -> Person:
    """A browser in a network of its own, behind the proxy of this machine."""
    return Person(server, **{"X-Forwarded-For": f"203.0.{network // 250}.{network % 250}"})


async def guesses(server: Server, place: int, count: int, email: str = NURSE) -> list[int]:
    """The responses to so many wrong passwords from one network."""
    async with at(server, place) as guesser:
        return [(await guesser.sign_in(email, "a guess")).status for _ in range(count)]


async def known_browsers(server: Server) -> list[bytes]:
    rows = await server.app[STORE]._database.read.rows("SELECT * FROM known_browser")
    return [row["token_digest"] for row in rows]


def browser_cookie(person: Person) -> str:
    return next((c.value for c in person.http.cookie_jar if c.key == "teleconnect-browser"), "")


async def test_wrong_passwords_from_anywhere_do_not_delay_a_browser_that_signed_in_before(
    server: Server,
) -> None:
    async with at(server, 1) as nurse:
        assert (await nurse.sign_in()).status == 303
        await nurse.post("/signout")
        for place in range(31):
            await guesses(server, place, 2)
        assert (await guesses(server, 99, 1)) == [429]
        assert (await nurse.sign_in()).status == 303


@pytest.mark.slow
async def test_a_thousand_guesses_from_many_networks_leave_the_owner_alone(
    server: Server, clock: MovableClock
) -> None:
    """Four from each of 250 networks, within an hour; the owner signs in again and again meanwhile."""
    answers: Counter[int] = Counter()
    form = {"email": NURSE, "password": "a guess"}
    async with at(server, 1) as nurse, Person(server) as attacker:

        async def guess_from(place: int) -> int:
            elsewhere = {"X-Forwarded-For": f"203.0.113.{place}"}
            return (await attacker.post("/signin", form, **elsewhere)).status

        await nurse.sign_in()
        for quarter in range(4):
            attack = [guess_from(place) for place in range(2, 252)]
            signed_in = asyncio.gather(*(nurse.sign_in() for _ in range(3)))
            answers.update(await asyncio.gather(*attack))
            assert [answer.status for answer in await signed_in] == [303] * 3, quarter
            clock.move(timedelta(minutes=14))
    assert answers.keys() == {401, 429}
    assert answers.total() == 1000
    assert answers[401] <= 96


async def test_a_few_networks_that_guess_all_they_can_leave_room_for_a_clean_one(
    server: Server, clock: MovableClock
) -> None:
    for _ in range(4):
        for place in range(9):
            await guesses(server, place, 4)
        clock.move(timedelta(minutes=15))
    async with at(server, 99) as nurse:
        assert (await nurse.sign_in()).status == 303


def admitted_in_an_hour(*names: str, whom: int) -> int:
    """The most failures within any hour of a day, by so many guessers each of whom never waits longer
    than it has to."""
    clock = MovableClock(moment("2026-12-07 14:30"))
    delays, times = Delays(clock, GROWTHS), []
    while clock.now() < moment("2026-12-08 14:30"):
        waits = [(delays.wait(name, str(n)), name, n) for name in names for n in range(whom)]
        wait, name, n = min(waits)
        clock.move(wait)
        delays.count(name, str(n))
        times.append(clock.now())
    return max(bisect_left(times, at + MEMORY) - n for n, at in enumerate(times))


def test_at_most_a_hundred_failures_an_hour_are_possible_at_one_account() -> None:
    strangers = admitted_in_an_hour("fresh_networks", "repeating_networks", whom=1)
    own = admitted_in_an_hour("known_browser", whom=MOST_OF_ACCOUNT)
    assert strangers + own + admitted_in_an_hour("known_browsers", whom=1) == 96


async def test_an_account_knows_its_twelve_newest_browsers(
    server: Server, clock: MovableClock
) -> None:
    browsers = []
    for place in range(MOST_OF_ACCOUNT + 1):
        browsers.append(at(server, place))
        assert (await browsers[-1].sign_in()).status == 303
        clock.move(timedelta(minutes=1))
    kept = {token_digest(browser_cookie(each)) for each in browsers[1:]}
    assert set(await known_browsers(server)) == kept
    for each in browsers:
        await each.close()


async def test_an_account_that_does_not_exist_answers_like_one_that_does(server: Server) -> None:
    other = "nobody@example.org"
    async with at(server, 1) as guesser:
        for _ in range(6):
            there = await guesser.sign_in(NURSE.upper(), "a guess")
            nowhere = await guesser.sign_in(other, "a guess")
            assert there.status == nowhere.status
            assert there.text.replace(NURSE.upper(), other) == nowhere.text
            assert there.headers.get("Retry-After") == nowhere.headers.get("Retry-After")
    assert await guesses(server, 2, 5) == await guesses(server, 2, 5, other.upper())


async def test_a_right_password_counts_nowhere(server: Server) -> None:
    async with at(server, 1) as nurse:
        for _ in range(40):
            nurse.http.cookie_jar.clear()
            assert (await nurse.sign_in()).status == 303
        nurse.http.cookie_jar.clear()
        assert (await nurse.sign_in(password="a guess")).status == 401


async def test_delays_grow_with_failures_and_are_forgotten_with_time_and_success(
    server: Server, clock: MovableClock
) -> None:
    waits = []
    async with at(server, 1) as guesser:
        for _ in range(7):
            answer = await guesser.sign_in(password="a guess")
            if answer.status == 429:
                waits.append(int(answer.headers["Retry-After"]))
                clock.move(timedelta(seconds=waits[-1]))
        assert waits == [5, 10]
        clock.move(timedelta(hours=1))
        assert await guesses(server, 1, 4) == [401] * 3 + [429]
        clock.move(timedelta(seconds=5))
        assert (await guesser.sign_in()).status == 303
    assert await guesses(server, 1, 4) == [401] * 3 + [429]


async def test_a_network_that_tries_many_accounts_is_delayed_a_little(
    server: Server, clock: MovableClock
) -> None:
    async with at(server, 1) as stuffing:
        answers = [
            (await stuffing.sign_in(f"{number}@example.org", "a guess")).status
            for number in range(31)
        ]
        assert answers == [401] * 30 + [429]
        for _ in range(8):
            clock.move(timedelta(seconds=30))
            assert (await stuffing.sign_in(password="a guess")).status in (401, 429)
        late = await stuffing.sign_in("31@example.org", "a guess")
        assert int(late.headers["Retry-After"]) <= 30


async def test_who_must_wait_is_told_how_long_and_that_is_true(
    server: Server, clock: MovableClock
) -> None:
    await guesses(server, 1, 3)
    clock.move(timedelta(seconds=2))
    async with at(server, 1) as guesser:
        answer = await guesser.sign_in(password="a guess")
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "3"
        assert "Please try again in 3 seconds." in answer.text
        assert f'value="{NURSE}"' in answer.text  # what was typed is kept
        clock.move(timedelta(seconds=2))
        late = await guesser.sign_in(password="a guess")
        assert (late.status, late.headers["Retry-After"]) == (429, "1")
        assert "Please try again in 1 second." in late.text
        clock.move(timedelta(seconds=1))
        assert (await guesser.sign_in(password="a guess")).status == 401
        for _ in range(5):
            clock.move(timedelta(minutes=3))
            assert (await guesser.sign_in(password="a guess")).status == 401
        assert minutes_of(await guesser.sign_in(password="a guess")) == 6


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
async def test_every_answer_that_asks_to_wait_says_how_long(server: Server, kind: str) -> None:
    async with Person(server, Accept=kind) as person:
        for _ in range(60):
            await person.get("/i/guess")
        answer = await person.get("/i/guess")
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "60"
        assert minutes_of(answer) == 1


async def test_the_wait_is_told_in_the_readers_language(server: Server) -> None:
    async with Person(server, **{"Accept-Language": "fr"}) as person:
        for _ in range(61):
            answer = await person.get("/i/guess")
        assert "1 minute" in answer.text
        assert "Please try again" not in answer.text


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(days=1)])
async def test_a_step_of_the_wall_clock_neither_lets_a_guesser_on_nor_keeps_anybody_out(
    tmp_path: Path, step: timedelta
) -> None:
    wall, steady = (MovableClock(moment("2026-12-07 14:30")) for _ in range(2))
    async with serving(tmp_path, wall, steady=steady) as server:
        await server.account()
        await guesses(server, 1, 3)
        wall.move(step)
        assert await guesses(server, 1, 1) == [429]
        steady.move(timedelta(seconds=5))
        assert await guesses(server, 1, 1) == [401]


async def test_the_delay_of_a_network_is_asked_before_the_body_is_read(server: Server) -> None:
    async with Person(server) as flood:
        for number in range(30):
            await flood.sign_in(f"{number}@example.org", "a guess")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    writer.write(
        b"POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    async with asyncio.timeout(60):
        assert b"429" in await reader.readline()
    writer.close()


async def test_a_flood_from_a_clinics_own_address_leaves_its_known_browsers_alone(
    server: Server,
) -> None:
    async with at(server, 1) as nurse, at(server, 1) as flood:
        await nurse.sign_in()
        for number in range(31):
            last = await flood.sign_in(f"{number}@example.org", "a guess")
        assert last.status == 429
        assert (await nurse.sign_in()).status == 303


async def test_ten_failures_are_told_to_the_owner_once_a_day_and_to_no_log(
    server: Server, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    for pause in (timedelta(), timedelta(hours=2), timedelta(days=1)):
        clock.move(pause)
        for place in range(5):
            assert await guesses(server, place, 2) == [401] * 2
            await guesses(server, place, 1, "nobody@example.org")
            clock.move(timedelta(seconds=1))
        [mail] = await outbox(server)  # which is emptied after a day
        assert mail.to == NURSE
        assert "10 times by now" in mail.text
        assert "Number of networks that this came from: 5." in mail.text
        told.append(mail.text)
    assert told[0] == told[1] != told[2]
    assert NURSE not in caplog.text


# --- the cookie


async def test_a_known_browser_has_a_cookie_that_opens_nothing(server: Server) -> None:
    async with at(server, 1) as nurse, at(server, 1) as thief:
        answer = await nurse.sign_in()
        [cookie] = [
            each for each in answer.headers.getall("Set-Cookie") if "teleconnect-browser=" in each
        ]
        for flag in ("HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={LIFETIME.days * 86400}"):
            assert flag in cookie
        token = browser_cookie(nurse)
        assert await known_browsers(server) == [token_digest(token)]
        thief.http.cookie_jar.update_cookies({"teleconnect-browser": token})
        assert (await thief.get("/")).status == 303


async def test_over_tls_no_other_host_can_set_the_cookie_of_a_known_browser(
    tmp_path: Path,
) -> None:
    async with (
        serving(tmp_path, TELECONNECT_PUBLIC_URL="https://tele.example") as server,
        Person(server, Origin="https://tele.example") as nurse,
    ):
        await server.account()
        cookies = (await nurse.sign_in()).headers.getall("Set-Cookie")
        [cookie] = [each for each in cookies if each.startswith("__Host-teleconnect-browser=")]
        assert "Secure" in cookie
        assert "Domain" not in cookie


async def test_each_sign_in_makes_the_cookie_anew_so_that_a_planted_one_is_worth_nothing(
    server: Server,
) -> None:
    async with at(server, 1) as nurse:
        await nurse.sign_in()
        first = browser_cookie(nurse)
        await nurse.sign_in()
        assert browser_cookie(nurse) not in ("", first)
        assert await known_browsers(server) == [token_digest(browser_cookie(nurse))]


async def test_two_people_at_one_browser_are_both_known_to_it(server: Server) -> None:
    await server.account("doctor@example.org", "Doctor Ann")
    async with at(server, 1) as shared:
        await shared.sign_in("doctor@example.org")
        await shared.sign_in()
        for place in range(31):
            await guesses(server, place, 2)
            await guesses(server, place, 2, "doctor@example.org")
        assert (await shared.sign_in("doctor@example.org")).status == 303
        assert (await shared.sign_in()).status == 303


async def test_a_browser_is_known_to_the_accounts_it_signed_in_to_and_no_other(
    server: Server,
) -> None:
    await server.account("doctor@example.org", "Doctor Ann")
    async with at(server, 1) as insider:
        await insider.sign_in("doctor@example.org")
        answers = [(await insider.sign_in(password="a guess")).status for _ in range(4)]
        assert answers == [401] * 3 + [429]


async def test_a_known_browser_that_guesses_is_delayed_too_and_no_other_one_by_it(
    server: Server, clock: MovableClock
) -> None:
    async with at(server, 1) as nurse, at(server, 2) as other, at(server, 3) as thief:
        for browser in (nurse, other, thief):
            await browser.sign_in()
        answers = [await thief.sign_in(password="a guess") for _ in range(11)]
        assert [each.status for each in answers] == [401] * 10 + [429]
        assert answers[-1].headers["Retry-After"] == "5"
        assert await guesses(server, 1, 1) == [401]
        slips = [(await nurse.sign_in(password="a slip")).status for _ in range(2)]
        assert slips == [401] * 2
        assert (await other.sign_in()).status == 303
        clock.move(timedelta(seconds=5))
        assert (await nurse.sign_in()).status == 303


async def test_somebody_who_shares_a_browser_gains_no_guesses_by_signing_in(
    server: Server,
) -> None:
    await server.account("doctor@example.org", "Doctor Ann")
    async with at(server, 1) as shared:
        await shared.sign_in()
        answers = []
        for _ in range(6):
            await shared.sign_in("doctor@example.org")
            answers += [(await shared.sign_in(password="a guess")).status for _ in range(2)]
        assert answers == [401] * 10 + [429] * 2


@pytest.mark.parametrize("step", ["sign-out", "suspend"])
async def test_whoever_is_signed_out_everywhere_has_no_known_browser_left(
    server: Server, step: str
) -> None:
    account = await server.app[STORE].read.accounts.by_email(NURSE)
    assert account is not None
    async with at(server, 1) as nurse, at(server, 2) as boss:
        await nurse.sign_in()
        await boss.sign_in("boss@example.org")
        assert (await boss.post(f"/admin/people/{account.id}/{step}")).status == 303
        assert await known_browsers(server) == [token_digest(browser_cookie(boss))]


async def test_a_browser_is_forgotten_half_a_year_after_it_last_signed_in(
    server: Server, clock: MovableClock
) -> None:
    async with at(server, 1) as nurse:
        await nurse.sign_in()
        clock.move(LIFETIME)
        await server.app[CLOCKWORK].run_due()
        assert await known_browsers(server) == []


async def test_a_made_up_cookie_makes_no_browser_known(server: Server) -> None:
    async with at(server, 1) as guesser:
        guesser.http.cookie_jar.update_cookies({"teleconnect-browser": "made-up"})
        answers = [(await guesser.sign_in(password="a guess")).status for _ in range(3)]
        assert answers == [401] * 3
        assert await guesses(server, 1, 1) == [429]


# --- the queue


@pytest.mark.slow
async def test_a_hundred_and_fifty_strangers_at_once_do_not_delay_a_known_browser(
    server: Server,
) -> None:
    async with at(server, 200) as nurse:
        await nurse.sign_in()
        flood = [
            asyncio.create_task(guesses(server, place, 1, f"{place}@example.org"))
            for place in range(150)
        ]
        assert (await nurse.sign_in()).status == 303
        statuses = {status for answers in await asyncio.gather(*flood) for status in answers}
        assert statuses <= {401, 429}
