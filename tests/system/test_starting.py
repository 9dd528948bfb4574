"""A server that cannot start exits with status 1 and one sentence that names the cause."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.engine.master_key import DATABASE_NAME
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.store import Store
from tests.engines.databases import database_url
from tests.serving import QUICK
from tests.storage.engine.postgresql.test_opening import named, run
from tests.system.test_full_disk import SmallDisk
from tests.system.test_kill import process
from web.app import create_app
from web.config import ConfigError, load
from web.connections.listening import listen

AT_ONCE = 2
WITHIN = 60.0
"Seconds until a start that cannot be must have ended; some three on a machine of one's own."
SERVE = (sys.executable, "-m", "web")


async def refusal(*command: str, stdout: int = subprocess.PIPE, **settings: str) -> list[str]:
    """The lines that a server that cannot start prints beside its log; it must exit with status 1."""
    starting = await asyncio.create_subprocess_exec(
        *(command or SERVE),
        env={**os.environ, "PORT": "0", "TELECONNECT_RELAY_WORKERS": "0", **settings},
        stdout=stdout, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN):
            printed, said = await starting.communicate()
    finally:
        if starting.returncode is None:
            starting.kill()
            await starting.wait()
    assert not printed
    assert starting.returncode == 1
    assert b'"trace"' not in said
    return [line for line in said.decode().splitlines() if not line.startswith("{")]


@dataclass
class Place:
    """A data folder with a database, and the resources that keep it in a faulty state."""

    folder: Path
    held: ExitStack
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / DATABASE_NAME

    def hold(self, *statements: str) -> None:
        """Run these statements from another connection that stays open."""
        connection = sqlite3.connect(self.database, isolation_level=None, check_same_thread=False)
        self.held.callback(connection.close)
        for statement in statements:
            connection.execute(statement)

    def small_disk(self) -> SmallDisk:
        """The folder is on a disk of its own from now on."""
        kept = shutil.move(self.folder, self.folder.with_suffix(".kept"))
        self.folder.mkdir()
        disk = SmallDisk(self.folder)
        self.held.callback(disk.unmount)
        self.held.callback(disk.free)
        shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        return disk


Cause = Callable[[Place], None]


def locked_whole(place: Place) -> None:
    place.hold("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "DELETE FROM setting")


def locked_for_writing(place: Place) -> None:
    place.hold("BEGIN IMMEDIATE")


def in_an_old_mode_and_locked(place: Place) -> None:
    place.hold("PRAGMA journal_mode=DELETE", "BEGIN EXCLUSIVE", "DELETE FROM setting")


def a_directory(place: Place) -> None:
    place.database.unlink()
    place.database.mkdir()


def no_database(place: Place) -> None:
    place.database.write_bytes(b"something else " * 1000)


def truncated(place: Place) -> None:
    os.truncate(place.database, place.database.stat().st_size // 2)


def to_be_read_only(place: Place) -> None:
    if place.small_disk().mounted and os.geteuid() == 0:
        remount = ("mount", "-o", "remount,rw", str(place.folder))
        place.held.callback(subprocess.run, remount, check=True)
        subprocess.run(["mount", "-o", "remount,ro", str(place.folder)], check=True)
    else:
        place.folder.chmod(0o500)


def on_a_full_disk(place: Place) -> None:
    place.small_disk().fill()


def new_on_a_full_disk(place: Place) -> None:
    disk = place.small_disk()
    for file in place.folder.iterdir():
        file.unlink()
    disk.fill()


def in_a_file(place: Place) -> None:
    place.settings["TELECONNECT_DATA_DIR"] = str(place.folder / "master.key" / "data")


def where_nobody_may_write(place: Place) -> None:
    place.settings["TELECONNECT_DATA_DIR"] = "/sys/teleconnect"


def without_its_key(place: Place) -> None:
    (place.folder / "master.key").unlink()


def with_a_key_that_cannot_be_read(place: Place) -> None:
    (place.folder / "master.key").unlink()
    (place.folder / "master.key").mkdir()


def beside_a_taken_port(place: Place) -> None:
    listener = place.held.enter_context(socket.create_server(("127.0.0.1", 0)))
    place.settings |= {
        "TELECONNECT_HOST": "127.0.0.1", "PORT": str(listener.getsockname()[1])
    }  # fmt: skip


def at_an_address_of_another_machine(place: Place) -> None:
    place.settings["TELECONNECT_HOST"] = "203.0.113.1"


CAUSES: dict[Cause, str] = {
    locked_whole: r"The database {database} cannot be \w+: database is locked\.",
    locked_for_writing: r"The database {database} cannot be written: database is locked\.",
    in_an_old_mode_and_locked: r"The database {database} cannot be \w+: database is locked\.",
    a_directory: r"The database {database} cannot be opened: unable to open database file\.",
    no_database: r"The database {database} cannot be opened: file is not a database\.",
    truncated: r"The database {database} cannot be \w+: database disk image is malformed\.",
    to_be_read_only: r"The data folder {folder} cannot be used: {folder}/\w+\.lock: [\w -]+\.",
    on_a_full_disk: r"The database {database} cannot be \w+: [\w /]+\.",
    new_on_a_full_disk: r"The (master key|database|data folder) {folder}.* cannot be \w+: .+\.",
    in_a_file: r"The data folder {folder}/master.key/data cannot be made: Not a directory\.",
    where_nobody_may_write: r"The data folder /sys/teleconnect cannot be made: [\w -]+\.",
    without_its_key: r"The database is there, but its master key {folder}/master.key is missing\..*",
    with_a_key_that_cannot_be_read: r"The master key {folder}/master.key cannot be read: .*",
    beside_a_taken_port: r"Port \d+ cannot be taken on 127.0.0.1: Address already in use\..*",
    at_an_address_of_another_machine: r"Port 0 cannot be taken on 203.0.113.1: .*",
}
"Cause -> the sentence that names it."
LOCKED = (locked_whole, locked_for_writing, in_an_old_mode_and_locked)


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as kept:
        yield kept


async def brought(bring: Cause, folder: Path, held: ExitStack) -> Place:
    """A folder in which a server has run before, in the state that a cause creates."""
    await (await Store.open(folder, None)).close()
    place = Place(folder, held)
    await asyncio.to_thread(bring, place)
    return place


async def told(bring: Cause, folder: Path, held: ExitStack) -> None:
    """Assert that a cause is told in its sentence and that nothing stays open."""
    place = await brought(bring, folder, held)
    config = load({"PORT": "0", "TELECONNECT_DATA_DIR": str(place.folder), **place.settings})
    with pytest.raises((ConfigError, StorageError)) as refused:
        for listener in listen(config):
            listener.close()
        async with asyncio.timeout(WITHIN):
            await create_app(config, passwords=QUICK)
    expected = CAUSES[bring].format(folder=place.folder, database=place.database)
    assert re.fullmatch(expected, str(refused.value)), refused.value


def databases_left() -> list[threading.Thread]:
    """Threads that hold a database open, and with it the process."""
    running = [each for each in threading.enumerate() if "connection_worker" in each.name]
    for each in running:
        each.join(WITHIN)
    return [each for each in running if each.is_alive()]


@pytest.mark.parametrize(
    "bring", [each for each in CAUSES if each not in LOCKED], ids=lambda bring: bring.__name__
)
async def test_what_is_in_the_way_is_told_in_one_sentence_and_nothing_stays_open(
    tmp_path: Path, held: ExitStack, bring: Cause
) -> None:
    await told(bring, tmp_path / "data", held)
    assert await asyncio.to_thread(databases_left) == []
    held.close()
    lock = await asyncio.to_thread(DataFolderLock.take, tmp_path / "data")
    await asyncio.to_thread(lock.release)


async def test_a_lock_on_the_database_is_waited_for_and_then_told(
    tmp_path: Path, held: ExitStack
) -> None:
    await asyncio.gather(*(told(bring, tmp_path / bring.__name__, held) for bring in LOCKED))
    assert await asyncio.to_thread(databases_left) == []


async def told_by_processes(causes: Iterable[Cause], folder: Path, held: ExitStack) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def start(bring: Cause) -> tuple[str, list[str]]:
        async with turns:
            place = await brought(bring, folder / bring.__name__, held)
            said = await refusal(**{"TELECONNECT_DATA_DIR": str(place.folder), **place.settings})
        expected = CAUSES[bring].format(folder=place.folder, database=place.database)
        return f"TeleConnect cannot start\\. {expected}", said

    for expected, said in await asyncio.gather(*(start(bring) for bring in causes)):
        assert len(said) == 1, (expected, said)
        assert re.fullmatch(expected, said[0]), (expected, said)


async def test_what_is_in_the_way_ends_the_process(tmp_path: Path, held: ExitStack) -> None:
    await told_by_processes((locked_for_writing, truncated, on_a_full_disk), tmp_path, held)


@pytest.mark.soak
async def test_whatever_is_in_the_way_ends_the_process(tmp_path: Path, held: ExitStack) -> None:
    await told_by_processes(CAUSES, tmp_path, held)


@pytest.mark.slow
@pytest.mark.postgresql
async def test_a_database_that_lets_too_few_connections_in_is_told(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    theirs = named(url, "limited").replace("teleconnect@", "limited:right@")
    await run(url, "CREATE ROLE limited LOGIN PASSWORD 'right' CONNECTION LIMIT 2")
    try:
        await run(url, "CREATE DATABASE limited TEMPLATE template0 ENCODING 'UTF8' OWNER limited")
        told = await refusal(
            TELECONNECT_DATA_DIR=str(tmp_path / "data"), TELECONNECT_DATABASE_URL=theirs
        )
    finally:
        await run(url, "DROP DATABASE IF EXISTS limited WITH (FORCE)")
        await run(url, "DROP ROLE limited")
    (sentence,) = told
    assert sentence.startswith("TeleConnect cannot start. The database ")
    assert "too many connections" in sentence


async def test_without_a_place_to_write_to_nothing_is_served(tmp_path: Path) -> None:
    there, here = os.pipe()
    os.close(there)
    shell = ("sh", "-c", f"exec {sys.executable} -m web >&-")
    data = {"TELECONNECT_DATA_DIR": str(tmp_path / "one")}
    other = {"TELECONNECT_DATA_DIR": str(tmp_path / "two")}
    try:
        closed, broken = await asyncio.gather(
            refusal(*shell, **data), refusal(stdout=here, **other)
        )
    finally:
        os.close(here)
    [sentence] = closed
    assert sentence.startswith("TeleConnect cannot start. Standard output is closed.")
    assert broken == ["TeleConnect cannot start. Standard output cannot be written: Broken pipe."]


async def test_files_of_the_program_that_are_missing_are_named(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    program = tmp_path / "program"
    (program / "web").mkdir(parents=True)
    for package in ("media", "signaling", "storage"):
        (program / package).symlink_to(root / package)
    for part in (root / "web").iterdir():
        if part.name != "static":
            (program / "web" / part.name).symlink_to(part)
    command = ("sh", "-c", f"cd {program} && exec {sys.executable} -m web")
    said = await refusal(*command, TELECONNECT_DATA_DIR=str(tmp_path / "data"))
    missing = program / "web" / "static"
    assert said == [f"TeleConnect cannot start. {missing}: No such file or directory."]


async def test_a_log_that_is_none_does_not_keep_a_server_from_starting(tmp_path: Path) -> None:
    await (await Store.open(tmp_path, None)).close()
    (tmp_path / f"{DATABASE_NAME}-wal").write_bytes(b"not a log " * 5000)
    async with process(tmp_path) as (_, _, printed):
        assert "serves at" in printed


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize("ignored", [False, True])
async def test_a_terminal_that_is_closed_ends_it_in_order_unless_nohup_is_used(
    tmp_path: Path, ignored: bool
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        async with process(tmp_path / "data", first=True, relay=False, afresh=True) as served:
            running, _, _ = served
            assert await asyncio.to_thread(ignores, running.pid, signal.SIGHUP) == ignored
            running.send_signal(signal.SIGTERM if ignored else signal.SIGHUP)
            assert await running.wait() == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def ignores(pid: int, number: signal.Signals) -> bool:
    """What Linux says about another process."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)
