"""Restoring a backup: nothing purged comes back, no notice is sent twice, no partial state remains."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from signaling.calls.call import Call
from signaling.consultation import Consultation
from signaling.interpreter_request import InterpreterRequest
from signaling.notices.notice import Attempt, Content, Envelope, Notice, Way
from storage.folder.lock import DataFolderLock
from storage.folder.purged_list import PurgedList, digest
from storage.store import SERVED, SIGNED_IN, Records, Store
from tests.clock import MovableClock
from tests.people import Person, consultation_of
from tests.scripts.commands import Commands
from tests.scripts.restores import attempted, backed_up, purge, restored
from tests.scripts.stored import NURSE, fill, look, notes
from tests.serving import audit_lines, serving
from web.keys import CLOCKWORK, STORE

KEPT_TABLES = {
    "access_request", "account", "attachment", "audit", "authenticator_app", "call",
    "chat_message", "chat_volume", "clock", "command", "consultation", "delivery_attempt",
    "device_check", "file_block", "file_part", "former_scheduler", "identity", "interpreter_request",
    "interpreting_organization", "invite", "master_key", "notice", "notice_text", "number",
    "page_text", "passkey", "purged", "recovery_code", "reply", "sealed_secret", "seen",
    "setting", "shared_session", "team", "team_member", "upload", "used_token", "vault_key",
    "whatsapp_template",
}  # fmt: skip
"""Tables that a restore brings back. A token that was used up must stay so, and a clock that is far
from the time in the backup has to hold before anything is deleted by it."""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def bytes_in(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())


async def test_a_backup_from_before_closing_brings_nothing_forgotten_back(
    commands: Commands, data_dir: Path
) -> None:
    clock = MovableClock(datetime.now(UTC))
    async with (
        serving(data_dir, clock) as server,
        Person(server) as nurse,
        Person(server) as amina,
        Person(server) as boris,
    ):
        await server.account()
        await nurse.sign_in()
        links = {name: await nurse.invite(name) for name in ("Amina", "Boris")}
        ids = {}
        for name, person in (("Amina", amina), ("Boris", boris)):
            wire = await person.enter(invite_id=await person.join(links[name]))
            await wire.say(f"{name} says so")
            ids[name] = await consultation_of(wire)
            desk = await nurse.enter(consultation_id=ids[name])
            await desk.command("start_consultation")
            if name == "Amina":
                closing_desk = desk
        await server.app[CLOCKWORK].run_due()
        forgotten = await wrapped_key(server.app[STORE], ids["Amina"])
        whole = await asyncio.to_thread(backed_up, commands, data_dir)
        await closing_desk.command("terminate_consultation", choice="close")
        clock.move(timedelta(hours=25))
        await server.app[CLOCKWORK].run_due()
        written = await asyncio.to_thread(outbox, data_dir)
    said = await asyncio.to_thread(
        restored, commands, data_dir, whole, "--open", "close", "--replace"
    )
    assert (
        "Sessions: 1; of them closed now: 1, open or planned: 0; deleted since the backup: 1."
        in said
    )
    async with serving(data_dir) as server, Person(server) as anybody:
        assert (await anybody.get(links["Amina"])).status == 410
        assert (await anybody.get(links["Boris"])).status == 410
        anybody.plant(nurse.cookie)
        assert (await anybody.get("/")).location.startswith("/signin"), "everybody signs in anew"
        store = server.app[STORE]
        assert await store.read.consultations.get(ids["Amina"]) is None
        closed = await store.read.consultations.get(ids["Boris"])
        assert closed is not None
        assert closed.state == "closed"
        await server.app[CLOCKWORK].run_due()
        assert await asyncio.to_thread(outbox, data_dir) <= written
        actions = [line.action for line in await audit_lines(store)]
        assert actions[-1] == "restore"
        assert (await store.read.audit.check()).holds
    left = await asyncio.to_thread(bytes_in, data_dir)
    assert forgotten not in left
    assert ids["Amina"].encode() not in left
    assert ids["Boris"].encode() in left


async def wrapped_key(store: Store, consultation_id: str) -> bytes:
    row = await store._database.read.row(
        "SELECT wrapped FROM vault_key WHERE consultation_id = ?", (consultation_id,)
    )
    assert row is not None
    return bytes(row["wrapped"])


def outbox(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "outbox").iterdir()}


def test_a_lost_machine_is_restored_from_an_older_set_without_what_went_since(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    """The newest set beside it tells what was deleted, and a list given by hand does too."""
    fill(data_dir, 4)
    identity = tmp_path / "identity"
    made = pyrage.x25519.Identity.generate()
    identity.write_text(f"# a comment\n{made}\n")
    older = backed_up(commands, data_dir, "--recipient", made.to_public(), "--with-key")
    older = older.rename(older.with_name("teleconnect-20200101T000000Z"))
    asyncio.run(purge(data_dir, "session-0000"))
    backed_up(commands, data_dir)
    asyncio.run(purge(data_dir, "session-0001"))
    by_hand = tmp_path / "list"
    shutil.copyfile(data_dir / "purged.log", by_hand)
    shutil.rmtree(data_dir)
    said = restored(commands, data_dir, older, "--identity", identity, "--purged", by_hand)
    assert "deleted since the backup: 2." in said
    assert "The master key came with it" in said
    assert sorted(look(data_dir).notes) == ["session-0002", "session-0003"]
    listed = PurgedList(data_dir / "purged.log").read()
    assert set(listed) == {digest("session-0000"), digest("session-0001")}


def test_a_database_put_back_by_hand_brings_nothing_forgotten_back(
    commands: Commands, data_dir: Path
) -> None:
    fill(data_dir, 2)
    whole = backed_up(commands, data_dir)
    asyncio.run(purge(data_dir, "session-0000"))
    shutil.copyfile(whole / "teleconnect.sqlite3", data_dir / "teleconnect.sqlite3")
    assert sorted(look(data_dir).notes) == ["session-0001"]


@pytest.mark.parametrize(("answer", "state"), [("close", "closed"), ("keep", "active")])
def test_what_was_open_becomes_what_the_operator_says(
    commands: Commands, data_dir: Path, answer: str, state: str
) -> None:
    fill(data_dir, 3, state="active")
    whole = backed_up(commands, data_dir)
    shutil.rmtree(data_dir / "outbox", ignore_errors=True)
    (data_dir / "teleconnect.sqlite3").unlink()
    refused = attempted(commands, data_dir, whole)
    assert refused.status == 1
    assert "Sessions that were open when the backup was made: 3." in refused.err
    assert not (data_dir / "teleconnect.sqlite3").exists()
    assert not list(data_dir.glob(".rest*"))
    restored(commands, data_dir, whole, "--open", answer)
    assert set(look(data_dir).states.values()) == {state}


async def test_what_the_operator_lets_go_on_is_not_closed_as_abandoned_at_once(
    commands: Commands, data_dir: Path
) -> None:
    """A scheduler warned before the backup is warned again."""
    clock = MovableClock(datetime.now(UTC) - timedelta(days=10))
    async with serving(data_dir, clock) as server:
        await server.app[STORE].write(prepare_left_session)
        clock.move(timedelta(days=6, hours=1))
        await server.app[CLOCKWORK].run_due()
        assert await warnings(server.app[STORE]) == 1
    whole = await asyncio.to_thread(backed_up, commands, data_dir)
    await asyncio.to_thread(restored, commands, data_dir, whole, "--replace", "--open", "keep")
    clock = MovableClock(datetime.now(UTC))
    async with serving(data_dir, clock) as server:
        consultations = server.app[STORE].read.consultations
        for past, state, told in ((0, "active", 1), (6.1, "active", 2), (1.1, "closed", 2)):
            clock.move(timedelta(days=past))
            await server.app[CLOCKWORK].run_due()
            found = await consultations.get("left-1")
            assert found is not None
            assert found.state == state
            assert await warnings(server.app[STORE]) == told


async def warnings(store: Store) -> int:
    notices = await store.read.notices.of_consultation("left-1")
    return sum(each.occasion == "left_open" for each in notices)


async def prepare_left_session(records: Records) -> None:
    then = datetime.now(UTC) - timedelta(days=10)
    await records.accounts.add(NURSE)
    await records.consultations.add(
        Consultation("left-1", NURSE.id, "remote", "active", then, started_at=then)
    )


def test_sessions_whose_hour_is_to_come_stay_planned(commands: Commands, data_dir: Path) -> None:
    fill(data_dir, 2)
    whole = backed_up(commands, data_dir)
    said = restored(commands, data_dir, whole, "--replace", "--open", "close")
    assert "Sessions: 2; of them closed now: 0, open or planned: 2;" in said
    assert look(data_dir).states == dict.fromkeys(notes(2), "planned")


async def prepare_people(records: Records) -> None:
    """One session that has begun, one for tomorrow, and what was under way in them."""
    now = datetime.now(UTC)
    tomorrow = now + timedelta(days=1)
    await records.accounts.add(NURSE)
    for one, state, planned_at in (
        ("active-1", "active", None),
        ("planned-1", "planned", tomorrow),
    ):
        interpreting = "requested" if planned_at else "none"
        await records.consultations.add(
            Consultation(
                one, NURSE.id, "remote", state, now, planned_at,
                interpreting=interpreting, interpreting_language="ar",
            )
        )  # fmt: skip
    await records.calls.put("active-1", Call.start("call-0001", "video", NURSE.id, "peer", [], now))
    await records.interpreters.add_request(
        InterpreterRequest(
            "request-1", "planned-1", "organization", "ar", b"x", now, now - timedelta(hours=1)
        )
    )
    mail = Envelope("a@example.org", "en", (Way("email"), Way("sms")), Content("s", "t"))
    for number, (one, occasion, due_at, attempt) in enumerate(
        [
            ("planned-1", "invitation", now, None),
            ("planned-1", "moved", now, "queued"),
            ("planned-1", "removed", now, "failed"),
            ("planned-1", "canceled", now, "sending"),
            ("planned-1", "reminder", tomorrow, None),
            ("active-1", "reminder", tomorrow, None),
        ]
    ):
        notice = Notice(f"notice-{number}", one, None, occasion, f"key {number}", due_at)
        await records.notices.add(notice, mail, now)
        if attempt:
            tried = Attempt(f"attempt-{number}", notice.id, "email", None, attempt, 1, now)
            await records.notices.put_attempts([(0, tried)])
        if attempt == "sending":
            await records.notices.change([(notice, None)])
    await records.web_sessions.save(b"digest", None, "{}", now, tomorrow)


def test_nobody_is_written_to_again_and_nothing_goes_on(commands: Commands, data_dir: Path) -> None:
    async def prepare() -> None:
        store = await Store.open(data_dir, None)
        try:
            await store.write(prepare_people)
        finally:
            await store.close()

    asyncio.run(prepare())
    whole = backed_up(commands, data_dir)
    said = restored(commands, data_dir, whole, "--replace", "--open", "close")
    assert "Waiting notices that are not sent: 5." in said
    with closing(sqlite3.connect(data_dir / "teleconnect.sqlite3")) as database:

        def rows(sql: str) -> list[tuple[object, ...]]:
            return database.execute(sql).fetchall()

        waiting = rows("SELECT id FROM notice WHERE next_at IS NOT NULL OR state = 'pending'")
        assert waiting == [("notice-4",)], "the reminder of tomorrow's session"
        attempts = rows("SELECT state, reason FROM delivery_attempt")
        assert attempts == [("abandoned", "restored")] * 5
        assert rows("SELECT state FROM interpreter_request") == [("expired",)]
        assert rows("SELECT interpreting FROM consultation ORDER BY id")[1] == ("unavailable",)
        assert rows("SELECT COUNT(*) FROM call WHERE ended_at IS NULL") == [(0,)]
        assert rows("SELECT COUNT(*) FROM web_session") == [(0,)]


async def test_it_is_decided_what_becomes_of_every_table(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, None)
    try:
        rows = await store._database.read.rows("SELECT name FROM sqlite_schema WHERE type='table'")
    finally:
        await store.close()
    assert {row["name"] for row in rows} == KEPT_TABLES | set(SIGNED_IN) | set(SERVED)


def damage(file: Path) -> None:
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)


def newer(whole: Path) -> None:
    manifest = json.loads((whole / "manifest.json").read_bytes())
    (whole / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))


def changed(whole: Path) -> None:
    manifest = json.loads((whole / "manifest.json").read_bytes())
    (whole / "manifest.json").write_text(json.dumps({**manifest, "sessions": 99}))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda whole: damage(whole / "teleconnect.sqlite3"), "teleconnect.sqlite3 is not what"),
        (lambda whole: (whole / "purged.log").unlink(), "is not complete: purged.log"),
        (lambda whole: (whole / "manifest.json").unlink(), "is no complete backup"),
        (lambda whole: (whole / "manifest.json").write_text("{"), "cannot be understood"),
        (newer, "was written by a newer version"),
        (changed, "was not written with its master key"),
        (shutil.rmtree, "is no complete backup"),
    ],
)
def test_a_set_that_is_not_what_was_written_is_refused(
    commands: Commands, data_dir: Path, spoil: object, sentence: str
) -> None:
    fill(data_dir, 2)
    whole = backed_up(commands, data_dir)
    assert callable(spoil)
    spoil(whole)
    ended = attempted(commands, data_dir, whole, "--replace")
    assert ended.status == 1
    assert sentence in ended.err
    assert ended.err.splitlines()[-1].startswith("Nothing was restored. ")
    assert look(data_dir).notes == notes(2)
    assert not list(data_dir.glob(".rest*"))


def test_a_newer_schema_is_refused(commands: Commands, data_dir: Path) -> None:
    fill(data_dir, 1)
    with closing(sqlite3.connect(data_dir / "teleconnect.sqlite3")) as database:
        database.execute("PRAGMA user_version=9999")
    whole = backed_up(commands, data_dir)
    ended = attempted(commands, data_dir, whole, "--replace")
    assert "newer version of TeleConnect (schema 9999" in ended.err


def test_an_encrypted_set_needs_its_identity_and_every_set_its_key(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, 1)
    mine, others = (pyrage.x25519.Identity.generate() for _ in range(2))
    (tmp_path / "others").write_text(str(others))
    (tmp_path / "none").write_text("nothing")
    whole = backed_up(commands, data_dir, "--recipient", mine.to_public())
    for arguments, sentence in (
        ([], "say with --identity where its key is"),
        (["--identity", tmp_path / "others"], "is not encrypted for the identity in"),
        (["--identity", tmp_path / "none"], "There is no usable private key"),
        (["--identity", tmp_path / "absent"], "cannot be read: No such file"),
    ):
        ended = attempted(commands, data_dir, whole, "--replace", *arguments)
        assert ended.status == 1
        assert sentence in ended.err
    (tmp_path / "mine").write_text(str(mine))
    (data_dir / "master.key").unlink()
    ended = attempted(commands, data_dir, whole, "--replace", "--identity", tmp_path / "mine")
    assert "is needed, this one is missing" in ended.err
    assert not (data_dir / "master.key").exists()


def test_a_database_is_not_replaced_unasked_nor_under_a_server(
    commands: Commands, data_dir: Path
) -> None:
    fill(data_dir, 1)
    whole = backed_up(commands, data_dir)
    assert "say --replace to lose it" in attempted(commands, data_dir, whole).err
    with DataFolderLock.serve(data_dir):
        ended = attempted(commands, data_dir, whole, "--replace")
    assert ended.status == 1
    assert "is using the data folder" in ended.err
