"""People: finding somebody, letting them in and out, and deleting them without losing a session."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
from pypdf import PdfReader

from signaling.account import Account
from signaling.errors import NotFound
from storage.store import Records
from tests.clock import MovableClock
from tests.people import Person, outbox, visiting
from tests.serving import Server, audit_lines, moment, serving
from web.keys import ACCOUNT_MAIL, CLOCKWORK, DELETING, STORE

NOW = moment("2026-12-07 14:30")


@dataclass(frozen=True)
class Clinic:
    server: Server
    clock: MovableClock
    boss: Person
    nurse: Account
    lee: Account

    async def act(self, account: Account, step: str, **form: str) -> int:
        return (await self.boss.post(f"/admin/people/{account.id}/{step}", form)).status

    async def names(self, **query: str) -> list[str]:
        """Names on a page of the list."""
        asked = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        page = (await self.boss.get(f"/admin/people?{asked}")).text
        return re.findall(r'<strong class="name" dir="auto">([^<]*)<', page)


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    clock = MovableClock(NOW)
    async with serving(tmp_path, clock) as server:
        await server.account("boss@example.org", "The Boss", "administrator")
        nurse = await server.account()
        lee = await server.account("lee@example.org", "Dr. Lee")
        async with Person(server) as boss:
            await boss.sign_in("boss@example.org")
            yield Clinic(server, clock, boss, nurse, lee)


async def test_somebody_among_hundreds_is_found_by_name_address_and_state(clinic: Clinic) -> None:
    async def work(records: Records) -> None:
        for number in range(60):
            await records.accounts.add(
                Account(f"many-{number:04}", f"{number}@many.example", f"Person {number:02}",
                        "scheduler", None, "en", "UTC", NOW)
            )  # fmt: skip

    await clinic.server.app[STORE].write(work)
    assert len(await clinic.names()) == 25
    assert (await clinic.names(page="2"))[0] == "Person 23"
    assert len(await clinic.names(page="3")) == 13
    assert await clinic.names(page="99") == await clinic.names(page="3")
    assert await clinic.names(search="PÉRSON 07") == ["Person 07"]
    assert await clinic.names(search="lee@") == ["Dr. Lee"]
    await clinic.act(clinic.lee, "suspend")
    assert await clinic.names(state="suspended") == ["Dr. Lee"]
    page = (await clinic.boss.get("/admin/people?search=nobody+of+this+name")).text
    assert "Nobody matches." in page


async def test_the_last_sign_in_and_the_wish_to_be_deleted_are_shown(clinic: Clinic) -> None:
    page = f"/admin/people/{clinic.nurse.id}"
    assert "Never signed in" in (await clinic.boss.get(page)).text
    async with Person(clinic.server) as nurse:
        await nurse.sign_in()
    await clinic.server.app[STORE].write(
        lambda records: records.accounts._executor.rows(
            "UPDATE account SET deletion_requested_at = 1 WHERE id = ?", (clinic.nurse.id,)
        )
    )
    seen = (await clinic.boss.get(page)).text
    assert "Last signed in:" in seen and 'datetime="2026-12-07T14:30:00+00:00"' in seen
    assert "They asked on" in seen
    assert await clinic.names(state="deletion") == ["Nurse Joy"]


async def test_somebody_suspended_is_out_until_they_are_let_in_again(clinic: Clinic) -> None:
    async with Person(clinic.server) as nurse:
        await nurse.sign_in()
        assert await clinic.act(clinic.nurse, "suspend") == 303
        assert (await nurse.get("/invites")).status == 303
        assert (await nurse.sign_in()).status == 401
        assert "Let in again" in (await clinic.boss.get(f"/admin/people/{clinic.nurse.id}")).text
        assert await clinic.act(clinic.nurse, "let-in") == 303
        assert (await nurse.sign_in()).status == 303


@pytest.mark.slow
async def test_open_sessions_go_to_a_colleague_with_all_that_names_the_scheduler(
    clinic: Clinic,
) -> None:
    server, nurse_id = clinic.server, clinic.nurse.id
    async with visiting(server) as visit, Person(server) as lee:
        await lee.sign_in("lee@example.org")
        await visit.nurse.invite("Boris", address="boris@example.org",
                                 plan_later="on", date="2026-12-09", time="10:00",
                                 time_zone="UTC")  # fmt: skip
        await visit.desk.command("start_consultation")
        await visit.desk.say("Good morning")
        await visit.desk.command("call_start", media="audio")
        await outbox(server)
        assert await clinic.act(clinic.nurse, "delete", colleague="") == 400
        assert await clinic.act(clinic.nurse, "delete", colleague=nurse_id) == 400
        assert "Who takes over" in (await clinic.boss.get(f"/admin/people/{nurse_id}/delete")).text
        assert await clinic.act(clinic.nurse, "delete", colleague=clinic.lee.id) == 303

        # the live room: the nurse is out of the call and of the room, her page ends, Dr. Lee is in
        gone = await visit.amina.until("participant_changed")
        while gone["participant"]["name"] != "Nurse Joy" or gone["participant"].get("present"):
            gone = await visit.amina.until("participant_changed")
        assert gone["participant"] == {
            "participant_id": nurse_id, "role": "scheduler", "name": "Nurse Joy", "online": False,
            "former": True,
        }  # fmt: skip
        came = [f["participant"] for f in visit.amina.frames if f["type"] == "participant_changed"]
        assert came[-2]["name"] == "Dr. Lee"
        calls = [frame for frame in visit.amina.frames if frame["type"] == "call_changed"]
        assert calls[-1]["call"]["state"] in ("ended", "missed", "refused")
        assert await visit.desk.end() in (4401, 4404, 4410)
        assert (await visit.nurse.get("/invites")).status == 303
        assert "Amina" in (await lee.get("/waiting-room")).text
        taken = await lee.enter(consultation_id=visit.consultation_id)
        snapshot = next(frame for frame in taken.frames if frame["type"] == "snapshot")
        assert [each["name"] for each in snapshot["participants"]] == [
            "Amina", "Dr. Lee", "Nurse Joy",
        ]  # fmt: skip
        assert [line["text"] for line in await taken.chat() if line["text"]] == ["Good morning"]
        await taken.command("call_start", media="audio")
        await visit.amina.until("call_changed")
        report = await lee.get(f"/sessions/{visit.consultation_id}/report.pdf")
        words = "".join(page.extract_text() for page in PdfReader(BytesIO(report.body)).pages)
        assert "Nurse Joy" in words and "Good morning" in words

    # what waits: the reminder of the day before names Dr. Lee, and comes once
    clinic.clock.move(timedelta(days=1))
    mails = [each.text for each in await outbox(server) if each.to == "boris@example.org"]
    assert ["Dr. Lee" in text for text in mails if "Nurse Joy" not in text] == [True]
    assert len(mails) == 2, "the invitation had left"
    found = await audit_lines(server.app[STORE])
    handed = [line for line in found if line.action == "hand_over"]
    assert len(handed) == 2 and all(line.thing.startswith("session:") for line in handed)
    [deleted] = [line for line in found if line.action == "delete_account"]
    assert deleted.thing == nurse_id, "by which the older lines name her"


@pytest.mark.sqlite
async def test_of_a_deleted_account_nothing_stays_when_its_last_session_is_gone(
    clinic: Clinic,
) -> None:
    server = clinic.server
    async with visiting(server) as visit:
        await visit.desk.command("start_consultation")
        await visit.desk.command("terminate_consultation", choice="close")
    await clinic.act(clinic.nurse, "password-link")
    assert await clinic.act(clinic.nurse, "delete") == 303, "there is nothing to hand over"
    read = server.app[STORE].read
    assert await read.consultations.get(visit.consultation_id) is not None
    assert await read.accounts.get(clinic.nurse.id) is None
    assert await clinic.names() == ["Dr. Lee", "The Boss"]
    everything = await rows_about(server, clinic.nurse.id)
    assert everything == {"account": 1, "consultation": 1}
    rows = await read.accounts._executor.rows("SELECT * FROM account WHERE name = ''")
    assert "nurse@example.org" not in [value for row in rows for value in tuple(row)]
    again = await server.account()
    assert again.id != clinic.nurse.id, "the address is free again"
    clinic.clock.move(timedelta(hours=25))
    await server.app[CLOCKWORK].run_due()
    assert await rows_about(server, clinic.nurse.id) == {}
    assert (await read.audit.check()).holds
    assert not await read.accounts._executor.rows("PRAGMA foreign_key_check")


async def rows_about(server: Server, account_id: str) -> dict[str, int]:
    """How many rows of each table refer to an account, by any column but those of the audit log."""
    executor = server.app[STORE].read.accounts._executor
    tables = await executor.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    found: dict[str, int] = {}
    for table in (row["name"] for row in tables if row["name"] != "audit"):
        keys = await executor.rows(f"PRAGMA foreign_key_list({table})")
        columns = [row["from"] for row in keys if row["table"] == "account"]
        columns += ["id"] if table == "account" else []
        for column in columns:
            rows = await executor.rows(f"SELECT 1 FROM {table} WHERE {column} = ?", (account_id,))
            if rows:
                found[table] = len(rows)
    return found


async def test_nobody_deletes_themselves_or_somebody_twice(clinic: Clinic) -> None:
    boss = await clinic.server.app[STORE].read.accounts.by_email("boss@example.org")
    assert boss is not None
    assert await clinic.act(boss, "delete") == 409
    assert await clinic.act(clinic.lee, "delete") == 303
    assert await clinic.act(clinic.lee, "delete") == 404
    assert (await clinic.boss.get(f"/admin/people/{clinic.lee.id}")).status == 404
    assert (await clinic.boss.get("/admin/people/nobody/delete")).status == 404


async def test_only_somebody_who_is_still_an_administrator_deletes(clinic: Clinic) -> None:
    """The page asks before it waits for the sessions, the transaction again after that."""
    deleting = clinic.server.app[DELETING]
    with pytest.raises(NotFound):
        await deleting.delete(clinic.nurse.id, "", actor=clinic.lee.id)
    assert await clinic.server.app[STORE].read.accounts.get(clinic.nurse.id) is not None


@pytest.mark.sqlite
async def test_a_deleted_address_is_nowhere_in_the_data_folder(
    clinic: Clinic, tmp_path: Path
) -> None:
    app, gone = clinic.server.app, await clinic.server.account("gone@example.org", "Gone")

    def holding() -> list[str]:
        files = [each for each in tmp_path.rglob("*") if each.is_file()]
        return [each.name for each in files if b"gone@example.org" in each.read_bytes()]

    await app[STORE].write(
        lambda records: app[ACCOUNT_MAIL].queue(records, gone, "password_changed")
    )
    assert [each.to for each in await outbox(clinic.server)] == ["gone@example.org"]
    assert len(holding()) > 1
    assert await clinic.act(gone, "delete") == 303
    assert holding() == []

    form = {"name": "Gone", "email": "gone@example.org", "role": "scheduler"}
    await clinic.boss.post("/admin/people/invite", form)
    invited = await app[STORE].read.accounts.by_email("gone@example.org")
    assert invited is not None and await outbox(clinic.server)
    assert await clinic.act(invited, "invitation/withdraw") == 303
    assert holding() == []
