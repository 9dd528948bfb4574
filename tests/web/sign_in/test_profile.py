"""The profile; and passwords, changed by their owner, by an administrator, and by the operator."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.audit import SCRIPT
from signaling.preferences import Preferences
from signaling.token import token_digest
from tests.clock import MovableClock
from tests.people import Answer, Person
from tests.serving import PASSWORD, Server, audit_lines, moment, serving
from web.keys import CLOCKWORK, OUTBOX, STORE
from web.notices.outbox import read_outbox
from web.sign_in.browser_names import browser_name

NEW = "three blind rivers sing"
NURSE, BOSS = "nurse@example.org", "boss@example.org"
LINK = re.compile(r"/password/[\w-]+")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:30"))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        await running.account(BOSS, "The Boss", "administrator")
        yield running


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


# --- about oneself


ABOUT = {"name": "Joy Okoro", "language": "fr", "time_zone": "Africa/Lagos"}


async def test_name_language_and_zone_are_changed_and_used(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        answer = await nurse.post("/profile", ABOUT)
        page = (await nurse.get(answer.location)).text
        assert 'lang="fr"' in page  # also where another language was chosen by hand
        assert page.count("Joy Okoro") >= 2
        stored = await account(server)
        assert (stored.name, stored.language, stored.time_zone) == tuple(ABOUT.values())
        assert (stored.id, "change_profile", stored.id) in await audit(server)


async def test_what_nobody_can_be_is_refused_and_kept(server: Server) -> None:
    bad = [
        *({"name": name} for name in ("", " \u200b", "x" * 10_000, "a\u202eb", "a\0b", "\u2067a")),
        *({"language": code} for code in ("", "xx", "../en", "x" * 10_000)),
        *({"time_zone": zone} for zone in ("", "Mars/Base", "../etc/passwd", "\0", "x" * 10_000)),
    ]
    async with Person(server) as nurse:
        await nurse.sign_in()
        for values in bad:
            refused = await nurse.post("/profile", ABOUT | values)
            assert refused.status == 400, values
            assert 'aria-invalid="true"' in refused.text
            if "name" not in values:
                assert "Joy Okoro" in refused.text
    assert (await account(server)).name == "Nurse Joy"


async def test_the_ring_is_kept_and_every_page_knows_it(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (
            'data-ring-sound="phone" data-ring-volume="70" data-notifications="on"'
            in (await nurse.get("/")).text
        )
        chosen = {"ring_sound": "soft", "ring_volume": "0"}
        assert (await nurse.post("/profile/preferences", chosen)).status == 303
        page = (await nurse.get("/")).text
        assert 'data-ring-sound="soft" data-ring-volume="0"' in page
        assert "data-notifications" not in page
        for bad in ({"ring_sound": "loud"}, *({"ring_volume": each} for each in BAD_VOLUMES)):
            assert (await nurse.post("/profile/preferences", chosen | bad)).status == 400, bad
        assert (await account(server)).preferences == Preferences("soft", 0, notifications=False)


BAD_VOLUMES = ("", "-1", "101", "1e2", "\u0665", "\u00b2", "9" * 10_000, "NaN", "5 5")


async def test_a_request_to_be_deleted_reaches_every_administrator_and_can_be_taken_back(
    server: Server,
) -> None:
    other = await server.account("gone@example.org", "Gone", "administrator")
    async with Person(server) as nurse, Person(server) as boss:
        await nurse.sign_in()
        await boss.sign_in(BOSS)
        await boss.post(f"/admin/people/{other.id}/suspend")
        for _ in range(2):
            answer = await nurse.post("/profile/deletion", {"step": "ask"})
        assert "You asked for your account to be deleted" in (await nurse.get(answer.location)).text
        asked = await account(server)
        assert asked.deletion_requested_at == moment("2026-12-07 14:30")
        await server.app[CLOCKWORK].run_due()
        [mail] = await read_outbox(server.app[OUTBOX])
        assert mail.to == BOSS and "Nurse Joy" in mail.text and "/admin/people" in mail.text
        for _ in range(2):
            await nurse.post("/profile/deletion", {"step": "keep"})
        assert (await account(server)).deletion_requested_at is None
        assert (await nurse.post("/profile/deletion", {"step": "now"})).status == 404
        steps = [action for _, action, _ in await audit(server) if "delet" in action]
        assert steps == ["request_deletion", "withdraw_deletion_request"]


async def test_every_change_of_a_password_is_told_by_mail(server: Server) -> None:
    nurse_account = await account(server)
    async with Person(server) as nurse, Person(server) as boss:
        await nurse.sign_in()
        await boss.sign_in(BOSS)
        await change(nurse)
        link = await link_for(boss, nurse_account.id)
        await nurse.post(link, {"password": NEW + " again"})
        await server.app[CLOCKWORK].run_due()
        mails = await read_outbox(server.app[OUTBOX])
    assert [mail.to for mail in mails] == [NURSE, NURSE]
    assert {mail.subject for mail in mails} == {"Your password was changed"}
    assert all("14:30" in mail.text and NEW not in mail.text for mail in mails)


async def test_somebody_without_a_password_is_not_asked_for_one(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        stored = await account(server)
        bare = replace(stored, password_hash=None)
        await server.app[STORE].write(lambda records: records.accounts.change(bare))
        page = (await nurse.get("/profile")).text
        assert "This account has no password." in page
        assert "Change password" not in page
        assert (await change(nurse)).status == 400


async def test_the_old_address_leads_to_the_profile(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (await nurse.get("/account")).location == "/profile"
        assert 'href="/profile"' in (await nurse.get("/")).text


# --- where one is signed in


async def places(person: Person) -> list[str]:
    """The values of the buttons of other web sessions."""
    return re.findall(r'name="where" value="(\w+)"', (await person.get("/profile")).text)


async def test_the_profile_lists_where_i_am_signed_in_and_ends_any_of_it(
    server: Server, clock: MovableClock
) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"
    async with (
        Person(server, **{"User-Agent": firefox}) as here,
        Person(server, **{"User-Agent": safari}) as phone,
        Person(server) as other,
    ):
        await other.sign_in(BOSS)
        for person in (here, phone):
            await person.sign_in()
        page = (await here.get("/profile")).text
        assert page.index("Firefox on Linux") < page.index("This browser")
        assert page.index("This browser") < page.index("Safari on iPhone")
        assert 'datetime="2026-12-07T14:30:00+00:00"' in page
        assert page.count("with a password") == 2
        clock.move(timedelta(hours=2))
        await phone.get("/")
        page = (await here.get("/profile")).text
        assert page.count('Last used <time datetime="2026-12-07T16:30:00+00:00"') == 1
        [where, others] = await places(here)
        assert others == "others"
        ended = await here.post("/profile/sign-out", {"where": where})
        assert "You are signed out there now." in (await here.get(ended.location)).text
        assert not await signed_in(phone)
        assert await signed_in(here)
        assert await signed_in(other)
        assert await places(here) == []
        assert (await here.post("/profile/sign-out", {"where": where})).status == 404


async def test_signing_out_everywhere_else_leaves_this_browser(server: Server) -> None:
    async with Person(server) as here, Person(server) as one, Person(server) as two:
        for person in (here, one, two):
            await person.sign_in()
        assert (await here.post("/profile/sign-out", {"where": "others"})).status == 303
        assert [await signed_in(person) for person in (here, one, two)] == [True, False, False]
        assert len(await known_browsers(server)) == 1


async def test_nobody_ends_the_web_session_of_somebody_else(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as again, Person(server) as boss:
        for person in (nurse, again):
            await person.sign_in()
        await boss.sign_in(BOSS)
        [where, _others] = await places(nurse)
        assert (await boss.post("/profile/sign-out", {"where": where})).status == 404
        assert await signed_in(again)


async def test_no_page_shows_what_is_stored_of_a_web_session(server: Server) -> None:
    async with Person(server) as here, Person(server) as other:
        for person in (here, other):
            await person.sign_in()
        page = (await here.get("/profile")).text
        for person in (here, other):
            assert person.cookie not in page
            assert token_digest(person.cookie).hex() not in page


@pytest.mark.parametrize(
    ("user_agent", "names"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0 Safari/537.36", "Chrome Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge Windows"),
        ("Mozilla/5.0 (Linux; Android 9) SamsungBrowser/20 Chrome/1", "Samsung Internet Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/19 Safari/605", "Safari Mac"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) CriOS/156 Safari/604.1", "Chrome iPhone"),
        ("curl/8", " "),
        ("", " "),
    ],
)
def test_a_browser_is_called_as_people_call_it(user_agent: str, names: str) -> None:
    assert " ".join(browser_name(user_agent)) == names


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


@pytest.mark.slow
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
async def test_the_operator_is_told_in_one_sentence_what_is_wrong(server: Server) -> None:
    status, _, errors = await run(server, "--email", "nobody@example.org", "--link")
    assert (status, errors) == (1, "There is no account with this email that can sign in.\n")
