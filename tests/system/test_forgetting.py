"""Purged data is gone to the last byte, despite concurrent readers and whenever the server dies."""

import asyncio
import contextlib
import gc
import signal
import sqlite3
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.errors import NotFound
from signaling.token import token_digest
from tests.clock import MovableClock
from tests.people import Person, consultation_of
from tests.serving import Server, moment, serving
from web.keys import CLOCKWORK, PURGING, ROOMS, SENDING, STORE

NOW = moment("2026-12-07 14:30")
RETENTION = timedelta(hours=24)


def database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "teleconnect.sqlite3", isolation_level=None)


def wrapped_keys(folder: Path) -> list[bytes]:
    connection = database(folder)
    keys = [key for (key,) in connection.execute("SELECT wrapped FROM vault_key")]
    connection.close()
    return keys


def holding(folder: Path, needle: bytes) -> list[str]:
    """Names of the files in the data folder that contain these bytes."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file.name for file in files if needle in file.read_bytes())


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@contextmanager
def reader(folder: Path) -> Iterator[None]:
    """A slow reader, such as a backup."""
    other = database(folder)
    other.execute("BEGIN")
    other.execute("SELECT COUNT(*) FROM vault_key").fetchone()
    yield
    other.close()


async def one_closed(server: Server, nurse: Person) -> str:
    """Hold a session and close it; returns its id."""
    async with Person(server) as phone:
        seat = await phone.join(await nurse.invite())
        amina = await phone.enter(invite_id=seat)
        consultation_id = await consultation_of(amina)
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("start_consultation")
        await amina.say("Good morning")
        await desk.command("terminate_consultation", choice="close")
        await amina.end()
        await desk.ws.close()
    return consultation_id


@asynccontextmanager
async def clinic(folder: Path, clock: MovableClock) -> AsyncIterator[tuple[Server, Person]]:
    """A server and its scheduler, signed in."""
    async with serving(folder, clock) as server:
        if not (folder / "outbox").exists():
            await server.account()
        async with Person(server) as nurse:
            await nurse.sign_in()
            yield server, nurse


async def pass_time(server: Server, clock: MovableClock, by: timedelta) -> None:
    clock.move(by)
    await server.app[CLOCKWORK].run_due()


async def late_s(nurse: Person) -> float:
    answer = await nurse.http.get("/readyz")
    async with answer:
        return float((await answer.json())["forgetting_late_s"])


async def test_a_reader_that_holds_on_only_delays_the_end_of_a_key(tmp_path: Path) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        await one_closed(server, nurse)
        (key,) = wrapped_keys(tmp_path)
        with reader(tmp_path):
            await pass_time(server, clock, RETENTION)
            assert wrapped_keys(tmp_path) == []
            assert holding(tmp_path, key), "the reader still sees the state of before"
            await nurse.sign_in()
            await nurse.invite("Bashir")
            await pass_time(server, clock, timedelta(minutes=20))
            assert holding(tmp_path, key)
            assert await late_s(nurse) >= 20 * 60
        await pass_time(server, clock, timedelta(minutes=20))
        assert holding(tmp_path, key) == []
        assert await late_s(nurse) == 0


async def test_what_holds_a_purge_up_is_told_after_a_minute_and_then_every_hour(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = MovableClock(NOW)
    lines = []
    async with clinic(tmp_path, clock) as (server, nurse):
        await one_closed(server, nurse)
        with reader(tmp_path):
            await pass_time(server, clock, RETENTION)
            for minutes in (0.5, 1, 50, 15):
                await pass_time(server, clock, timedelta(minutes=minutes))
                lines.append(sum("deleted data is still" in line for line in caplog.messages))
    assert lines == [0, 1, 1, 2]


PURGE_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from storage.store import Store

async def main():
    store = await Store.open(Path(sys.argv[1]), None)
    await store.write(lambda records: records.consultations.purge(sys.argv[2]))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def purge_and_die(folder: Path, consultation_id: str) -> None:
    """The data of a server that is killed as soon as a purge is stored."""
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PURGE_AND_DIE, str(folder), consultation_id
    )
    assert await killed.wait() == -signal.SIGKILL


async def test_a_kill_between_the_commit_and_the_end_leaves_no_key_after_the_next_start(
    tmp_path: Path,
) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        consultation_id = await one_closed(server, nurse)
    (key,) = wrapped_keys(tmp_path)
    await purge_and_die(tmp_path, consultation_id)
    assert holding(tmp_path, key), "nothing was emptied before the end"
    async with clinic(tmp_path, clock):
        assert holding(tmp_path, key) == []


async def test_a_start_beside_a_reader_empties_the_log_when_that_one_has_gone(
    tmp_path: Path,
) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        consultation_id = await one_closed(server, nurse)
    (key,) = wrapped_keys(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        with reader(tmp_path):
            await purge_and_die(tmp_path, consultation_id)
            server = await stack.enter_async_context(serving(tmp_path, clock))
            assert holding(tmp_path, key)
        await pass_time(server, clock, timedelta(minutes=1))
        assert holding(tmp_path, key) == []


async def test_a_mail_that_is_being_written_while_its_session_is_purged_does_not_stay(
    tmp_path: Path,
) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        await one_closed(server, nurse)
        sending, folder = server.app[SENDING], tmp_path / "outbox"
        async with sending._busy:  # this test claims by itself
            await nurse.invite("Bashir")
            (job,) = await sending._settle_and_claim()
            consultation_id = job.notice.consultation_id
            await nurse.post(f"/sessions/{consultation_id}/cancel")
            clock.move(RETENTION)
            await server.app[PURGING].purge_due()
            await sending._hand_over(job)
            assert [file.name for file in folder.iterdir()] == [f"{job.notice.id}.eml"]
            await sending._settle_and_claim()
        assert list(folder.iterdir()) == []


async def test_a_start_and_every_purge_delete_mails_of_sessions_that_are_gone(
    tmp_path: Path,
) -> None:
    clock = MovableClock(NOW)
    folder = tmp_path / "outbox"
    async with clinic(tmp_path, clock) as (server, nurse):
        await nurse.invite("Bashir")
        await server.app[CLOCKWORK].run_due()
        (kept,) = names(folder)
    gone = "gone-gone-gone-0"
    (folder / f"{gone}.eml").write_text("amina@example.org")
    (folder / f"{gone}.json").write_text("+41791234567")
    (folder / f".{kept}.0123456789abcdef.half").write_text("bashir@example.org")
    async with clinic(tmp_path, clock) as (server, nurse):
        assert names(folder) == [kept]
        (folder / f"{gone}.eml").write_text("amina@example.org")
        await server.app[PURGING].purge_due()
        assert names(folder) == [kept]


async def test_after_the_purge_nothing_of_a_session_stays_in_memory(tmp_path: Path) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        consultation_id = await one_closed(server, nurse)
        desk = await nurse.enter(consultation_id=consultation_id)
        room = server.app[ROOMS].hub.room(consultation_id)
        assert room is not None
        left = weakref.ref(room)
        del room
        await pass_time(server, clock, RETENTION)
        assert await desk.end() == 4401  # her own twelve hours are over first
        await server.app[CLOCKWORK].run_due()
        await nurse.get("/signin")
        gc.collect()
        assert left() is None
        assert server.app[STORE]._written.chat._vault._opened == {}


async def test_the_browser_of_a_seat_is_forgotten_with_its_last_session(tmp_path: Path) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse), Person(server) as phone:
        first, second = await nurse.invite(), await nurse.invite()
        seat = await phone.join(first)
        await phone.join(second)
        digest = token_digest(phone.cookie)

        async def known() -> bool:
            read = server.app[STORE].read
            return await read.web_sessions.load(digest, clock.now()) is not None

        for link in (first, second):
            assert await known()
            invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
            assert invite is not None
            await nurse.post(f"/sessions/{invite.consultation_id}/cancel")
            await pass_time(server, clock, RETENTION)
            await nurse.sign_in()
        assert not await known()
        assert (await phone.get(f"/seat/{seat}")).status == 404


async def test_whoever_opens_a_session_in_the_moment_of_its_purge_finds_nothing(
    tmp_path: Path,
) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        consultation_id = await one_closed(server, nurse)
        rooms, store = server.app[ROOMS], server.app[STORE]
        rooms.end(consultation_id)
        async with rooms.closed_to_all(consultation_id):
            opening = asyncio.create_task(rooms.open(consultation_id))
            await asyncio.sleep(0)  # it has begun
            await store.write(lambda records: records.consultations.purge(consultation_id))
        with pytest.raises(NotFound):
            await opening
        assert rooms.hub.room(consultation_id) is None
