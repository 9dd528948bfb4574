"""The audit log: whatever is done has its line, and no line changes, goes or comes unseen."""

import ast
import asyncio
import base64
import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from signaling.access import MATRIX
from signaling.audit import OF_ACTIONS, WORDS
from storage.audit import Head
from storage.vault import DATABASE_NAME
from tests.people import Person, consultation_of, outbox
from tests.serving import PASSWORD, Server, moment, serving
from web.audited import LINES, WITHOUT
from web.clockwork import MovableClock
from web.failed_sign_ins import MOST_PAIRS, WINDOW
from web.handlers import HANDLERS
from web.keys import CLOCK, CLOCKWORK, SETUP_TOKEN, STORE, WAITS
from web.markup.administration.audit_words import action_word

ROOT = Path(__file__).parents[2]
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
    rows = await server.app[STORE].read.audit.lines()
    return [(row["actor"], row["action"], row["object"]) for row in rows]


async def words(server: Server) -> set[str]:
    return {action for _, action, _ in await lines(server)}


# --- everything that is done


async def administer(server: Server) -> tuple[Person, Person]:
    """Set the server up, and do everything an administrator does; (administrator, scheduler)."""
    boss, nurse = Person(server), Person(server)
    form = {"name": "The Boss", "email": "boss@example.org", "password": PASSWORD}
    await boss.post(f"/setup/{server.app[SETUP_TOKEN].make()}", form)
    form = {"name": "Nurse Joy", "email": "nurse@example.org", "password": PASSWORD}
    await boss.post("/admin/people", {**form, "role": "scheduler"})
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    for step in ("disable", "enable", "sign-out"):
        await boss.post(f"/admin/people/{account.id}/{step}")
    await boss.post("/admin/interpreters/new", ORGANIZATION)
    await boss.post("/admin/interpreters/new", {**ORGANIZATION, "name": "Gone"})
    kept, gone = await server.app[STORE].read.interpreters.organizations()
    await boss.post(f"/admin/interpreters/{kept.id}", {**ORGANIZATION, "position": "2"})
    await boss.post(f"/admin/interpreters/{gone.id}", {"remove": "on"})
    await boss.post("/admin/routes", {"routes": ""})
    await boss.post("/admin/texts/invitation/en/subject", {"text": "Come"})
    await boss.post("/admin/templates/invitation/en", {"name": "come", "locale": "en"})
    await boss.post("/admin/sessions", {"add_colleague_in_progress": "on"})
    await boss.get("/admin/outbox")
    await nurse.sign_in(password="a wrong one")
    assert (await nurse.sign_in()).status == 303
    return boss, nurse


async def hold(server: Server, nurse: Person, phone: Person) -> str:
    """One whole session; its id."""
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
    assert (await nurse.get(f"/sessions/{session}/report.pdf")).status == 200
    return session


async def ask_for_interpreters(server: Server, nurse: Person) -> None:
    """Three requests: one accepted, one declined, one without an answer."""
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
    for consultation in await server.app[STORE].read.consultations.of_scheduler(
        account.id, ["planned"]
    ):
        if consultation.interpreting == "unavailable":
            await nurse.post(f"/sessions/{consultation.id}/without-interpreter")
        if consultation.interpreting == "accepted":
            await nurse.post(f"/sessions/{consultation.id}/cancel")


async def test_everything_that_is_done_has_its_line_and_says_nothing_else(
    server: Server, clock: MovableClock
) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse, Person(server) as phone:
        session = await hold(server, nurse, phone)
        await ask_for_interpreters(server, nurse)
        await nurse.invite("Nobody comes")
        await nurse.post("/signout")
        for _ in range(3):  # what expires is deleted a day later
            clock.move(timedelta(hours=25))
            await server.app[CLOCKWORK].run_due()
        assert await words(server) == WORDS - {"begin_keyed_log"}
        assert await server.app[STORE].read.audit.first_broken() is None
        await boss.sign_in("boss@example.org")
        page = await boss.get("/admin/audit")
    written = json.dumps(await lines(server))
    for secret in ("Amina", "Amira", "@example.org", "Nurse", "nowhere in the log", "a wrong one",
                   "127.0.0.1", session):  # fmt: skip
        assert secret not in written, secret
    assert "The log is as it was written." in page.text
    totals = await server.app[STORE].read.purged.totals()
    assert (totals["sessions"], totals["messages"], totals["calls"]) == (5, 1, 1)


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
    """Those written out where a line is added, too."""
    viewer: Any = type("Viewer", (), {"translate": staticmethod(lambda text: text)})()
    for word in WORDS:
        assert action_word(viewer, word) != word
    found = set()
    for folder in ("signaling", "storage", "web", "scripts"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
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
        form = {"name": "Twice", "email": "nurse@example.org", "password": PASSWORD}
        assert (await boss.post("/admin/people", form)).status == 400
        assert (await nurse.post("/invites/new", {"kind": "remote"})).status == 400
        assert (await boss.post("/admin/interpreters/new", {"remove": "on"})).status == 404
        assert await lines(server) == before


# --- the chain


async def filled(folder: Path) -> Head:
    """A log with some lines; its end."""
    async with serving(folder) as server:
        boss, nurse = await administer(server)
        await boss.close()
        await nurse.close()
        return await server.app[STORE].read.audit.head()


def on_disk(folder: Path, sql: str, *values: object) -> None:
    database = sqlite3.connect(folder / DATABASE_NAME)
    with database:
        database.execute(sql, values)
    database.close()


def command(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.audit", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={"TELECONNECT_DATA_DIR": str(folder), **environment},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


async def verify(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    return await asyncio.to_thread(command, folder, "verify", *arguments, **environment)


def _plain_chain(folder: Path) -> None:
    """Somebody computes the whole chain anew, as it was before there was a key."""
    database = sqlite3.connect(folder / DATABASE_NAME)
    before = bytes(32)
    with database:
        database.execute("DELETE FROM audit WHERE number = 1")
        rows = database.execute(
            "SELECT number, at, actor, action, object FROM audit ORDER BY number"
        ).fetchall()
        for number, (old, at, actor, action, thing) in enumerate(rows, 1):
            line = "\x1f".join((str(number), str(at), actor, action, thing))
            before = sha256(before + line.encode()).digest()
            database.execute(
                "UPDATE audit SET number = ?, digest = ? WHERE number = ?", (number, before, old)
            )
    database.close()


INJURIES: dict[str, tuple[Callable[[Path], None], int]] = {
    "changed": (lambda f: on_disk(f, "UPDATE audit SET actor = 'x' WHERE number = 4"), 4),
    "moved_in_time": (lambda f: on_disk(f, "UPDATE audit SET at = at + 1 WHERE number = 4"), 4),
    "missing": (lambda f: on_disk(f, "DELETE FROM audit WHERE number = 5"), 5),
    "missing_at_the_front": (lambda f: on_disk(f, "DELETE FROM audit WHERE number < 4"), 1),
    "reordered": (
        lambda f: on_disk(
            f,
            "UPDATE audit SET (at, actor, action, object, digest) = (SELECT at, actor, action,"
            " object, digest FROM audit AS other WHERE other.number = 11 - audit.number)"
            " WHERE number IN (5, 6)",
        ),
        5,
    ),
    "written_by_another_key": (
        lambda f: on_disk(
            f,
            "INSERT INTO audit SELECT MAX(number) + 1, MAX(at), 'x', 'sign_in', '', ? FROM audit",
            bytes(32),
        ),
        -1,
    ),
    "computed_anew_without_a_key": (_plain_chain, 1),
    "robbed_of_its_key": (lambda f: on_disk(f, "DELETE FROM sealed_secret"), 1),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Head]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, asyncio.run(filled(folder))


@pytest.mark.parametrize("injury", INJURIES)
async def test_a_log_that_is_not_as_it_was_written_shows_where(
    tmp_path: Path, whole: tuple[Path, Head], injury: str
) -> None:
    folder, head = whole
    injure, where = INJURIES[injury]

    await asyncio.to_thread(shutil.copytree, folder, tmp_path, dirs_exist_ok=True)
    await asyncio.to_thread(injure, tmp_path)
    async with serving(tmp_path) as server:
        finding = await server.app[STORE].read.audit.check()
    assert finding.broken == (head.number + 1 if where < 0 else where)


async def test_the_command_says_what_holds_and_what_was_cut(
    tmp_path: Path, whole: tuple[Path, Head]
) -> None:
    folder, head = whole
    await asyncio.to_thread(shutil.copytree, folder, tmp_path, dirs_exist_ok=True)
    assert await verify(tmp_path) == (
        0, f"The audit log holds: {head.number} lines, the last is {head}.\n"
    )  # fmt: skip
    assert (await verify(tmp_path, "--head", str(head)))[0] == 0
    forged = str(Head(head.number, bytes(32)))
    assert await verify(tmp_path, "--head", forged) == (
        1, f"Line {head.number} is not the one that was noted: the log was rewritten.\n"
    )  # fmt: skip
    await asyncio.to_thread(on_disk, tmp_path, "DELETE FROM audit WHERE number = ?", head.number)
    status, sentence = await verify(tmp_path)  # by itself it does not show
    assert (status, sentence[:20]) == (0, "The audit log holds:")
    assert await verify(tmp_path, "--head", str(head)) == (
        1,
        f"The end of the audit log was cut: it has {head.number - 1} lines, and line"
        f" {head.number} was there.\n",
    )
    await asyncio.to_thread(on_disk, tmp_path, "UPDATE audit SET object = 'x' WHERE number = 3")
    status, sentence = await verify(tmp_path)
    assert status == 1 and "is broken at line 3:" in sentence


async def test_the_command_needs_the_servers_key_and_its_data(
    tmp_path: Path, whole: tuple[Path, Head]
) -> None:
    folder, _ = whole
    other = base64.b64encode(bytes(32)).decode()
    status, sentence = await verify(folder, TELECONNECT_MASTER_KEY=other)
    assert status == 1 and sentence.startswith("The master key is not the one")
    assert await verify(tmp_path) == (1, f"There is no data in the folder {tmp_path}.\n")
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_the_command_reads_while_the_server_writes(server: Server) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse:
        status, text = await asyncio.to_thread(command, server.config.data_dir, "show")
        assert status == 0
        assert [line.split("\t")[3] for line in text.splitlines()][:3] == [
            "begin_keyed_log", "set_up", "sign_in"
        ]  # fmt: skip
        status, later = await asyncio.to_thread(
            command, server.config.data_dir, "show", "--since", "2026-12-08"
        )
        assert (status, later) == (0, "")
        assert (await verify(server.config.data_dir))[0] == 0
        await nurse.invite()


async def test_lines_from_before_there_was_a_key_stay_covered(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        store = server.app[STORE]

        async def before(records: Any) -> None:
            digest = bytes(32)
            for number in (1, 2):
                line = "\x1f".join((str(number), "1", "boss", "change", "routes"))
                digest = sha256(digest + line.encode()).digest()
                await records.audit._executor.rows(
                    "INSERT INTO audit VALUES (?, 1, 'boss', 'change', 'routes', ?)",
                    (number, digest),
                )

        await store.write(before)
        now = server.app[CLOCK].now()
        await store.write(lambda records: records.audit.append(now, "boss", "change_routes", ""))
        assert (await store.read.audit.head()).number == 4
        assert (await store.read.audit.check()).holds
    await asyncio.to_thread(on_disk, tmp_path, "UPDATE audit SET actor = 'x' WHERE number = 2")
    async with serving(tmp_path) as server:
        assert (await server.app[STORE].read.audit.check()).broken == 2


async def test_a_key_that_was_made_in_a_transaction_that_failed_is_not_used(server: Server) -> None:
    store, now = server.app[STORE], server.app[CLOCK].now()

    async def failing(records: Any) -> None:
        await records.audit.append(now, "boss", "change_routes", "")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(failing)
    await store.write(lambda records: records.audit.append(now, "boss", "change_routes", ""))
    assert (await store.read.audit.check()).holds
    assert len(await store.read.audit.lines()) == 1


# --- what administrators see, and what is noted elsewhere


async def test_the_page_shows_the_newest_first_and_tells_a_broken_chain(server: Server) -> None:
    boss, nurse = await administer(server)
    async with boss, nurse:
        for _ in range(60):
            await boss.get("/admin/outbox")
        page = (await boss.get("/admin/audit")).text
        assert page.count("Outbox opened") == 50 and "The Boss" in page
        older = re.search(r'href="(/admin/audit\?before=\d+)"', page)
        assert older is not None
        rest = (await boss.get(older.group(1))).text
        assert "Server set up" in rest and "Somebody unknown" not in rest
        await asyncio.to_thread(
            on_disk, server.config.data_dir, "DELETE FROM audit WHERE number = 7"
        )
        await server.app[WAITS].run_due()
        server.app[CLOCK].move(timedelta(days=1))  # type: ignore[attr-defined]
        await server.app[WAITS].run_due()
        await boss.sign_in("boss@example.org")
        assert "Line 7 is not as it was written" in (await boss.get("/admin/audit")).text
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
        for _ in range(5):
            await guesser.sign_in(password="a guess")
        await guesser.sign_in("nobody@example.org")
        found = await lines(server)
        assert [(actor, thing[-2:]) for actor, _, thing in found] == [
            (account.id, " 1"), ("stranger", " 1")
        ]  # fmt: skip
        clock.move(WINDOW)
        await server.app[WAITS].run_due()
        found = (await lines(server))[2:]
        assert [(actor, thing[-2:]) for actor, _, thing in found] == [(account.id, " 4")]


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
