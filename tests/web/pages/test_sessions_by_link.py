"""Sessions by link: links, seats, and other people's sessions."""

import asyncio
import io
import json
import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from signaling.flows.rooms import DROP_AFTER
from signaling.flows.sessions.attending import LEAVE_GRACE
from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import Person, consultation_of, outbox
from tests.serving import Server, audit_lines, moment, serving
from web.keys import CLOCKWORK, ROOMS, STORE
from web.logs import JsonFormatter


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:30"))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        await running.account("other@example.org", "Somebody Else")
        yield running


def dump(server: Server) -> list[str]:
    """Everything stored."""
    connection = sqlite3.connect(server.config.data_dir / "teleconnect.sqlite3")
    lines = list(connection.iterdump())
    connection.close()
    return lines


async def revoke(server: Server, link: str) -> None:
    async def work(records):  # type: ignore[no-untyped-def]
        invite = await records.invites.by_token(link.rpartition("/")[2])
        await records.invites.change(invite.after("revoke"))

    await server.app[STORE].write(work)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_at_a_link_changes_nothing(
    server: Server, nurse: Person, phone: Person, method: str
) -> None:
    link = await nurse.invite()
    await outbox(server)
    before = dump(server)
    for _ in range(3):
        answer = await phone.ask(method, link)
        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert dump(server) == before


async def test_unknown_revoked_and_garbage_tokens_get_the_same_answer(
    server: Server, nurse: Person, phone: Person
) -> None:
    revoked = await nurse.invite()
    await revoke(server, revoked)
    await outbox(server)
    before = dump(server)
    for method in ("GET", "POST"):
        answers = []
        for link in (revoked, "/i/" + "A" * 22, "/i/x", "/i/%00%0d%0a", "/i/" + "9" * 3000):
            answer = await phone.ask(method, link)
            answers.append((answer.status, re.sub(r'value="/i/[^"]*"', "", answer.text)))
            assert "Set-Cookie" not in answer.headers
        assert {status for status, _ in answers} == {410}
        assert len(set(answers)) == 1
    assert dump(server) == before


async def test_guessing_links_is_slowed_down(server: Server, phone: Person) -> None:
    answers = [(await phone.post(f"/i/guess-{number}")).status for number in range(61)]
    assert answers.count(410) == 60
    assert answers[-1] == 429


async def test_a_second_device_takes_over_and_the_first_is_told(
    server: Server, nurse: Person, phone: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as laptop:
        seat = await phone.join(link)
        wire = await phone.enter(invite_id=seat)
        assert await laptop.join(link) == seat
        assert (await laptop.get(f"/seat/{seat}")).status == 200
        answer = await phone.get(f"/seat/{seat}")
        assert "This session continues on another device" in answer.text
        await laptop.enter(invite_id=seat)
        assert await wire.until("replaced")
        assert await wire.end() == 4001
        again = await phone.connect()
        await again.send(
            "hello", version=PROTOCOL_VERSION, stream="room", peer_id="peer-0001", invite_id=seat
        )
        assert (await again.frame())["code"] == "not_found"


async def test_a_seat_is_nobody_elses(server: Server, nurse: Person, phone: Person) -> None:
    seat = await phone.join(await nurse.invite())
    async with Person(server) as stranger:
        assert (await stranger.get(f"/seat/{seat}")).status == 404
        other = await stranger.join(await nurse.invite("Bashir"))
        assert "Amina" not in (await stranger.get(f"/seat/{seat}")).text
        assert (await stranger.get(f"/seat/{other}")).status == 200


async def test_a_browser_may_hold_two_seats(nurse: Person, phone: Person) -> None:
    first = await phone.join(await nurse.invite())
    second = await phone.join(await nurse.invite())
    for seat in (first, second):
        assert (await phone.get(f"/seat/{seat}")).status == 200


async def test_what_belongs_to_somebody_else_does_not_exist(
    server: Server, nurse: Person, phone: Person
) -> None:
    await nurse.invite()
    link = await nurse.invite("Bashir")
    seat = await phone.join(link)
    wire = await phone.enter(invite_id=seat)
    consultation_id = await consultation_of(wire)
    pages = [
        ("GET", f"/sessions/{consultation_id}"),
        ("GET", f"/sessions/{consultation_id}/case"),
        ("GET", f"/sessions/{consultation_id}/report.pdf"),
        ("GET", f"/sessions/{consultation_id}/edit"),
        ("POST", f"/sessions/{consultation_id}/edit"),
        ("POST", f"/sessions/{consultation_id}/cancel"),
        ("POST", f"/sessions/{consultation_id}/reopen"),
        ("GET", f"/invites/{seat}/link"),
        ("GET", f"/invites/{seat}/qr.svg"),
        ("POST", f"/invites/{seat}/send"),
        ("POST", f"/invites/{seat}/remove"),
    ]
    await wire.until("chat_added")
    await outbox(server)
    before = dump(server)
    async with Person(server) as other:
        await other.sign_in("other@example.org")
        for method, path in pages:
            assert (await other.ask(method, path)).status == 404, path
            absent = path.replace(consultation_id, "absent-absent-00").replace(seat, "absent-000")
            assert (await other.ask(method, absent)).status == 404, absent
        for path in ("/", "/invites", "/invites?search=Bashir", "/opened", "/history"):
            text = (await other.get(path)).text.replace('value="Bashir"', "")
            assert "Bashir" not in text
        socket = await other.connect()
        await socket.send(
            "hello",
            version=PROTOCOL_VERSION,
            stream="room",
            peer_id="peer-0001",
            consultation_id=consultation_id,
        )
        assert (await socket.frame())["code"] == "not_found"
        assert await socket.end() == 4404
    for method, path in pages:  # nor for the person with the seat
        assert (await phone.ask(method, path)).status in (303, 401), path
    changed = [line for line in dump(server) if line not in before]
    about_signing_in = ("web_session", "known_browser", "'sign_in'")
    assert [line for line in changed if not any(word in line for word in about_signing_in)] == []


async def test_a_closed_session_lets_nobody_in_by_link(nurse: Person, phone: Person) -> None:
    link = await nurse.invite()
    seat = await phone.join(link)
    amina = await phone.enter(invite_id=seat)
    consultation_id = await consultation_of(amina)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    assert (await amina.until("goodbye"))["reason"] == "gone"
    assert await amina.end() == 4410
    for path in (link, f"/seat/{seat}"):
        assert (await phone.get(path)).status == 410
    assert (await phone.post(link)).status == 410
    again = await phone.connect()
    await again.send(
        "hello", version=PROTOCOL_VERSION, stream="room", peer_id="peer-0001", invite_id=seat
    )
    assert (await again.frame())["code"] == "session_closed"
    assert await again.end() == 4410


WELL_FORMED = {"first_name": "Amina", "address": "amina@example.org", "language": "en"}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("first_name", "x" * 81, "too long"),
        ("first_name", "Ami\u202ena", "not allowed here"),
        ("last_name", "O\0N", "not allowed here"),
        ("address", "", "email address or a mobile number"),
        ("address", "nobody", "neither an email address nor a phone number"),
        ("address", "a@example.org\r\nBcc: x@example.org", "single line"),
        ("address", "a@example.org\0", "single line"),
        ("address", "x" * 400, "too long"),
        ("language", "xx", "languages offered"),
        ("note", "x" * 501, "too long"),
    ],
)
async def test_a_wrong_field_is_told_at_its_place_and_all_that_was_typed_is_kept(
    server: Server, nurse: Person, field: str, value: str, sentence: str
) -> None:
    form = {"kind": "remote", "channel": "email", "last_name": "Kept-As-Typed", **WELL_FORMED}
    answer = await nurse.post("/invites/new", {**form, field: value})
    assert answer.status == 400, answer.location
    assert sentence in answer.text
    assert "amina@example.org" in answer.text or field == "address"
    assert "consultation" not in " ".join(
        line for line in dump(server) if line.startswith('INSERT INTO "consultation"')
    )


@pytest.mark.parametrize("field", ["first_name", "address", "language", "date", "time_zone", "kind",
                                   "channel", "note", "occurrence", "colleague", "companion"])  # fmt: skip
async def test_no_value_of_any_field_breaks_the_form(nurse: Person, field: str) -> None:
    form = {**WELL_FORMED, "plan_later": "on", "date": "2026-12-08", "time": "10:00",
            "time_zone": "UTC"}  # fmt: skip
    for value in ("\0", "../../etc/passwd", "😀" * 5, "\u202e", "A" * 20_000, "١٢"):
        answer = await nurse.post("/invites/new", {**form, field: value})
        assert answer.status in (303, 400), (value, answer.status)


async def test_a_name_and_an_address_copied_from_a_page_or_a_mail_are_taken_without_their_marks(
    server: Server, nurse: Person, phone: Person
) -> None:
    """There they stand within isolates, half of which a copy may leave out."""
    link = await nurse.invite("\u2068Amina", address="\u2066amina@example.org\u2069\u200e")
    invite = await server.app[STORE].read.invites.get(await phone.join(link))
    assert invite is not None
    assert (invite.person.name, invite.person.address) == ("Amina", "amina@example.org")


HOSTILE = [
    "Amina $link ${link} %(name)s {0}",
    "<script>alert(1)</script>",
    "[click](https://evil.example)",
    "👩🏽\u200d⚕️ أمينة 阿米娜",
    "Subject: x, Bcc: y@example.org",
    "=?utf-8?q?x?= a;b,c:d",
]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_hostile_name_or_note_stays_text_in_pages_and_mails(
    server: Server, nurse: Person, phone: Person, hostile: str
) -> None:
    link = await nurse.invite(hostile, note=f"{hostile}\r\n\r\nBcc: z@example.org")
    await outbox(server)
    (file,) = (server.config.data_dir / "outbox").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["To"].addresses[0].addr_spec == "amina@example.org"
    assert mail["Bcc"] is None
    html = mail.get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert "<script" not in html
    assert 'evil.example"' not in html
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert plain.count(link) == 1
    for page in (await nurse.get("/invites"), await phone.get(link)):
        assert "<script>alert" not in page.text


@pytest.mark.slow
async def test_the_logs_of_a_whole_session_name_nobody_and_open_nothing(
    server: Server, nurse: Person, phone: Person
) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        link = await nurse.invite("Amina-Secret", note="note-secret")
        await outbox(server)
        await phone.get(link)
        seat = await phone.join(link)
        wire = await phone.enter(invite_id=seat)
        consultation_id = await consultation_of(wire)
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("start_consultation")
        await wire.say("chat-secret")
        await wire.send("chat-secret-type")
        await wire.end()
        await desk.command("terminate_consultation", choice="close")
        await nurse.get(f"/sessions/{consultation_id}/report.pdf")
        await phone.sign_in("wrong-secret@example.org", "password-secret")
        cookie = phone.cookie
        await nurse.post("/signout")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    text = written.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert any(line.get("route") == "/i/{token}" for line in lines)
    secrets = [link.rpartition("/")[2], cookie, "secret", "Amina", "amina@example.org", "nurse@",
               "Nurse Joy", "127.0.0.1", "correct horse"]  # fmt: skip
    for secret in secrets:
        if secret:
            found = [line for line in text.splitlines() if secret.casefold() in line.casefold()]
            assert found == [], secret


async def test_after_the_purge_nothing_is_left_in_the_data_folder(
    server: Server, nurse: Person, phone: Person, clock: MovableClock
) -> None:
    link = await nurse.invite("Zarathustra", note="Bring-the-eagle")
    await outbox(server)
    seat = await phone.join(link)
    wire = await phone.enter(invite_id=seat)
    consultation_id = await consultation_of(wire)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.command("start_consultation")
    for number in range(50):
        await wire.say(f"Thus-spoke {number}")
    row = await server.app[STORE]._database.read.row("SELECT wrapped FROM vault_key")
    await desk.command("terminate_consultation", choice="close")
    folder = server.config.data_dir
    assert any(b"amina@example.org" in file.read_bytes() for file in (folder / "outbox").iterdir())
    await phone.close()
    assert (await nurse.get("/history")).text.count("Zarathustra") >= 1

    clock.move(moment("2026-12-08 14:29") - moment("2026-12-07 14:30"))
    await server.app[CLOCKWORK].run_due()
    assert len(await server.app[STORE]._database.read.rows("SELECT * FROM consultation")) == 1
    clock.move(moment("2026-12-08 14:30") - moment("2026-12-08 14:29"))
    await server.app[CLOCKWORK].run_due()
    assert await desk.end() == 4401  # longer ago than a working day
    needles = [b"Zarathustra", b"Thus-spoke", b"amina@example.org", b"Bring-the-eagle",
               link.rpartition("/")[2].encode(), row["wrapped"], consultation_id.encode(),
               seat.encode()]  # fmt: skip
    for file in folder.rglob("*"):
        if file.is_file():
            octets = file.read_bytes()
            assert [needle for needle in needles if needle in octets] == [], file.name
    assert list((folder / "outbox").iterdir()) == []
    for table in ("vault_key", "invite", "seat", "chat_message", "seen", "command", "call",
                  "notice", "delivery_attempt"):  # fmt: skip
        rows = await server.app[STORE]._database.read.rows(f"SELECT * FROM {table}")
        assert rows == [], table
    line = (await audit_lines(server.app[STORE]))[-1]
    assert (line.actor, line.action) == ("server", "purge")
    assert line.thing.startswith("session:")
    assert "Zarathustra" not in (await nurse.get("/history")).text


async def test_a_reopened_session_is_not_purged_and_its_link_works_again(
    server: Server, nurse: Person, phone: Person, clock: MovableClock
) -> None:
    link = await nurse.invite()
    seat = await phone.join(link)
    wire = await phone.enter(invite_id=seat)
    consultation_id = await consultation_of(wire)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    for _ in range(2):  # a second press finds what the first one has done
        assert (await nurse.post(f"/sessions/{consultation_id}/reopen")).status == 303
    await asyncio.gather(server.app[CLOCKWORK].run_due(), phone.get(link))
    assert (await phone.get(f"/seat/{seat}")).status == 200
    clock.move(moment("2026-12-08 16:00") - moment("2026-12-07 14:30"))
    await server.app[CLOCKWORK].run_due()
    rows = await server.app[STORE]._database.read.rows("SELECT state FROM consultation")
    assert len(rows) == 1


@pytest.mark.sqlite  # with several hosts one of them looks each minute, and has deleted it by then
async def test_what_is_due_to_be_forgotten_is_not_opened_again(
    server: Server, nurse: Person, phone: Person, clock: MovableClock
) -> None:
    wire = await phone.enter(invite_id=await phone.join(await nurse.invite()))
    consultation_id = await consultation_of(wire)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    server.app[CLOCKWORK].cancel("purge")  # it failed when it was due
    clock.move(timedelta(hours=24))
    await nurse.sign_in()
    assert (await nurse.post(f"/sessions/{consultation_id}/reopen")).status == 409


async def test_older_safari_joins_by_the_form_of_the_link(nurse: Person, phone: Person) -> None:
    """Such a browser sends no Sec-Fetch-Site, and no-referrer makes a form's origin null."""
    link = await nurse.invite()
    answer = await phone.post(link, Origin="null", **{"User-Agent": "Version/15.6 Safari/605.1"})
    assert answer.status == 303
    assert (await phone.get(answer.location)).status == 200
    assert (await nurse.post("/signout", Origin="null")).status == 403


async def test_a_room_that_nobody_enters_does_not_stay_in_memory(
    server: Server, nurse: Person, phone: Person, clock: MovableClock
) -> None:
    link = await nurse.invite()
    amina = await phone.enter(invite_id=await phone.join(link))
    consultation_id = await consultation_of(amina)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    hub = server.app[ROOMS].hub
    assert await amina.end() == 4410
    await desk.ws.close()

    async def rested() -> bool:
        clock.move(DROP_AFTER)
        await server.app[CLOCKWORK].run_due()
        return hub.room_count() == 0

    room = hub.room(consultation_id)
    assert room is not None
    async with asyncio.timeout(60):
        while not room.empty:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    clock.move(LEAVE_GRACE)
    await server.app[CLOCKWORK].run_due()
    assert await rested()
    assert (await nurse.post(f"/sessions/{consultation_id}/reopen")).status == 303
    assert hub.room_count() == 1
    assert await rested()
    stranger = await phone.connect()
    hello = {"version": PROTOCOL_VERSION, "stream": "room", "peer_id": "peer-0001"}
    await stranger.send("hello", **hello, consultation_id=consultation_id)
    await stranger.end()
    assert await rested()
