"""The second step of a sign-in: nothing opens before it, and nothing serves twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from tests.clock import MovableClock
from tests.engines.databases import run
from tests.passkeys import SoftPasskey, origin_of
from tests.people import Person, outbox
from tests.serving import PASSWORD, Server
from tests.web.sign_in.conftest import BOSS
from tests.web.sign_in.factors import (
    FACTORS,
    account_of,
    add_passkey,
    give_code,
    give_password,
    give_recovery_code,
    is_signed_in,
    newest_mail,
    post_json,
    recovery_codes,
    set_up_app,
    use_passkey,
    words,
)
from web.keys import STORE


@pytest.fixture
async def new(server: Server) -> AsyncIterator[Person]:
    """A browser that has not been here before."""
    async with Person(server) as person:
        yield person


@pytest.fixture
async def app(owner: Person, clock: MovableClock) -> pyotp.TOTP:
    """Her authenticator app; time has gone on since it was set up."""
    made = await set_up_app(owner, clock)
    clock.move(timedelta(minutes=2))
    return made


# --- a code of the app


async def test_nothing_opens_between_the_password_and_the_code(
    server: Server, app: pyotp.TOTP, new: Person, clock: MovableClock
) -> None:
    await give_password(new)
    assert "Code from your authenticator app" in (await new.get("/signin/code")).text
    for path in ("/", "/invites", "/profile", FACTORS, f"{FACTORS}/app", "/admin"):
        assert (await new.get(path)).location.partition("?")[0] == "/signin", path
    assert (await new.post("/invites/new", {"first_name": "Amina"})).status == 401
    assert (await new.post(f"{FACTORS}/app/remove")).status == 401
    before = new.cookie
    answer = await give_code(new, app.at(clock.now()))
    assert (answer.status, answer.location) == (303, "/signin?kept=?")
    assert await is_signed_in(new)
    assert new.cookie != before


async def test_a_damaged_app_lets_nobody_in_and_a_recovery_code_does(
    server: Server, owner: Person, app: pyotp.TOTP, new: Person, clock: MovableClock
) -> None:
    (code, *_) = await recovery_codes(owner)
    await run(server.app[STORE], "UPDATE authenticator_app SET secret = ?", bytes(60))
    await give_password(new)
    for secret in (app.secret, "A" * 32):
        typed = pyotp.TOTP(secret).at(clock.now())
        assert (await give_code(new, typed)).status == 401
    assert not await is_signed_in(new)
    await give_recovery_code(new, code)
    assert await is_signed_in(new)


async def test_a_code_serves_once_whoever_sends_it(
    server: Server, app: pyotp.TOTP, new: Person, clock: MovableClock
) -> None:
    async with Person(server) as watcher:
        await give_password(new)
        await give_password(watcher)
        code = app.at(clock.now())
        answers = await asyncio.gather(give_code(new, code), give_code(watcher, code))
        assert sorted(answer.status for answer in answers) == [303, 401]
        await give_password(watcher)
        earlier = app.at(clock.now() - timedelta(seconds=30))
        for used in (code, earlier):
            assert "has been used already" in (await give_code(watcher, used)).text
        clock.move(timedelta(seconds=60))
        assert (await give_code(watcher, app.at(clock.now()))).status == 303


@pytest.mark.parametrize(
    "spelled",
    [
        "{} {}", "{}-{}", " {}{}\u200e", "\u2066{} {}\u2069", "{}\u2013{}",
        "arab", "farsi", "deva", "beng",
    ],
)  # fmt: skip
async def test_a_code_may_be_typed_in_any_script_and_in_groups(
    app: pyotp.TOTP, new: Person, clock: MovableClock, spelled: str
) -> None:
    zero = {"arab": "٠", "farsi": "۰", "deva": "०", "beng": "০"}.get(spelled)
    code = app.at(clock.now())
    if zero:
        code = "".join(chr(ord(zero) + int(digit)) for digit in code)
    else:
        code = spelled.format(code[:3], code[3:])
    await give_password(new)
    assert (await give_code(new, code)).status == 303


@pytest.mark.parametrize(("seconds", "status"), [(-60, 303), (60, 303), (-120, 401), (120, 401)])
async def test_a_phones_clock_may_differ_by_a_minute(
    app: pyotp.TOTP, new: Person, clock: MovableClock, seconds: int, status: int
) -> None:
    clock.move(timedelta(hours=1))
    await give_password(new)
    code = app.at(clock.now() + timedelta(seconds=seconds))
    assert (await give_code(new, code)).status == status


async def test_a_slow_clock_is_named_and_a_fast_one_is_not(
    app: pyotp.TOTP, new: Person, clock: MovableClock
) -> None:
    clock.move(timedelta(hours=2))
    await give_password(new)
    slow = await give_code(new, app.at(clock.now() - timedelta(minutes=20)))
    assert "differs from ours by 20 min" in slow.text
    # it opens nothing at any time to come, while that of a fast clock will
    fast = await give_code(new, app.at(clock.now() + timedelta(minutes=20)))
    assert "differs from ours" not in fast.text
    assert "let your phone set its date and time by itself" in fast.text


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "½23456", "\x00", "1" * 9000])
async def test_what_is_no_code_is_refused_with_a_sentence(
    app: pyotp.TOTP, new: Person, typed: str
) -> None:
    await give_password(new)
    answer = await give_code(new, typed)
    assert answer.status == 401
    assert "Please type the six digits that the app shows." in answer.text


async def test_after_a_few_wrong_codes_the_password_is_asked_for_again(
    server: Server, app: pyotp.TOTP, new: Person, clock: MovableClock
) -> None:
    wrong = str((int(app.at(clock.now())) + 1) % 10**6).zfill(6)
    await give_password(new)
    for _ in range(5):
        last = await give_code(new, wrong)
    assert "Please sign in again." in last.text
    assert 'name="password"' in last.text
    assert (await give_code(new, app.at(clock.now()))).status == 401
    assert not await is_signed_in(new)
    assert await newest_mail(server) == "Wrong codes after your password"


async def test_guessing_codes_is_slowed_down_but_not_for_the_owners_browser(
    server: Server, app: pyotp.TOTP, owner: Person, new: Person, clock: MovableClock
) -> None:
    async with Person(server) as thief:  # who knows the password
        answers = []
        for number in range(12):
            if number % 4 == 0:
                await give_password(thief)
            answers.append((await give_code(thief, f"{number:06}")).status)
        assert answers == [401] * 10 + [429] * 2
        assert (await give_code(thief, app.at(clock.now()))).status == 429
    await owner.post("/signout")
    await give_password(owner)
    assert (await give_code(owner, app.at(clock.now()))).status == 303
    assert "sign_in_failed" in await words(server)


async def test_whoever_begins_anew_before_the_fifth_wrong_code_is_told_of_nevertheless(
    server: Server, app: pyotp.TOTP, new: Person
) -> None:
    for number in range(5):
        if number % 3 == 0:
            await give_password(new)
        assert (await give_code(new, f"{number:06}")).status == 401
    assert await newest_mail(server) == "Wrong codes after your password"
    told = len(await outbox(server))
    await give_password(new)
    for number in range(5):
        await give_code(new, f"{number:06}")
    assert len(await outbox(server)) == told


async def test_nobody_gains_guesses_by_signing_in_to_their_own_account_in_a_shared_browser(
    server: Server, app: pyotp.TOTP, owner: Person
) -> None:
    await server.account("doctor@example.org", "Doctor Ann")
    answers = []
    for number in range(12):
        if number % 4 == 0:
            await owner.sign_in("doctor@example.org")
            await give_password(owner)
        answers.append((await give_code(owner, f"{number:06}")).status)
    assert answers == [401] * 10 + [429] * 2


async def test_nobody_gains_guesses_by_signing_out_everywhere_else(
    server: Server, app: pyotp.TOTP, owner: Person, clock: MovableClock
) -> None:
    clock.move(timedelta(minutes=30))
    answers = []
    for number in range(12):
        if number % 4 == 0:
            await owner.post("/profile/sign-out", {"where": "others"})
        proof = await owner.post(f"{FACTORS}/proof", {"code": f"{number:06}"})
        answers.append(proof.status)
    assert answers == [400] * 10 + [429] * 2


async def test_the_step_ends_after_ten_minutes_and_with_the_password(
    server: Server, app: pyotp.TOTP, owner: Person, new: Person, clock: MovableClock
) -> None:
    await give_password(new)
    clock.move(timedelta(minutes=10))
    assert "This took too long" in (await give_code(new, app.at(clock.now()))).text
    await give_password(new)
    change = {"present": PASSWORD, "password": "three blind rivers sing"}
    assert (await owner.post("/profile/password", change)).status == 303
    answer = await give_code(new, app.at(clock.now()))
    assert answer.status == 401
    assert 'name="password"' in answer.text


async def test_a_browser_without_cookies_is_told_so(server: Server, app: pyotp.TOTP) -> None:
    async with Person(server) as person:
        answer = await person.sign_in()
        person.http.cookie_jar.clear()
        again = await person.get(answer.location)
        assert "keeps no cookies" in (await person.get(again.location)).text


async def test_a_link_for_a_new_password_does_not_go_around_the_second_step(
    server: Server, app: pyotp.TOTP, new: Person, clock: MovableClock
) -> None:
    account = await account_of(server)
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        page = (await boss.post(f"/admin/people/{account.id}/password-link")).text
    link = page[page.index("/password/") :].partition("<")[0]
    answer = await new.post(link, {"password": "three blind rivers sing"})
    assert answer.location.startswith("/signin/code")
    assert not await is_signed_in(new)
    assert (await give_code(new, app.at(clock.now()))).status == 303
    assert await is_signed_in(new)


async def test_no_secret_is_readable_in_the_database(
    server: Server, app: pyotp.TOTP, tmp_path: Path
) -> None:
    [row] = await server.app[STORE]._database.read.rows("SELECT * FROM authenticator_app")
    assert app.secret.encode() not in row["secret"]
    assert app.byte_secret() not in row["secret"]


# --- recovery codes


async def test_a_recovery_code_lets_in_once_and_the_owner_is_told(
    server: Server, app: pyotp.TOTP, owner: Person, new: Person
) -> None:
    codes = await recovery_codes(owner)
    assert len(set(codes)) == 10
    assert codes[0] not in (await owner.get(f"{FACTORS}/recovery-codes")).text
    await give_password(new)
    assert "Recovery code" in (await new.get("/signin/code?recovery=1")).text
    answer = await give_recovery_code(new, codes[0].upper().replace("-", " "))
    assert answer.status == 303
    assert await is_signed_in(new)
    page = (await new.get(f"{FACTORS}?done=recovery")).text
    assert "9 codes left" in page and "You signed in with a recovery code." in page
    assert "use_recovery_code" in await words(server)
    assert await newest_mail(server) == "A recovery code was used to sign in"
    async with Person(server) as other:
        await give_password(other)
        again = await give_recovery_code(other, codes[0])
        assert again.status == 401
        assert "is wrong, or has been used already" in again.text
        assert (await give_recovery_code(other, codes[1])).status == 303


async def test_few_codes_are_warned_about_and_new_ones_replace_them(
    server: Server, app: pyotp.TOTP, owner: Person
) -> None:
    assert "You have no recovery codes." in (await owner.get(FACTORS)).text
    first = await recovery_codes(owner)
    assert "recovery codes are left" not in (await owner.get(FACTORS)).text
    for code in first[:7]:
        async with Person(server) as person:
            await give_password(person)
            assert (await give_recovery_code(person, code)).status == 303
    assert "Few recovery codes are left." in (await owner.get(FACTORS)).text
    second = await recovery_codes(owner)
    async with Person(server) as person:
        await give_password(person)
        assert (await give_recovery_code(person, first[-1])).status == 401
        assert (await give_recovery_code(person, second[0])).status == 303


# --- passkeys


async def test_a_passkey_is_a_second_step_or_the_only_one(
    server: Server, owner: Person, new: Person
) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    await give_password(new)
    page = (await new.get("/signin/code")).text
    assert "Use a passkey" in page and 'name="code"' not in page
    status, answer = await use_passkey(new, passkey, second=True)
    assert (status, answer["next"]) == (200, "/signin?kept=?")
    assert await is_signed_in(new)
    await new.post("/signout")
    status, answer = await use_passkey(new, passkey, next="/history?page=2")
    assert (status, answer["next"]) == (200, "/history?page=2")
    assert await is_signed_in(new)
    assert (await use_passkey(new, passkey, next="//elsewhere.example"))[1]["next"] == "/"


async def test_only_a_passkey_that_knows_its_owner_may_be_the_only_step(
    server: Server, owner: Person, new: Person
) -> None:
    passkey = SoftPasskey(origin_of(server.url), verifies=False)
    await add_passkey(owner, passkey)
    status, answer = await use_passkey(new, passkey)
    assert (status, answer["text"]) == (
        400,
        "This passkey could not be checked. Please try again.",
    )
    await give_password(new)
    assert (await use_passkey(new, passkey, second=True))[0] == 200


async def test_a_passkey_whose_counter_goes_backwards_is_refused_and_recorded(
    server: Server, owner: Person, new: Person
) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    passkey.count = 7
    assert (await use_passkey(new, passkey))[0] == 200
    passkey.count = 3
    status, answer = await use_passkey(new, passkey)
    assert status == 400 and "it may have been copied" in answer["text"]
    assert "refuse_passkey" in await words(server)


async def test_a_challenge_serves_once_and_for_five_minutes(
    server: Server, owner: Person, new: Person, clock: MovableClock
) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    _, options = await post_json(new, "/signin/passkey/options", {})
    answer = passkey.used(options)
    assert (await post_json(new, "/signin/passkey", {"credential": answer}))[0] == 200
    assert (await post_json(new, "/signin/passkey", {"credential": answer}))[0] == 400
    _, options = await post_json(new, "/signin/passkey/options", {})
    clock.move(timedelta(minutes=5))
    late = {"credential": passkey.used(options)}
    assert (await post_json(new, "/signin/passkey", late))[0] == 400
    own = {"challenge": "AAAA", "rpId": "localhost"}
    assert (await post_json(new, "/signin/passkey", {"credential": passkey.used(own)}))[0] == 400


async def test_a_passkey_answers_for_its_own_account_and_origin_only(
    server: Server, owner: Person, new: Person
) -> None:
    mine, theirs = SoftPasskey(origin_of(server.url)), SoftPasskey(origin_of(server.url))
    await add_passkey(owner, mine)
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        await add_passkey(boss, theirs)
    await give_password(new)
    # somebody else's passkey is no second step of mine
    assert (await use_passkey(new, theirs, second=True))[0] == 400
    # nor is a challenge for the only step one for the second
    _, options = await post_json(new, "/signin/passkey/options", {})
    crossed = {"credential": mine.used(options), "second": True}
    assert (await post_json(new, "/signin/passkey", crossed))[0] == 400
    mine.origin = "https://phish.example"
    assert (await use_passkey(new, mine, second=True))[0] == 400
    assert not await is_signed_in(new)


async def test_a_suspended_account_is_not_opened_by_its_passkey(
    server: Server, owner: Person, new: Person
) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    account = await account_of(server)
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        await boss.post(f"/admin/people/{account.id}/suspend")
    assert (await use_passkey(new, passkey))[0] == 400


@pytest.mark.parametrize(
    "credential",
    [None, "x", 5, [], {}, {"id": "AAAA"}, {"id": 7}, {"id": "%"}, {"id": "AAAA", "rawId": []}],
)
async def test_an_answer_that_is_none_is_refused(
    server: Server, owner: Person, new: Person, credential: object
) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    if isinstance(credential, dict) and credential.get("id") == "AAAA":
        credential = credential | {"id": passkey.identifier}
    for path in ("/signin/passkey", f"{FACTORS}/passkey"):
        body = {"credential": credential, "name": "x"}
        assert (await post_json(owner, path, body))[0] == 400, path
