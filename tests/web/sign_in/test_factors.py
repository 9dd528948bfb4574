"""Adding, replacing, removing and resetting second factors, and who must have one."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.clock import MovableClock
from tests.passkeys import SoftPasskey, origin_of
from tests.people import Person, Refused
from tests.serving import PASSWORD, Server, serving
from tests.web.sign_in.conftest import BOSS
from tests.web.sign_in.factors import (
    FACTORS,
    account_of,
    add_passkey,
    give_code,
    give_password,
    is_signed_in,
    newest_mail,
    post_json,
    recovery_codes,
    set_up_app,
    use_passkey,
    words,
)
from web.keys import STORE


async def test_an_app_counts_only_once_a_code_has_confirmed_it(
    server: Server, owner: Person, clock: MovableClock
) -> None:
    page = (await owner.get(f"{FACTORS}/app")).text
    assert "<svg" in page and "style=" not in page and "otpauth://totp/" in page
    assert (await owner.get(f"{FACTORS}/app")).text == page  # loaded twice, it is the same secret
    assert (await owner.sign_in()).location == "/"
    wrong = await owner.post(f"{FACTORS}/app", {"code": "000000"})
    assert wrong.status == 400
    assert (await owner.sign_in()).location == "/"
    await set_up_app(owner, clock)
    await give_password(owner)
    assert "add_authenticator" in await words(server)
    assert await newest_mail(server) == "A second step was added to your sign-in"


async def test_a_clock_that_is_wrong_is_named_as_the_app_is_set_up(
    server: Server, owner: Person, clock: MovableClock
) -> None:
    app = await set_up_app(owner, clock)
    clock.move(timedelta(minutes=3))
    page = (await owner.get(f"{FACTORS}/app")).text
    app.secret = page.partition('id="secret"')[2].partition(">")[2].partition("<")[0]
    app.secret = app.secret.replace(" ", "")
    for minutes in (-7, 7):
        code = app.at(clock.now() + timedelta(minutes=minutes))
        answer = await owner.post(f"{FACTORS}/app", {"code": code})
        assert "differs from ours by 7 min" in answer.text


async def test_a_new_app_replaces_the_old_one_once_it_is_confirmed(
    server: Server, owner: Person, clock: MovableClock
) -> None:
    old = await set_up_app(owner, clock)
    clock.move(timedelta(minutes=2))
    await owner.get(f"{FACTORS}/app")
    async with Person(server) as person:
        await give_password(person)
        assert (await give_code(person, old.at(clock.now()))).status == 303
    new = await set_up_app(owner, clock)
    clock.move(timedelta(minutes=2))
    async with Person(server) as person:
        await give_password(person)
        assert (await give_code(person, old.at(clock.now()))).status == 401
        assert (await give_code(person, new.at(clock.now()))).status == 303


async def test_changes_ask_again_who_it_is(
    server: Server, owner: Person, clock: MovableClock
) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    app = await set_up_app(owner, clock)
    await add_passkey(owner, passkey)
    codes = await recovery_codes(owner)
    clock.move(timedelta(minutes=10))
    for path in (f"{FACTORS}/app", f"{FACTORS}/passkey", f"{FACTORS}/recovery-codes"):
        assert (await owner.get(path)).location.startswith(f"{FACTORS}/proof?then="), path
    removal = {"passkey": passkey.identifier}
    for path, form in (
        (f"{FACTORS}/app", {"code": app.at(clock.now())}),
        (f"{FACTORS}/app/remove", {}),
        (f"{FACTORS}/passkey/remove", removal),
        (f"{FACTORS}/recovery-codes", {}),
    ):
        assert (await owner.post(path, form)).location.startswith(f"{FACTORS}/proof"), path
    assert (await post_json(owner, f"{FACTORS}/passkey/options", {}))[0] == 403
    factors = await server.app[STORE].read.second_factors.of_account((await account_of(server)).id)
    assert (len(factors.passkeys), factors.recovery_codes) == (1, len(codes))

    proof = f"{FACTORS}/proof?then=recovery_codes"
    assert (await owner.post(proof, {"password": "a wrong one"})).status == 400
    assert (await owner.post(proof, {"code": "000000"})).status == 400
    proved = await owner.post(proof, {"password": PASSWORD})
    assert proved.location == f"{FACTORS}/recovery-codes"
    assert (await owner.get(proved.location)).status == 200
    clock.move(timedelta(minutes=10))
    assert (await owner.post(proof, {"code": app.at(clock.now())})).status == 303
    clock.move(timedelta(minutes=10))
    _, options = await post_json(owner, f"{FACTORS}/proof/passkey/options", {})
    body = {"credential": passkey.used(options)}
    status, answer = await post_json(owner, f"{FACTORS}/proof/passkey?then=elsewhere", body)
    assert (status, answer["next"]) == (200, FACTORS)
    assert (await owner.post(f"{FACTORS}/passkey/remove", removal)).status == 303
    assert (await use_passkey(owner, passkey))[0] == 400
    assert (await owner.post(f"{FACTORS}/app/remove")).status == 303
    assert (await owner.sign_in()).location == "/"
    assert {"remove_passkey", "remove_authenticator"} <= set(await words(server))


async def test_nobody_removes_the_passkey_of_somebody_else(server: Server, owner: Person) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        answer = await boss.post(f"{FACTORS}/passkey/remove", {"passkey": passkey.identifier})
        assert answer.status == 404
    assert (await use_passkey(owner, passkey))[0] == 200


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\u202eb"])
async def test_a_passkey_needs_a_name(server: Server, owner: Person, name: str) -> None:
    passkey = SoftPasskey(origin_of(server.url))
    _, options = await post_json(owner, f"{FACTORS}/passkey/options", {})
    body = {"name": name, "credential": passkey.made(options)}
    assert (await post_json(owner, f"{FACTORS}/passkey", body))[0] == 400


# --- whoever has lost theirs


async def test_an_administrator_resets_what_somebody_has_lost(
    server: Server, owner: Person, clock: MovableClock
) -> None:
    await set_up_app(owner, clock)
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(owner, passkey)
    account, boss_account = await account_of(server), await account_of(server, BOSS)
    reset = f"/admin/factors/{account.id}/reset"
    async with Person(server) as boss, Person(server) as person:
        await boss.sign_in(BOSS)
        assert reset in (await boss.get(f"/admin/people/{account.id}")).text
        assert (await owner.post(reset)).status == 404
        assert (await boss.post(f"/admin/factors/{boss_account.id}/reset")).status == 409
        assert (await boss.post("/admin/factors/nobody/reset")).status == 404
        assert (await boss.post(reset)).status == 303
        assert not await is_signed_in(owner)
        assert (await person.sign_in()).status == 303
        assert await is_signed_in(person)
        assert (await use_passkey(person, passkey))[0] == 400
    assert "reset_factors" in await words(server)
    assert await newest_mail(server) == "The second step of your sign-in was removed"


@pytest.mark.slow
@pytest.mark.sqlite
async def test_the_operator_resets_those_of_the_only_administrator(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        await set_up_app(boss, clock)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scripts.set_password", "--email", BOSS, "--reset-factors",
            stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": "/usr/bin:/bin",
                "PORT": str(server.config.port),
                "TELECONNECT_DATA_DIR": str(server.config.data_dir),
            },
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0
        assert "signs in without a second step" in output.decode()
        assert not await is_signed_in(boss)
        assert (await boss.sign_in(BOSS)).status == 303
        assert await is_signed_in(boss)
    rows = await server.app[STORE]._database.read.rows("SELECT occasion FROM account_mail")
    assert "factor_reset" in [row["occasion"] for row in rows]


# --- who must have one


async def test_whoever_must_have_one_can_do_nothing_else_before(
    tmp_path: Path, clock: MovableClock
) -> None:
    rule = {"TELECONNECT_SECOND_FACTOR": "administrators"}
    async with serving(tmp_path, clock, **rule) as server:
        await server.account()
        await server.account(BOSS, "The Boss", "administrator")
        async with Person(server) as nurse, Person(server) as boss:
            await nurse.sign_in()
            assert await is_signed_in(nurse)
            await boss.sign_in(BOSS)
            for path in ("/", "/invites", "/admin/people", "/profile", "/signin"):
                answer = await boss.get(path)
                while answer.status == 303 and answer.location != FACTORS:
                    answer = await boss.get(answer.location)
                assert answer.location == FACTORS, path
            assert (await boss.post("/invites/new", {"first_name": "Amina"})).status == 401
            account = await account_of(server)
            assert (await boss.post(f"/admin/people/{account.id}/suspend")).status == 401
            with pytest.raises(Refused):
                await boss.enter(consultation_id="anything")
            assert "asks for a second step" in (await boss.get(FACTORS)).text
            await set_up_app(boss, clock)
            assert (await boss.get("/admin/people")).status == 200
            refused = await boss.post(f"{FACTORS}/app/remove")
            assert refused.status == 409
            assert "Please add another one before" in refused.text


async def test_signing_out_is_possible_before(tmp_path: Path, clock: MovableClock) -> None:
    async with serving(tmp_path, clock, TELECONNECT_SECOND_FACTOR="everybody") as server:
        await server.account()
        async with Person(server) as nurse:
            await nurse.sign_in()
            assert (await nurse.get("/invites")).location == FACTORS
            assert (await nurse.post("/signout")).location == "/signin"
            assert (await nurse.get(FACTORS)).location == f"/signin?next={quote(FACTORS, safe='')}"
            assert "sign_out" in await words(server)
