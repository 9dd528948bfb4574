"""A bad disk changes values of one scheduler's sessions: all others go on, and everything is deleted in time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from signaling.attachment import Attachment, StoredRendition, Upload
from signaling.contact import Contact
from signaling.device_check import DeviceCheck
from signaling.interpreter_request import InterpretingOrganization
from signaling.notices.reply import Reply
from signaling.ports.store import Records
from signaling.text import UNREADABLE
from tests.clock import MovableClock
from tests.engines.databases import run
from tests.people import Person, Refused, an_id, consultation_of, outbox
from tests.serving import Server, moment, serving
from tests.web.access.clinic import open_lobby
from tests.web.pages.desk.test_new_address import edit, link_to
from web.keys import CLOCKWORK, STORE
from web.routes import path

NOW = moment("2026-12-07 14:30")
SEALED = [
    ("vault_key", "wrapped"),
    ("consultation", "note"),
    ("invite", "person"),
    ("device_check", "result"),
    ("chat_message", "text"),
    ("notice", "envelope"),
    ("reply", "text"),
    ("attachment", "details"),
    ("upload", "details"),
    ("former_scheduler", "name"),
]
"Everything that is sealed for a session: table and column."
STATES = ("planned", "waiting", "active", "closed")
PAGES = ("/", "/invites", "/opened", "/history", "/waiting-room", "/invites/new")
OF_A_SESSION = ("", "/case", "/edit", "/people/new")
OF_A_SEAT = ("", "/plain", "/plain/lines", "/shell")


@dataclass(frozen=True)
class Held:
    """A session, and the browser that has its seat."""

    session: str
    seat: str
    cookie: str


@asynccontextmanager
async def clinic(folder: Path, clock: MovableClock) -> AsyncIterator[tuple[Server, Person]]:
    """A server with a nurse, who is signed in, and a doctor."""
    async with serving(folder, clock) as server, Person(server) as nurse:
        await server.account()
        await server.account("doctor@example.org", "Dr. Ng")
        await nurse.sign_in()
        yield server, nurse


async def hold(server: Server, nurse: Person, name: str, state: str) -> Held:
    """A session in this state, of which everything is stored that can be."""
    plan = {"date": "2026-12-08", "time": "15:00", "time_zone": "UTC"}
    when = plan if state == "planned" else {}
    async with Person(server) as phone:
        seat = await phone.join(await nurse.invite(name, note="Bring the X-ray", **when))
        wire = await phone.enter(invite_id=seat)
        session = await consultation_of(wire)
        desk = await nurse.enter(consultation_id=session)
        if state in ("active", "closed"):
            await desk.command("start_consultation")
        await wire.say("Good morning")
        held = Held(session, seat, phone.cookie)
        await store_the_rest(server, held)
        if state == "closed":
            await desk.command("terminate_consultation", choice="close")
        await wire.ws.close()
        await desk.ws.close()
    return held


async def store_the_rest(server: Server, held: Held) -> None:
    """What takes a phone number, a camera or a colleague to come about."""
    photo = Attachment(
        an_id("photo"), held.session, "photo", "arm.jpg", 100,
        renditions=(StoredRendition("large", "image/jpeg", 50, 10, 10),),
    )  # fmt: skip
    upload = Upload(
        an_id("upload"), held.session, held.seat, "leg.jpg", "", 10, "00", None, NOW, NOW
    )
    sender = Contact("phone", "+41790000000")
    answer = Reply(an_id("reply"), "sms", sender, "TeleConnect", "I come later", "text", NOW)

    async def work(records: Records) -> None:
        invite = await records.invites.get(held.seat)
        colleague = await records.accounts.by_email("doctor@example.org")
        assert invite is not None and colleague is not None
        await records.device_checks.put(invite, DeviceCheck({"camera": "passed"}, NOW))
        await records.replies.add(invite, answer)
        await records.chat.append(held.session, photo.id, held.seat, "photo", "", NOW, photo)
        await records.uploads.create(upload)
        await records.consultations.end_share(held.session, colleague)

    await server.app[STORE].write(work, held.session)


async def damage(server: Server, table: str, column: str) -> int:
    """Change a bit of everything that stands there by now; returns of how many values."""
    store = server.app[STORE]
    rows = await run(store, f"SELECT {column} AS sealed FROM {table} WHERE {column} IS NOT NULL")
    for row in rows:
        sealed = bytes(row["sealed"])
        changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        await run(
            store, f"UPDATE {table} SET {column} = ? WHERE {column} = ?", changed, row["sealed"]
        )
    return len(rows)


async def pages(nurse: Person, paths: list[str]) -> None:
    for each in paths:
        assert (await nurse.get(each)).status < 500, each


async def sessions(server: Server) -> int:
    return len(await run(server.app[STORE], "SELECT id FROM consultation"))


@pytest.mark.parametrize(("table", "column"), SEALED)
async def test_what_is_damaged_stops_nothing_else(tmp_path: Path, table: str, column: str) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        bad = [await hold(server, nurse, "Amina", state) for state in STATES]
        assert await damage(server, table, column) >= len(STATES)
        good = [await hold(server, nurse, "Bashir", state) for state in STATES]
        cookie = nurse.cookie
    async with serving(tmp_path, clock) as server, Person(server) as nurse:
        nurse.plant(cookie)
        await pages(nurse, [*PAGES, f"/invites/{good[0].seat}/link"])
        lobby = await open_lobby(nurse)
        assert "Bashir" in str(lobby.frames)
        for held in bad + good:
            await pages(nurse, [f"/sessions/{held.session}{tail}" for tail in OF_A_SESSION])
            await nurse.enter(consultation_id=held.session)
        for held in bad[:-1] + good[:-1]:
            async with Person(server) as phone:
                phone.plant(held.cookie)
                await pages(phone, [f"/seat/{held.seat}{tail}" for tail in OF_A_SEAT])
                wire = await phone.enter(invite_id=held.seat)
                try:
                    await wire.say("I am here")
                except Refused as error:
                    assert (error.code, table, held in bad) == ("error", "vault_key", True)
        desk = await nurse.enter(consultation_id=bad[2].session)
        await desk.command("terminate_consultation", choice="close")
        for _ in range(24):
            clock.move(timedelta(hours=13))
            await server.app[CLOCKWORK].run_due()
        assert await sessions(server) == 0


async def test_one_that_is_left_open_is_closed_though_nobody_can_be_warned(tmp_path: Path) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        await hold(server, nurse, "Amina", "active")
        await damage(server, "vault_key", "wrapped")
    async with serving(tmp_path, clock) as server:
        left = []
        for _ in range(10):
            clock.move(timedelta(days=1))
            await server.app[CLOCKWORK].run_due()
            left.append(await sessions(server))
        assert left == [1] * 8 + [0, 0], "7 days, one of warning, one until it is deleted"


@pytest.mark.parametrize(("table", "column"), [("invite", "person"), ("vault_key", "wrapped")])
@pytest.mark.slow
async def test_what_is_left_of_the_chat_is_exported(
    tmp_path: Path, table: str, column: str
) -> None:
    clock = MovableClock(NOW)
    async with clinic(tmp_path, clock) as (server, nurse):
        held = await hold(server, nurse, "Amina", "closed")
        cookie = nurse.cookie
        await damage(server, table, column)
    async with serving(tmp_path, clock) as server, Person(server) as nurse:
        nurse.plant(cookie)
        report = await nurse.get(f"/sessions/{held.session}/report.pdf")
    assert (report.status, report.headers["Content-Type"]) == (200, "application/pdf")
    text = PdfReader(BytesIO(report.body)).pages[0].extract_text()
    assert UNREADABLE in text
    assert ("Good morning" in text) == (table == "invite")


async def test_a_person_who_cannot_be_read_is_entered_anew(tmp_path: Path) -> None:
    async with clinic(tmp_path, MovableClock(NOW)) as (server, nurse):
        held = await hold(server, nurse, "Amina", "planned")
        await damage(server, "invite", "person")
        assert UNREADABLE in (await nurse.get(f"/sessions/{held.session}/edit")).text
        await edit(nurse, date="2026-12-08", time="15:00", time_zone="UTC")
        invites = (await nurse.get("/invites")).text
        assert "Amina" in invites and UNREADABLE not in invites
        link = await link_to(server, "amina@example.org")
        async with Person(server) as phone:
            await phone.join(link)


async def test_nobody_is_written_to_by_the_name_that_cannot_be_read(tmp_path: Path) -> None:
    """The form shows it where the name was, and only an address is entered."""
    async with serving(tmp_path, MovableClock(NOW)) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        companion = {"companion": "on", "companion_name": "Sami"}
        await nurse.invite("Amina", **companion, companion_address="sami@example.org")
        await damage(server, "invite", "person")
        rows = await run(server.app[STORE], "SELECT id FROM invite WHERE role = 'companion'")
        await edit(nurse, address="new-amina@example.org", first_name=UNREADABLE)
        typed = {"name": UNREADABLE, "address": "new-sami@example.org", "language": "en"}
        answer = await nurse.post(path("edit_invite", invite_id=rows[0]["id"]), typed)
        assert answer.status == 303
        mails = {mail.to: mail.text for mail in await outbox(server)}
    assert "Hello new-amina," in mails["new-amina@example.org"]
    assert "Hello Companion," in mails["new-sami@example.org"]
    assert not any(UNREADABLE in text for text in mails.values())


async def test_no_search_for_an_interpreter_keeps_a_damaged_session(tmp_path: Path) -> None:
    """Neither can the next organization be written to, nor the one that was asked."""
    clock = MovableClock(NOW)
    async with serving(tmp_path, clock) as server:
        await server.account()
        for name in ("first", "second"):
            address = f"{name}@example.org"
            organization = InterpretingOrganization(an_id(name), name, address, ("ar",), 1)
            await server.app[STORE].write(
                lambda records, each=organization: records.interpreters.put_organization(each)
            )
        async with Person(server) as nurse:
            await nurse.sign_in()
            for name in ("Amina", "Bashir"):
                typed = {"first_name": name, "address": f"{name}@example.org", "language": "ar"}
                assert (
                    await nurse.post("/invites/new", {**typed, "interpreter": "on"})
                ).status == 303
            await damage(server, "vault_key", "wrapped")
            cookie = nurse.cookie
    async with serving(tmp_path, clock) as server, Person(server) as nurse:
        nurse.plant(cookie)
        rows = await run(server.app[STORE], "SELECT id FROM consultation")
        assert (await nurse.post(f"/sessions/{rows[0]['id']}/cancel")).status == 303
        for _ in range(24):
            clock.move(timedelta(hours=13))
            await server.app[CLOCKWORK].run_due()
        assert await sessions(server) == 0
