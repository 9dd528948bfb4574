"""The audit log: every action has its line, and no line is changed, removed or added unnoticed."""

import ast
import json
import logging
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from signaling.access import MATRIX
from signaling.audit import OF_ACTIONS, OF_MACHINE, OF_PROVIDER, WORDS
from signaling.errors import Unavailable
from signaling.report import PHOTOS_IN_REPORT
from storage.store import Records
from tests.clock import MovableClock
from tests.passkeys import SoftPasskey, origin_of
from tests.people import Person, consultation_of, outbox
from tests.serving import PASSWORD, Server, audit_lines, moment, serving
from tests.structure import nodes
from tests.web.access.audited import LINES, WITHOUT
from tests.web.access.clinic import pass_sessions_around
from tests.web.sign_in.factors import (
    FACTORS,
    account_of,
    add_passkey,
    give_password,
    give_recovery_code,
    recovery_codes,
    set_up_app,
    use_passkey,
)
from web.access.failed_sign_in_log import MOST_PAIRS, WINDOW
from web.handlers import HANDLERS
from web.keys import (
    CLOCK,
    CLOCKWORK,
    FAILED_SIGN_IN_LOG,
    FORGOTTEN_PASSWORDS,
    SETUP_TOKEN,
    STORE,
    WAITS,
)
from web.markup.administration.audit_labels import action_label

ROOT = Path(__file__).parents[3]
NOW = moment("2026-12-07 14:30")
ORGANIZATION = {
    "name": "Voices",
    "email": "voices@example.org",
    "language_ar": "on",
    "active": "on",
}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        yield running


async def lines(server: Server) -> list[tuple[str, str, str]]:
    """(actor, action, thing) of every line."""
    found = await audit_lines(server.app[STORE])
    return [(line.actor, line.action, line.thing) for line in found]


async def words(server: Server) -> set[str]:
    return {action for _, action, _ in await lines(server)}


# --- everything that is done


async def administer(server: Server) -> tuple[Person, Person]:
    """Set up the server and do everything an administrator does. Returns (administrator, scheduler)."""
    boss, nurse = Person(server), Person(server)
    form = {"name": "The Boss", "email": "boss@example.org", "password": PASSWORD}
    await boss.post(f"/setup/{server.app[SETUP_TOKEN].make()}", form)
    form = {"name": "Gone", "email": "gone@example.org", "role": "scheduler"}
    await boss.post("/admin/people/invite", form)
    account = await server.app[STORE].read.accounts.by_email("gone@example.org")
    assert account is not None
    await boss.post(f"/admin/people/{account.id}/invitation/withdraw")
    form = {"name": "Nurse Joy", "email": "nurse@example.org", "role": "scheduler"}
    page = await boss.post("/admin/people/invite", form)
    link = re.search(r"/password/[\w-]+", page.text)
    assert link is not None
    await nurse.post(link.group(), {"password": PASSWORD, "language": "en"})
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    steps = ("suspend", "let-in", "sign-out", "make-administrator", "make-scheduler")
    for step in (*steps, "password-link"):
        page = await boss.post(f"/admin/people/{account.id}/{step}")
    link = re.search(r"/password/[\w-]+", page.text)
    assert link is not None
    await nurse.post(link.group(), {"password": PASSWORD})
    await nurse.post("/profile/password", {"present": PASSWORD, "password": PASSWORD})
    await nurse.post("/profile/sign-out", {"where": "others"})
    await nurse.post("/profile", {"name": "Joy", "language": "en", "time_zone": "UTC"})
    for step in ("ask", "keep"):
        await nurse.post("/profile/deletion", {"step": step})
    await nurse.post("/signin/forgotten", {"email": "nurse@example.org"})
    await server.app[FORGOTTEN_PASSWORDS].answer()
    await boss.post("/admin/interpreters/new", ORGANIZATION)
    await boss.post("/admin/interpreters/new", {**ORGANIZATION, "name": "Gone"})
    kept, gone = await server.app[STORE].read.interpreters.organizations()
    await boss.post(f"/admin/interpreters/{kept.id}", {**ORGANIZATION, "position": "2"})
    await boss.post(f"/admin/interpreters/{gone.id}", {"remove": "on"})
    await boss.post("/admin/routes", {"routes": ""})
    await boss.post("/admin/texts/invitation/en/subject", {"text": "Come"})
    await boss.post("/admin/templates/invitation/en", {"name": "come", "locale": "en"})
    await boss.post("/admin/sessions", {"add_colleague_in_progress": "on"})
    await boss.post("/admin/settings/brand", {"brand": "Clinic"})
    await boss.post("/admin/pages/help/en", {"text": "Ask us", "step": "save", "version": ""})
    await boss.post("/admin/routes/try", {"number": "+41791234567", "step": "send"})
    await boss.get("/admin/outbox")
    await nurse.sign_in(password="a wrong one")
    assert (await nurse.sign_in()).status == 303
    return boss, nurse


async def use_second_factors(server: Server, nurse: Person, clock: MovableClock) -> None:
    """Add, use, remove and lose each kind."""
    await set_up_app(nurse, clock)
    passkey = SoftPasskey(origin_of(server.url))
    await add_passkey(nurse, passkey)
    code = (await recovery_codes(nurse))[0]
    await give_password(nurse)
    await give_recovery_code(nurse, code)
    for count in (7, 3):  # that of a copy is behind
        passkey.count = count
        await use_passkey(nurse, passkey)
    await nurse.post(f"{FACTORS}/passkey/remove", {"passkey": passkey.identifier})
    await nurse.post(f"{FACTORS}/app/remove")


async def hold(server: Server, nurse: Person, phone: Person) -> str:
    """Play one whole session. Returns its id."""
    link = await nurse.invite()
    invite_id = await phone.join(link)
    wire = await phone.enter(invite_id=invite_id)
    session = await consultation_of(wire)
    people = {"colleague": "on", "colleague_1_address": "lee@example.org"}
    await nurse.post(f"/sessions/{session}/people", people)
    added = (await server.app[STORE].read.invites.of_consultation(session))[1]
    other = {"name": "Li", "address": "li@example.org", "language": "en"}
    assert (await nurse.post(f"/invites/{added.id}/edit", other)).status == 303
    await nurse.post(f"/invites/{added.id}/send")
    await nurse.post(f"/invites/{added.id}/remove")
    await nurse.get(f"/invites/{invite_id}/qr.svg")
    person = {"first_name": "Amira", "address": "amina@example.org", "language": "en"}
    assert (await nurse.post(f"/sessions/{session}/edit", person)).status == 303
    desk = await nurse.enter(consultation_id=session)
    await desk.command("start_consultation")
    await desk.command("call_start", media="audio")
    await desk.say("What is written here is nowhere in the log")
    await desk.command("terminate_consultation", choice="keep_open")
    await desk.command("resume_consultation")
    await desk.command("terminate_consultation", choice="close")
    await nurse.post(f"/sessions/{session}/reopen")
    await desk.command("terminate_consultation", choice="close")
    for carried in ("off", "on"):
        await server.app[STORE].write(partial(_carry, value=carried))
        assert (await nurse.get(f"/sessions/{session}/report.pdf")).status == 200
    return session


async def _carry(records: Records, *, value: str) -> None:
    await records.settings.put(PHOTOS_IN_REPORT, value)


async def ask_for_interpreters(server: Server, nurse: Person) -> None:
    """Make three requests: one accepted, one declined, one unanswered."""
    form = {"kind": "remote", "first_name": "Amina", "address": "amina@example.org",
            "language": "ar", "interpreter": "on"}  # fmt: skip
    links: list[str] = []
    for _ in range(3):
        await nurse.post("/invites/new", form)
        mails = [mail.text for mail in await outbox(server)]
        found = {link for text in mails for link in re.findall(r"/r/[\w-]+", text)}
        links += found - set(links)
    async with Person(server) as manager:
        answer = {"answer": "accept", "name": "Ibrahim", "address": "ibrahim@example.org"}
        await manager.post(links[0], answer)
        await manager.post(links[1], {"answer": "decline"})
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    for consultation in await server.app[STORE].read.consultations.visible_to(
        account.id, ["planned"]
    ):
        if consultation.interpreting == "unavailable":
            await nurse.post(f"/sessions/{consultation.id}/without-interpreter")
        if consultation.interpreting == "accepted":
            await nurse.post(f"/sessions/{consultation.id}/cancel")


async def depart(server: Server, boss: Person) -> None:
    """Delete a scheduler who has planned a session, and take along what may be taken."""
    account = await server.account("gone@example.org", "Gone Soon")
    async with Person(server) as gone:
        await gone.sign_in("gone@example.org")
        await gone.invite("Boris")
    nurse = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert nurse is not None
    deleting = f"/admin/people/{account.id}/delete"
    assert (await boss.post(deleting, {"colleague": nurse.id})).status == 303
    for table in ("audit", "numbers"):
        assert (await boss.get(f"/admin/{table}.csv")).status == 200


@pytest.mark.slow
async def test_everything_that_is_done_has_its_line_and_says_nothing_else(
    server: Server, clock: MovableClock
) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse, Person(server) as phone:
        session = await hold(server, nurse, phone)
        await use_second_factors(server, nurse, clock)
        account = await account_of(server)
        await boss.post(f"/admin/factors/{account.id}/reset")
        await nurse.sign_in()
        await phone.post("/leave")
        await ask_for_interpreters(server, nurse)
        await depart(server, boss)
        await pass_sessions_around(server, boss, nurse)
        await nurse.invite("Nobody comes")
        await nurse.post("/signout")
        for _ in range(3):  # what expires is deleted a day later
            clock.move(timedelta(hours=25))
            await server.app[CLOCKWORK].run_due()
        # an account is created by a command
        apart = {"begin_keyed_log", "create_account", *OF_PROVIDER, *OF_MACHINE}
        assert await words(server) == WORDS - apart
        assert (await server.app[STORE].read.audit.check()).holds
        await boss.sign_in("boss@example.org")
        page = await boss.get("/admin/audit")
    written = json.dumps(await lines(server))
    for secret in ("Amina", "Amira", "@example.org", "Nurse", "nowhere in the log", "a wrong one",
                   "Gone Soon", "127.0.0.1", session):  # fmt: skip
        assert secret not in written, secret
    assert "No line of this log has been altered." in page.text
    totals = await server.app[STORE].read.purged.totals()
    assert (totals["sessions"], totals["messages"], totals["calls"]) == (7, 1, 1)


@pytest.mark.slow
async def test_lines_of_one_session_belong_together(server: Server) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse, Person(server) as phone:
        await hold(server, nurse, phone)
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    found = await lines(server)
    sessions = {thing for _, action, thing in found if action in ("invite", "start", "export")}
    assert len(sessions) == 1 and sessions.pop().startswith("session:")
    assert {actor for actor, action, _ in found if action == "export"} == {account.id}
    seats = {actor for actor, action, _ in found if action in ("take_seat", "enter")}
    assert {actor.partition(":")[0] for actor in seats} == {"invite", account.id}


def test_every_action_of_the_access_table_and_every_address_is_decided_about() -> None:
    assert OF_ACTIONS.keys() == MATRIX.keys()
    changing = {key for key in HANDLERS if key[0] != "GET"} | {("GET", "socket")}
    assert changing <= LINES.keys() | WITHOUT.keys()
    assert not LINES.keys() & WITHOUT.keys()
    assert LINES.keys() | WITHOUT.keys() <= HANDLERS.keys()
    assert {word for words in LINES.values() for word in words} <= WORDS
    of_actions = {word for words in OF_ACTIONS.values() for word in words}
    assert of_actions <= {word for words in LINES.values() for word in words}


def test_every_word_of_the_log_can_be_read() -> None:
    """Also those that are literals where a line is added."""
    viewer: Any = type("Viewer", (), {"translate": staticmethod(lambda text: text)})()
    for word in WORDS:
        assert action_label(viewer, word) != word
    found = set()
    for folder in ("signaling", "storage", "web", "scripts"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in nodes(file.read_text("utf-8")):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr="append", value=ast.Attribute(attr="audit")),
                        args=[_, _, ast.Constant(value=word), _],
                    ):
                        found.add(word)
    assert "export" in found
    assert found <= WORDS


async def test_a_deed_that_fails_has_no_line(server: Server) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse:
        before = await lines(server)
        form = {"name": "Twice", "email": "nurse@example.org"}
        assert (await boss.post("/admin/people/invite", form)).status == 400
        assert (await nurse.post("/invites/new", {"kind": "remote"})).status == 400
        assert (await boss.post("/admin/interpreters/new", {"remove": "on"})).status == 404
        assert await lines(server) == before


# --- what administrators see, and what is logged elsewhere


async def test_the_page_shows_the_newest_first_and_tells_a_broken_chain(server: Server) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse:
        await boss.get("/admin/outbox")
        opened = (await audit_lines(server.app[STORE]))[-1]

        async def open_again(records: Records) -> None:
            for _ in range(59):
                await records.audit.append(NOW, opened.actor, opened.action, opened.thing)

        await server.app[STORE].write(open_again)
        page = (await boss.get("/admin/audit")).text
        assert page.count("<strong>Outbox opened") == 50 and "The Boss" in page
        older = re.search(r'href="(/admin/audit\?before=\d+)"', page)
        assert older is not None
        rest = (await boss.get(older.group(1))).text
        assert "<strong>Server set up" in rest and rest.count("<bdi>Somebody unknown") == 1
        await server.app[STORE].write(
            lambda records: records.audit._executor.rows("DELETE FROM audit WHERE number = 7")
        )
        await server.app[WAITS].run_due()
        server.app[CLOCK].move(timedelta(days=1))  # type: ignore[attr-defined]
        await server.app[WAITS].run_due()
        await boss.sign_in("boss@example.org")
        assert "Line 7 has been altered" in (await boss.get("/admin/audit")).text
        assert (await nurse.get("/admin/audit")).status in (303, 404)


async def test_the_log_of_the_process_notes_where_the_audit_log_ends(
    tmp_path: Path, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    def noted() -> list[tuple[int, str]]:
        return [
            (record.number, record.digest)  # type: ignore[attr-defined]
            for record in caplog.records
            if record.message == "audit head"
        ]

    with caplog.at_level(logging.INFO, "audit"):
        async with serving(tmp_path, clock) as server:
            await server.app[WAITS].run_due()
            assert noted() == [(0, bytes(32).hex())]
            boss, nurse = await administer(server)
            await boss.close()
            await nurse.close()
            clock.move(timedelta(days=1))
            await server.app[WAITS].run_due()
            head = await server.app[STORE].read.audit.head()
            assert noted()[-1] == (head.number, head.digest.hex())
        assert len(noted()) == 3


# --- what strangers can cause


async def test_failed_sign_ins_are_one_line_and_a_count_for_each_account_and_network(
    server: Server, clock: MovableClock
) -> None:
    account = await server.account()
    async with Person(server) as guesser:
        for _ in range(3):
            await guesser.sign_in(password="a guess")
        await guesser.sign_in("nobody@example.org")
        found = await lines(server)
        assert [(actor, thing[-2:]) for actor, _, thing in found] == [
            (account.id, " 1"), ("stranger", " 1")
        ]  # fmt: skip
        clock.move(WINDOW)
        await server.app[WAITS].run_due()
        found = (await lines(server))[2:]
        assert [(actor, thing[-2:]) for actor, _, thing in found] == [(account.id, " 2")]


@pytest.mark.sqlite
async def test_failed_sign_ins_that_cannot_be_written_are_counted_until_they_can(
    server: Server, clock: MovableClock
) -> None:
    async def query_only(state: str) -> None:
        executor = server.app[STORE]._database.write_executor
        await executor.visit(lambda connection: connection.execute(f"PRAGMA query_only={state}"))

    async with Person(server) as guesser:
        for _ in range(2):
            await guesser.sign_in("nobody@example.org")
        await query_only("ON")
        with pytest.raises(Unavailable):
            await server.app[FAILED_SIGN_IN_LOG].close()
        await query_only("OFF")
        await guesser.sign_in("nobody@example.org")
        clock.move(WINDOW)
        await server.app[WAITS].run_due()
    assert [thing[-2:] for _, _, thing in await lines(server)] == [" 1", " 2"]


@pytest.mark.slow
async def test_strangers_cannot_fill_the_disk_with_failed_sign_ins(
    server: Server, clock: MovableClock
) -> None:
    for number in range(MOST_PAIRS + 60):
        async with Person(server, **{"X-Forwarded-For": f"203.0.{number // 250}.{number}"}) as one:
            assert (await one.sign_in(f"{number}@example.org")).status == 401
    assert len(await lines(server)) == MOST_PAIRS
    clock.move(WINDOW)
    await server.app[WAITS].run_due()
    assert (await lines(server))[MOST_PAIRS:] == [
        ("stranger", "sign_in_failed", "network:elsewhere 60")
    ]
