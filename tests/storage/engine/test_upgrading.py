"""A data folder of the first schema is migrated, wherever the migration is interrupted."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.backup.checking import check
from storage.engine.sqlite.database import newest_schema
from storage.records.audit import BEGIN
from tests.clock import MovableClock
from tests.people import Person, Wire, outbox
from tests.scripts.commands import Commands
from tests.serving import Server, serving
from tests.storage.engine.first_schema import LINES, OPEN, OVER, WAYS, Old
from web.keys import CLOCKWORK, STORE

pytestmark = pytest.mark.sqlite


async def words(server: Server) -> list[str]:
    """Recipients of the notices that waited, once per copy sent."""
    return sorted(each.text.strip() for each in await outbox(server) if "Words" in each.text)


async def texts(wire: Wire) -> list[str]:
    return [line["text"] for line in await wire.chat() if line["kind"] == "text"]


async def taken_up(folder: Path, link: str, now: datetime) -> None:
    """The sessions go on, what waits is sent once, and everything ends and is purged."""
    clock = MovableClock(now)
    async with serving(folder, clock) as server, Person(server) as nurse, Person(server) as phone:
        store = server.app[STORE]
        assert await store.read.consultations.get(OVER) is None, "its time was over"
        assert await words(server) == [f"Words {number}" for number in range(len(WAYS))]
        await nurse.sign_in()
        amina = await phone.enter(invite_id=await phone.join(link))
        assert await texts(amina) == list(LINES)
        await amina.say("I am here")
        desk = await nurse.enter(consultation_id=OPEN)
        assert await texts(desk) == [*LINES, "I am here"]
        found = await store.read.consultations.get(OPEN)
        assert found is not None
        assert found.note == "bring the letter"
        assert len(await words(server)) == len(WAYS)
        await desk.command("terminate_consultation", choice="close")
        for hours in (20, 5):
            clock.move(timedelta(hours=hours))
            await server.app[CLOCKWORK].run_due()
        assert await store.read.consultations.ids() == []
        assert (await store.read.audit.check()).holds
        actions = [line.action for line in await store.read.audit.after(0, 100)]
        assert actions[:4] == ["add_person"] * 3 + [BEGIN]
        assert actions.count("purge") == 2
    facts = await asyncio.to_thread(check, folder / "teleconnect.sqlite3")
    newest = await asyncio.to_thread(newest_schema)
    assert (facts.schema, facts.sessions) == (newest, 0)


@pytest.mark.slow
async def test_a_live_folder_of_the_first_schema_goes_on(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    old = await asyncio.to_thread(Old, tmp_path, now)
    await taken_up(tmp_path, old.link, now)


def version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "teleconnect.sqlite3")) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2, pytest.param(100, marks=pytest.mark.soak)])
def test_a_kill_during_migration_loses_nothing(tmp_path: Path, kills: int) -> None:
    now, met = datetime.now(UTC), set[int]()
    first, folder = tmp_path / "first", tmp_path / "data"
    old = Old(first, now)
    shutil.copytree(first, folder)
    command = ("scripts.set_password", "--email", "nurse@example.org", "--link")
    with Commands(folder) as commands:
        for _ in commands.kills(kills, *command):
            met.add(version(folder))
            asyncio.run(taken_up(folder, old.link, now))
            shutil.rmtree(folder)
            shutil.copytree(first, folder)
    print(f"{kills} kills left the schemas {sorted(met)}")
