"""Passwords can be changed by their owner, by an administrator, and by the operator."""

import asyncio
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.audit import SCRIPT
from signaling.token import token_digest
from tests.clock import MovableClock
from tests.people import Answer, Person
from tests.serving import PASSWORD, Server, audit_lines, serving
from tests.web.sign_in.conftest import BOSS
from web.keys import CLOCKWORK, STORE

NEW = "three blind rivers sing"
NURSE = "nurse@example.org"
LINK = re.compile(r"/password/[\w-]+")


async def account(server: Server, email: str = NURSE) -> Account:
    found = await server.app[STORE].read.accounts.by_email(email)
    assert found is not None
    return found


async def audit(server: Server) -> list[tuple[str, str, str]]:
    lines = await audit_lines(server.app[STORE])
    return [(line.actor, line.action, line.thing) for line in lines]


async def known_browsers(server: Server) -> list[bytes]:
    rows = await server.app[STORE]._database.read.rows("SELECT * FROM known_browser")
    return [row["token_digest"] for row in rows]


async def change(person: Person, present: str = PASSWORD, new: str = NEW) -> Answer:
    return await person.post("/profile/password", {"present": present, "password": new})


async def signed_in(person: Person) -> bool:
    return (await person.get("/profile")).status == 200


# --- one's own password


async def test_changing_a_password_needs_the_present_one(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        refused = await change(nurse, "a wrong password")
        assert refused.status == 400
        assert "That is not your current password." in refused.text
        assert (await nurse.sign_in()).status == 303


async def test_a_changed_password_signs_out_every_other_browser_and_not_this_one(
    server: Server,
) -> None:
    async with Person(server) as here, Person(server) as thief, Person(server) as boss:
        for person in (here, thief):
            await person.sign_in()
        await boss.sign_in(BOSS)
        answer = await change(here)
        assert answer.status == 303
        assert "Your password was changed." in (await here.get(answer.location)).text
        assert not await signed_in(thief)
        assert await signed_in(here)
        assert await signed_in(boss)
        assert (await thief.sign_in()).status == 401
        assert (await thief.sign_in(password=NEW)).status == 303
        nurse = await account(server)
        assert (nurse.id, "change_password", nurse.id) in await audit(server)


async def test_after_a_change_only_the_browser_that_made_it_is_known(server: Server) -> None:
    async with Person(server) as here, Person(server) as thief:
        for person in (here, thief):
            await person.sign_in()
        assert len(await known_browsers(server)) == 2
        await change(here)
        [cookie] = [c.value for c in here.http.cookie_jar if c.key == "teleconnect-browser"]
        assert await known_browsers(server) == [token_digest(cookie)]


@pytest.mark.parametrize("new", ["too short", "Nurse Joy 2026", "passwordpassword"])
async def test_a_new_password_is_held_to_the_same_rules(server: Server, new: str) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (await change(nurse, new=new)).status == 400
        assert (await nurse.sign_in()).status == 303


async def test_whoever_finds_an_open_browser_cannot_try_passwords_without_end(
    server: Server,
) -> None:
    async with Person(server) as finder:
        await finder.sign_in()
        answers = [await change(finder, f"a guess {number}") for number in range(11)]
        assert [answer.status for answer in answers] == [400] * 10 + [429]
        assert "Retry-After" in answers[-1].headers
        assert (await finder.sign_in()).status == 303


async def test_a_stranger_has_no_account_page(server: Server) -> None:
    async with Person(server) as stranger:
        assert (await stranger.get("/profile")).location == "/signin?next=%2Fprofile"
        assert (await change(stranger)).status == 401
        assert (await stranger.post("/profile/sign-out", {"where": "others"})).status == 401


# --- by an administrator


async def link_for(boss: Person, account_id: str) -> str:
    answer = await boss.post(f"/admin/people/{account_id}/password-link")
    assert answer.status == 200
    found = LINK.search(answer.text)
    assert found is not None
    return found.group()


async def test_an_administrator_makes_a_link_by_which_somebody_chooses_a_password(
    server: Server,
) -> None:
    nurse, boss_account = await account(server), await account(server, BOSS)
    async with Person(server) as boss, Person(server) as thief, Person(server) as owner:
        await boss.sign_in(BOSS)
        await thief.sign_in()
        link = await link_for(boss, nurse.id)
        stored = await server.app[STORE]._database.read.rows("SELECT * FROM password_link")
        assert [row["token_digest"] for row in stored] == [token_digest(link.split("/")[-1])]
        assert await signed_in(thief)  # nothing ends before a password is chosen
        assert NURSE in (await owner.get(link)).text
        assert (await owner.post(link, {"password": "short"})).status == 400
        assert (await owner.post(link, {"password": NEW})).status == 303
        assert await signed_in(owner)
        assert not await signed_in(thief)
        assert (await thief.sign_in()).status == 401
        for answer in (await owner.get(link), await owner.post(link, {"password": NEW + "!"})):
            assert answer.status == 404
            assert "ask an administrator for a new link" in answer.text
        lines = await audit(server)
        assert (boss_account.id, "reset_password", nurse.id) in lines
        assert (nurse.id, "choose_password", nurse.id) in lines


async def test_a_link_lives_a_day_and_a_new_one_kills_it(
    server: Server, clock: MovableClock
) -> None:
    nurse = await account(server)
    async with Person(server) as boss, Person(server) as owner:
        await boss.sign_in(BOSS)
        first = await link_for(boss, nurse.id)
        second = await link_for(boss, nurse.id)
        assert (await owner.get(first)).status == 404
        assert (await owner.get(second)).status == 200
        clock.move(timedelta(hours=24))
        assert (await owner.get(second)).status == 404
        assert (await owner.post(second, {"password": NEW})).status == 404
        assert "This link has expired." in (await owner.get(second)).text
        clock.move(timedelta(days=30))
        await server.app[CLOCKWORK].run_due()
        assert await server.app[STORE]._database.read.rows("SELECT * FROM password_link") == []


@pytest.mark.parametrize("step", ["suspend", "change_password"])
async def test_a_link_dies_with_the_account_and_with_another_password(
    server: Server, step: str
) -> None:
    nurse = await account(server)
    async with Person(server) as boss, Person(server) as owner:
        await boss.sign_in(BOSS)
        await owner.sign_in()
        link = await link_for(boss, nurse.id)
        if step == "suspend":
            await boss.post(f"/admin/people/{nurse.id}/suspend")
            await boss.post(f"/admin/people/{nurse.id}/let-in")
        else:
            await change(owner)
        assert (await owner.get(link)).status == 404


async def test_a_suspended_account_gets_no_link(server: Server) -> None:
    nurse = await account(server)
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        await boss.post(f"/admin/people/{nurse.id}/suspend")
        assert (await boss.post(f"/admin/people/{nurse.id}/password-link")).status == 404


async def test_trying_addresses_of_links_is_slowed_down(server: Server) -> None:
    async with Person(server) as stranger:
        answers = [(await stranger.get(f"/password/guess{number}")).status for number in range(61)]
        assert answers == [404] * 60 + [429]


async def test_a_role_is_given_and_taken_away(server: Server) -> None:
    nurse, boss_account = await account(server), await account(server, BOSS)
    async with Person(server) as boss, Person(server) as person:
        await boss.sign_in(BOSS)
        await boss.post(f"/admin/people/{nurse.id}/make-administrator")
        await person.sign_in()
        assert (await person.get("/admin/people")).status == 200
        await boss.post(f"/admin/people/{nurse.id}/make-scheduler")
        await person.sign_in()
        assert (await person.get("/admin/people")).status == 404
        lines = await audit(server)
        assert lines.count((boss_account.id, "change_role", nurse.id)) == 2


async def test_nobody_takes_their_own_role_away_and_an_administrator_is_always_left(
    server: Server,
) -> None:
    boss_account, nurse = await account(server, BOSS), await account(server)
    async with Person(server) as boss, Person(server) as person:
        await boss.sign_in(BOSS)
        own = await boss.post(f"/admin/people/{boss_account.id}/make-scheduler")
        assert own.status == 409
        assert "You cannot change your own role." in own.text
        await boss.post(f"/admin/people/{nurse.id}/make-administrator")
        await person.sign_in()
        both = await asyncio.gather(
            boss.post(f"/admin/people/{nurse.id}/make-scheduler"),
            person.post(f"/admin/people/{boss_account.id}/make-scheduler"),
        )
        assert sorted(answer.status for answer in both) in ([303, 404], [303, 409], [303, 401])
        accounts = await server.app[STORE].read.accounts.all()
        assert [each.role for each in accounts].count("administrator") == 1


@pytest.mark.parametrize("step", ["password-link", "make-administrator", "make-scheduler"])
async def test_a_scheduler_cannot_change_anybodys_credentials(server: Server, step: str) -> None:
    boss_account = await account(server, BOSS)
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (await nurse.post(f"/admin/people/{boss_account.id}/{step}")).status == 404
        assert (await account(server, BOSS)).role == "administrator"


# --- by the operator


async def run(server: Server, *arguments: str, typed: str = "") -> tuple[int | None, str, str]:
    """(status, output, errors) of the command while the server runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.set_password", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            "PATH": "/usr/bin:/bin",
            "PORT": str(server.config.port),
            "TELECONNECT_DATA_DIR": str(server.config.data_dir),
        },
    )  # fmt: skip
    output, errors = await process.communicate(typed.encode())
    return process.returncode, output.decode(), errors.decode()


@pytest.mark.slow
@pytest.mark.sqlite
async def test_the_operator_sets_a_password_while_the_server_runs(server: Server) -> None:
    nurse = await account(server)
    async with Person(server) as person:
        await person.sign_in()
        ended = await run(server, "--email", NURSE, "--password-stdin", typed=NEW + "\n")
        assert ended == (
            0, f"The password of {NURSE} was changed, and nobody is signed in with it.\n", "",
        )  # fmt: skip
        assert not await signed_in(person)
        assert (SCRIPT, "reset_password", nurse.id) in await audit(server)
        stored = await account(server)
        assert stored.password_hash is not None
        assert "m=65536" in stored.password_hash
        # queued in another process: the server finds it by itself
        assert await server.app[STORE].read.account_mails.next_due() is not None


@pytest.mark.slow
@pytest.mark.sqlite
async def test_the_operator_gets_a_link_while_the_server_runs(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as owner:
        await server.account()
        status, output, _ = await run(server, "--email", NURSE, "--link")
        assert status == 0
        found = LINK.search(output)
        assert found is not None
        assert (await owner.post(found.group(), {"password": NEW})).status == 303
        assert await signed_in(owner)


@pytest.mark.slow
@pytest.mark.sqlite
async def test_the_operator_is_told_in_one_sentence_what_is_wrong(server: Server) -> None:
    status, _, errors = await run(server, "--email", "nobody@example.org", "--link")
    assert (status, errors) == (1, "There is no account with this email that can sign in.\n")
