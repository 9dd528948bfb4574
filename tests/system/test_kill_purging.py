"""kill -9 while sessions are closed and purged: acknowledged closings last, purged data stays gone."""

import asyncio
import random
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.people import Person, Refused, Wire, consultation_of, gather
from tests.serving import PASSWORD
from tests.system.test_forgetting import holding
from tests.system.test_kill import process

AT_ONCE = 3
"Sessions that are closed when the server is killed."
KEPT_S = 0.75
"From closing to purge: every other kill falls into this time, and the others into the purge."
PURGING_S = 0.05
"In which the keys of all three are destroyed, and the log is emptied."


@dataclass
class Held:
    """One session, and the traces of it that must not be found in the end."""

    id: str
    address: str
    key: bytes
    desk: Wire
    acknowledged: bool = False

    async def close(self) -> None:
        try:
            await self.desk.command("terminate_consultation", choice="close")
            self.acknowledged = True
        except (ConnectionError, aiohttp.ClientError, Refused):
            pass


@dataclass
class Record:
    """The contents of the database and of the folder while the server runs."""

    folder: Path
    addresses: dict[str, str] = field(default_factory=dict)

    def ask(self, sql: str, *parameters: str) -> list[tuple[object, ...]]:
        file = self.folder / "teleconnect.sqlite3"
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def key(self, consultation_id: str) -> list[tuple[object, ...]]:
        """The wrapped key, unless it was destroyed."""
        return self.ask("SELECT wrapped FROM vault_key WHERE consultation_id = ?", consultation_id)

    def residue(self, held: Held) -> list[str]:
        """Tables and files that still hold a trace of a session."""
        tables = self.ask(
            "SELECT one.name FROM sqlite_master AS one, pragma_table_info(one.name) AS member"
            " WHERE one.type = 'table' AND member.name = 'consultation_id'"
        )
        named = [str(name) for (name,) in tables if self.ask(
            f"SELECT 1 FROM {name} WHERE consultation_id = ? LIMIT 1", held.id
        )]  # fmt: skip
        named += ["consultation"] * len(
            self.ask("SELECT 1 FROM consultation WHERE id = ?", held.id)
        )
        return [
            *named,
            *holding(self.folder, held.key),
            *holding(self.folder, held.address.encode()),
        ]


async def hold(record: Record, nurse: Person, phone: Person, address: str) -> Held:
    """Invite somebody and start the session, ready to be closed."""
    seat = await phone.join(await nurse.invite(address=address))
    amina = await phone.enter(invite_id=seat)
    consultation_id = await consultation_of(amina)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.command("start_consultation")
    ((key,),) = record.key(consultation_id)
    assert isinstance(key, bytes)
    return Held(consultation_id, address, key, desk)


@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.soak)])
async def test_nothing_of_a_purged_session_outlives_kill_9(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setenv("TELECONNECT_RETENTION_HOURS", f"{KEPT_S / 3600:.7f}")
    monkeypatch.setenv("TELECONNECT_RELAY_WORKERS", "0")
    record, before, cookie, closed, purged = Record(tmp_path), list[Held](), "", 0, 0
    for turn in range(rounds + 1):
        async with (
            process(tmp_path, first=turn == 0, relay=False) as (running, server, printed),
            Person(server) as nurse,
            Person(server) as phone,
        ):
            if turn == 0:
                setup = re.search(r"/setup/[\w-]+", printed)
                assert setup is not None
                form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
                assert (await nurse.post(setup.group(), form)).status == 303
                cookie = nurse.cookie
            nurse.plant(cookie)
            over = [held for held in before if held.acknowledged]
            async with asyncio.timeout(120):
                while any(record.residue(held) for held in over):
                    await nurse.get("/readyz")
            if turn == rounds:
                break
            before = await gather(
                *(
                    hold(record, nurse, phone, f"amina-{turn}-{number}@example.org")
                    for number in range(AT_ONCE)
                )
            )
            closing = [asyncio.create_task(held.close()) for held in before]
            if turn % 2:
                while all(record.key(held.id) for held in before):
                    await nurse.get("/healthz")
            await asyncio.sleep(random.random() * (PURGING_S if turn % 2 else KEPT_S))
            running.kill()
            await asyncio.gather(*closing)
            closed += sum(held.acknowledged for held in before)
            purged += sum(not holding(tmp_path, held.key) for held in before)
    print(f"{rounds} kills, {rounds * AT_ONCE} sessions: {closed} closed, {purged} purged before")
    assert rounds < 100 or 0 < purged < closed, "both were met"
    assert not list((tmp_path / "outbox").glob(".*"))
