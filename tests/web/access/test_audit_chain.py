"""The audit log's hash chain: changed, removed and truncated lines are found, and where."""

import asyncio
import base64
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from storage.engine.master_key import DATABASE_NAME
from storage.records.audit import Head
from tests.serving import Server, audit_lines, serving
from tests.web.access.test_audit import administer
from web.keys import CLOCK, STORE

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.sqlite


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


async def filled(folder: Path) -> Head:
    """Make a log with some lines. Returns its head."""
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


@pytest.mark.slow
async def test_the_log_is_exported_on_the_machine_as_on_the_page(tmp_path: Path) -> None:
    head = await filled(tmp_path)
    status, table = await asyncio.to_thread(command, tmp_path, "export")
    assert status == 0 and table.startswith("\ufeffline,time,actor,actor_name,action,")
    assert len(table.splitlines()) == head.number + 1
    assert ",The Boss,sign_in," in table
    status, none = await asyncio.to_thread(command, tmp_path, "export", "--since", "2999-01-01")
    assert (status, len(none.splitlines())) == (0, 1)


async def verify(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    return await asyncio.to_thread(command, folder, "verify", *arguments, **environment)


def _plain_chain(folder: Path) -> None:
    """Compute the whole chain again, without a key."""
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


@pytest.mark.slow
async def test_the_command_says_what_holds_and_what_was_cut(
    tmp_path: Path, whole: tuple[Path, Head]
) -> None:
    folder, head = whole
    await asyncio.to_thread(shutil.copytree, folder, tmp_path, dirs_exist_ok=True)
    assert await verify(tmp_path) == (
        0, f"The audit log holds: its last line is {head}.\n"
    )  # fmt: skip
    assert (await verify(tmp_path, "--head", str(head)))[0] == 0
    forged = str(Head(head.number, bytes(32)))
    assert await verify(tmp_path, "--head", forged) == (
        1, f"Line {head.number} is not the one that was noted: the log was rewritten.\n"
    )  # fmt: skip
    await asyncio.to_thread(on_disk, tmp_path, "DELETE FROM audit WHERE number = ?", head.number)
    status, sentence = await verify(tmp_path)  # the chain alone does not show it
    assert (status, sentence[:20]) == (0, "The audit log holds:")
    assert await verify(tmp_path, "--head", str(head)) == (
        1,
        f"The end of the audit log was cut: it ends with line {head.number - 1}, and line"
        f" {head.number} was there.\n",
    )
    await asyncio.to_thread(on_disk, tmp_path, "UPDATE audit SET object = 'x' WHERE number = 3")
    status, sentence = await verify(tmp_path)
    assert status == 1 and "is broken at line 3:" in sentence


@pytest.mark.slow
async def test_the_command_needs_the_servers_key_and_its_data(
    tmp_path: Path, whole: tuple[Path, Head]
) -> None:
    folder, _ = whole
    other = base64.b64encode(bytes(32)).decode()
    status, sentence = await verify(folder, TELECONNECT_MASTER_KEY=other)
    assert status == 1 and sentence.startswith("The master key is not the one")
    assert await verify(tmp_path) == (1, f"There is no data in the folder {tmp_path}.\n")
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


@pytest.mark.slow
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
    assert len(await audit_lines(store)) == 1
