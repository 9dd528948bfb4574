"""Sending a photo or PDF, as tus says: what is answered, what goes on, what is refused."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clock import MovableClock
from tests.files import BLOCK, PIECE, TUS, Sender, digest, metadata, pdf, photo
from tests.people import PATIENCE, Person, Wire, an_id, consultation_of
from tests.serving import Server, moment, serving
from web.keys import CLOCKWORK
from web.texts.catalogs import Catalogs

pytestmark = pytest.mark.slow
MIB = 2**20


@dataclass
class Ward:
    """A nurse and Amina in one session, each with a page that can send."""

    server: Server
    clock: MovableClock
    folder: Path
    desk: Wire
    seat: Wire
    nurse: Sender
    amina: Sender
    invite_id: str
    consultation_id: str
    link: str

    async def attachments(self) -> list[dict[str, Any]]:
        """Every photo and PDF of the chat."""
        async with Person(self.server) as again:
            again.plant(self.amina.person.cookie)
            wire = await again.enter(invite_id=self.invite_id)
            return [line for line in await wire.chat() if line["kind"] in ("photo", "pdf")]

    def stored(self) -> list[Path]:
        """Every file in the data folder that belongs to photos and PDFs."""
        return [path for path in (self.folder / "files").rglob("*") if path.is_file()]

    async def pass_time(self, by: timedelta) -> None:
        self.clock.move(by)
        await self.server.app[CLOCKWORK].run_due()


@asynccontextmanager
async def opened(folder: Path, **settings: str) -> AsyncIterator[Ward]:
    async with AsyncExitStack() as stack:
        clock = MovableClock(moment("2026-12-07 14:30"))
        server = await stack.enter_async_context(serving(folder, clock, **settings))
        await server.account()
        nurse, phone = [await stack.enter_async_context(Person(server)) for _ in range(2)]
        await nurse.sign_in()
        link = await nurse.invite()
        invite_id = await phone.join(link)
        seat = await phone.enter(invite_id=invite_id)
        consultation_id = await consultation_of(seat)
        desk = await nurse.enter(consultation_id=consultation_id)
        yield Ward(
            server, clock, folder, desk, seat, Sender(nurse, f"/sessions/{consultation_id}"),
            Sender(phone, f"/seat/{invite_id}"), invite_id, consultation_id, link,
        )  # fmt: skip


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        yield ward


async def shown(wire: Wire, line_id: str) -> dict[str, Any]:
    """The line with this id, once it comes."""
    while True:
        line: dict[str, Any] = (await wire.until("chat_added"))["message"]
        if line["id"] == line_id:
            return line


# --- the conversation


async def test_a_photo_stands_in_the_chat_when_its_last_byte_is_answered(ward: Ward) -> None:
    content, upload_id = photo(800, 600), an_id("file")
    created = await ward.amina.create(
        content, upload_id, filename="wound.jpg", caption="Since Monday"
    )
    assert created.status == 201
    assert created.location == f"{ward.amina.place}/uploads/{upload_id}"
    assert created.headers["Upload-Offset"] == "0"
    expires = parsedate_to_datetime(created.headers["Upload-Expires"])
    assert expires == ward.clock.now() + timedelta(hours=1)
    half = len(content) // 2 // BLOCK * BLOCK
    answer = await ward.amina.piece(upload_id, 0, content[:half])
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(half))
    looked = await ward.amina.ask("HEAD", upload_id)
    assert looked.headers["Upload-Offset"] == str(half)
    assert looked.headers["Upload-Length"] == str(len(content))
    assert looked.headers["Cache-Control"] == "no-store"
    answer = await ward.amina.piece(upload_id, half, content[half:])
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(len(content)))
    line = await shown(ward.desk, upload_id)
    assert (line["kind"], line["text"]) == ("photo", "Since Monday")
    assert line["attachment"] == {
        "name": "wound.jpg", "size": len(content), "width": 800, "height": 600,
    }  # fmt: skip
    assert await ward.amina.offset(upload_id) == len(content)
    assert all("upload" not in path.name for path in ward.stored())


async def test_a_pdf_from_the_scheduler_stands_in_the_chat(ward: Ward) -> None:
    file_id = await ward.nurse.send(pdf(3), name="results.pdf")
    line = await shown(ward.seat, file_id)
    assert (line["kind"], line["text"]) == ("pdf", "")
    assert line["attachment"]["pages"] == 3
    assert line["attachment"]["name"] == "results.pdf"
    assert line["attachment"]["height"] == 640


async def test_every_answer_names_the_protocol(ward: Ward) -> None:
    content = photo()
    for answer in (
        await ward.amina.create(content, "file-000001"),
        await ward.amina.ask("HEAD", "file-000001"),
        await ward.amina.ask("HEAD", "file-of-nobody"),
        await ward.amina.piece("file-000001", 7, b"x"),
        await ward.amina.ask("DELETE", "file-000001"),
        await ward.amina.person.ask("PATCH", f"{ward.amina.place}/uploads/file-000001"),
    ):
        assert answer.headers["Tus-Resumable"] == "1.0.0"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("said", [{}, {"Tus-Resumable": "0.2.2"}])
async def test_another_version_of_the_protocol_is_412(
    ward: Ward, method: str, said: dict[str, str]
) -> None:
    path = f"{ward.amina.place}/uploads" + ("" if method == "POST" else "/file-000001")
    answer = await ward.amina.person.ask(method, path, headers=said)
    assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")


async def test_the_same_id_again_is_the_same_upload(ward: Ward) -> None:
    content = photo(600, 400)
    assert (await ward.amina.create(content, "file-000001")).status == 201
    await ward.amina.piece("file-000001", 0, content[:BLOCK])
    again = await ward.amina.create(content, "file-000001")
    assert again.status == 201
    assert again.headers["Upload-Offset"] == str(BLOCK)
    await ward.amina.piece("file-000001", BLOCK, content[BLOCK:])
    attached = await ward.amina.create(content, "file-000001")
    assert (attached.status, attached.headers["Upload-Offset"]) == (201, str(len(content)))
    repeated = await ward.amina.piece("file-000001", len(content), b"")
    assert (repeated.status, repeated.headers["Upload-Offset"]) == (204, str(len(content)))
    assert len(await ward.attachments()) == 1


async def test_an_id_of_somebody_else_or_of_other_bytes_is_409(ward: Ward) -> None:
    content = photo()
    await ward.amina.create(content, "file-000001")
    assert (await ward.nurse.create(content, "file-000001")).status == 409
    assert (await ward.amina.create(photo(seed=2), "file-000001")).status == 409
    assert (await ward.nurse.ask("HEAD", "file-000001")).status == 404
    assert (await ward.nurse.piece("file-000001", 0, content)).status == 404
    assert (await ward.nurse.ask("DELETE", "file-000001")).status == 404
    await ward.seat.say("Good morning", "message-000001")
    assert (await ward.amina.create(content, "message-000001")).status == 409


async def test_two_requests_with_one_id_at_once_begin_one_upload(ward: Ward) -> None:
    content = photo()
    answers = await asyncio.gather(*(ward.amina.create(content, "file-000001") for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    last = await asyncio.gather(*(ward.amina.piece("file-000001", 0, content) for _ in range(4)))
    assert {answer.status for answer in last} <= {204, 409}
    while await ward.amina.offset("file-000001") < len(content):
        await ward.amina.piece("file-000001", await ward.amina.offset("file-000001"), content)
    assert (await ward.amina.piece("file-000001", len(content), b"")).status == 204
    assert [line["id"] for line in await ward.attachments()] == ["file-000001"]


async def test_a_wrong_offset_is_409_and_changes_nothing(ward: Ward) -> None:
    content = photo(600, 400)
    await ward.amina.create(content, "file-000001")
    await ward.amina.piece("file-000001", 0, content[:BLOCK])
    for offset in (0, BLOCK - 1, BLOCK + 1, 10 * MIB):
        answer = await ward.amina.piece("file-000001", offset, content[:100])
        assert answer.status == 409
        assert json.loads(answer.text)["code"] == "conflict"
    assert await ward.amina.offset("file-000001") == BLOCK


async def test_a_piece_that_is_not_what_its_checksum_says_is_460_and_dropped(ward: Ward) -> None:
    content = photo(600, 400)
    await ward.amina.create(content, "file-000001")
    right = base64.b64encode(hashlib.sha256(content[: 2 * BLOCK]).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    head = {"Upload-Checksum": f"sha256 {wrong}"}
    answer = await ward.amina.piece("file-000001", 0, content[: 2 * BLOCK], **head)
    assert (answer.status, json.loads(answer.text)["code"]) == (460, "checksum_mismatch")
    assert await ward.amina.offset("file-000001") == 0
    head = {"Upload-Checksum": f"sha256 {right}"}
    answer = await ward.amina.piece("file-000001", 0, content[: 2 * BLOCK], **head)
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(2 * BLOCK))


@pytest.mark.parametrize("checksum", ["md5 AAAA", "sha256", "sha256 AAAA", "sha256 ü", "nonsense"])
async def test_a_checksum_that_cannot_be_is_400(ward: Ward, checksum: str) -> None:
    await ward.amina.create(photo(), "file-000001")
    answer = await ward.amina.piece("file-000001", 0, b"x", **{"Upload-Checksum": checksum})
    assert answer.status == 400


@pytest.mark.parametrize(
    "head",
    [
        {"Upload-Length": "-1"}, {"Upload-Length": "1e3"}, {"Upload-Length": ""},
        {"Upload-Length": "9" * 40}, {"Upload-Metadata": "id"}, {"Upload-Metadata": "id ???"},
        {"Upload-Metadata": ""}, {"Upload-Metadata": metadata(id="file-000001")},
        {"Upload-Metadata": metadata(id="../../x", sha256="0" * 64)},
        {"Upload-Metadata": metadata(id="file-000001", sha256="0" * 63)},
        {"Upload-Metadata": metadata(id="file-000001", sha256="Z" * 64)},
        {"Upload-Metadata": metadata(id="file-000001", sha256="0" * 64, request="x y")},
        {"Upload-Metadata": metadata(id="file-000001", sha256="0" * 64, caption="x" * 1001)},
        {"Upload-Metadata": "id /w==,sha256 " + base64.b64encode(b"0" * 64).decode()},
    ],
)  # fmt: skip
async def test_a_creation_that_cannot_be_is_400(ward: Ward, head: dict[str, str]) -> None:
    good = {"Upload-Length": "5", "Upload-Metadata": metadata(id="file-000001", sha256="0" * 64)}
    assert (await ward.amina.ask("POST", **{**good, **head})).status == 400


async def test_more_bytes_than_announced_are_refused(ward: Ward) -> None:
    content = photo()
    await ward.amina.create(content, "file-000001")
    answer = await ward.amina.piece("file-000001", 0, content + b"x")
    assert answer.status == 413
    assert await ward.attachments() == []


async def test_cancelling_leaves_nothing(ward: Ward) -> None:
    content = photo(600, 400)
    await ward.amina.create(content, "file-000001")
    await ward.amina.piece("file-000001", 0, content[: 2 * BLOCK])
    assert ward.stored()
    assert (await ward.amina.ask("DELETE", "file-000001")).status == 204
    assert ward.stored() == []
    assert (await ward.amina.ask("HEAD", "file-000001")).status == 404
    assert (await ward.amina.ask("DELETE", "file-000001")).status == 404
    assert (await ward.amina.piece("file-000001", 0, content)).status == 404


async def test_what_stands_in_the_chat_cannot_be_cancelled(ward: Ward) -> None:
    file_id = await ward.amina.send(photo())
    assert (await ward.amina.ask("DELETE", file_id)).status == 409
    assert len(await ward.attachments()) == 1


async def test_an_upload_that_does_not_go_on_is_forgotten_after_an_hour(ward: Ward) -> None:
    content = photo(600, 400)
    await ward.amina.create(content, "file-000001")
    await ward.pass_time(timedelta(minutes=50))
    await ward.amina.piece("file-000001", 0, content[:BLOCK])
    await ward.pass_time(timedelta(minutes=50))
    assert await ward.amina.offset("file-000001") == BLOCK
    await ward.pass_time(timedelta(minutes=11))
    assert (await ward.amina.ask("HEAD", "file-000001")).status == 404
    assert ward.stored() == []


# --- lines that are cut


async def raw(
    ward: Ward, upload_id: str, offset: int, size: int, *more: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The head of a PATCH by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ward.server.config.port)
    head = [
        f"PATCH {ward.amina.place}/uploads/{upload_id} HTTP/1.1", "Host: localhost",
        f"Cookie: teleconnect={ward.amina.person.cookie}", "Tus-Resumable: 1.0.0",
        f"Content-Type: {PIECE}", f"Upload-Offset: {offset}", f"Content-Length: {size}", *more,
    ]  # fmt: skip
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    return reader, writer


async def received(ward: Ward, upload_id: str, offset: int) -> None:
    """Wait until so many bytes of an upload are kept."""
    async with asyncio.timeout(PATIENCE):
        while await ward.amina.offset(upload_id) < offset:
            pass


async def test_a_cut_line_loses_less_than_a_block(ward: Ward) -> None:
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    _, writer = await raw(ward, "file-000001", 0, len(content))
    writer.write(content[: 3 * BLOCK + 1000])
    await writer.drain()
    await received(ward, "file-000001", 3 * BLOCK)
    writer.transport.abort()
    assert await ward.amina.offset("file-000001") == 3 * BLOCK
    answer = await ward.amina.piece("file-000001", 3 * BLOCK, content[3 * BLOCK :])
    assert answer.status == 204
    assert len(await ward.attachments()) == 1


async def test_a_newer_piece_takes_over_from_one_that_hangs(ward: Ward) -> None:
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    hanging, writer = await raw(ward, "file-000001", 0, len(content))
    writer.write(content[: 2 * BLOCK])
    await received(ward, "file-000001", 2 * BLOCK)
    answer = await ward.amina.piece("file-000001", 2 * BLOCK, content[2 * BLOCK :])
    assert answer.status == 204
    async with asyncio.timeout(PATIENCE):
        assert (await hanging.readline()).split()[1] == b"409"
    writer.close()
    assert len(await ward.attachments()) == 1


async def test_a_client_that_waits_for_100_is_told_so_once_it_may_send(ward: Ward) -> None:
    content = photo()
    await ward.amina.create(content, "file-000001")
    reader, writer = await raw(ward, "file-000001", 0, len(content), "Expect: 100-continue")
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).split()[1] == b"100"
        assert await reader.readline() == b"\r\n"
        writer.write(content)
        assert (await reader.readline()).split()[1] == b"204"
    writer.close()
    reader, writer = await raw(ward, "file-000002", 0, 9, "Expect: 100-continue")
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).split()[1] == b"404"
    writer.close()


async def test_a_line_that_is_slow_for_ten_minutes_is_not_cut(ward: Ward) -> None:
    """A body has sixty seconds elsewhere; the piece of a file has them anew with each byte."""
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    reader, writer = await raw(ward, "file-000001", 0, len(content))
    for number in range(3):
        writer.write(content[number * BLOCK : (number + 1) * BLOCK])
        await writer.drain()
        await received(ward, "file-000001", (number + 1) * BLOCK)
        await ward.pass_time(timedelta(minutes=4))
    writer.write(content[3 * BLOCK :])
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).split()[1] == b"204"
    writer.close()


async def test_a_line_that_is_silent_for_long_is_closed_and_its_blocks_stay(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    monkeypatch.setattr("web.pages.uploads.BODY_WITHIN", timedelta(seconds=0.5))
    reader, writer = await raw(ward, "file-000001", 0, len(content))
    writer.write(content[: 2 * BLOCK + 10])
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    assert await ward.amina.offset("file-000001") == 2 * BLOCK


async def test_chat_overtakes_an_upload(ward: Ward) -> None:
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    _, writer = await raw(ward, "file-000001", 0, len(content))
    writer.write(content[:BLOCK])
    await received(ward, "file-000001", BLOCK)
    await ward.seat.say("It is on its way", "message-000001")
    assert await shown(ward.desk, "message-000001")
    writer.close()


# --- what is refused


async def refused(sender: Sender, content: bytes, **said: str) -> tuple[int, str]:
    """Send something that is not taken; the status and the code."""
    upload_id = an_id("file")
    answer = await sender.create(content, upload_id, **said)
    if answer.status == 201:
        answer = await sender.piece(upload_id, 0, content)
    assert answer.status >= 400, answer.status
    found = json.loads(answer.text)
    assert found["text"].endswith(".")
    assert (await sender.ask("HEAD", upload_id)).status == 404
    return answer.status, found["code"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"MZ" + bytes(range(256)) * 40, 415, "file_not_accepted"),
        (b"<!DOCTYPE html><script>alert(1)</script>" * 9, 415, "file_not_accepted"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9, 415, "file_needs_export"),
        (photo()[:-4000], 422, "file_incomplete"),
        (pdf(3)[:-900], 422, "file_incomplete"),
    ],
    ids=["executable", "HTML", "SVG", "cut photo", "cut PDF"],
)
async def test_what_is_no_photo_and_no_pdf_leaves_nothing(
    ward: Ward, content: bytes, status: int, code: str
) -> None:
    assert await refused(ward.amina, content) == (status, code)
    assert await ward.attachments() == []
    assert ward.stored() == []


async def test_other_bytes_than_the_author_has_are_refused(ward: Ward) -> None:
    other = digest(photo(seed=2))
    assert await refused(ward.amina, photo(), sha256=other) == (422, "file_incomplete")
    assert await refused(ward.amina, b"") == (422, "file_incomplete")
    assert ward.stored() == []


async def test_a_sentence_comes_in_the_readers_language(ward: Ward) -> None:
    link = await ward.nurse.person.invite("Omar", language="ar")
    async with Person(ward.server) as phone:
        omar = Sender(phone, f"/seat/{await phone.join(link)}")
        answer = await omar.create(b"x" * 21 * MIB, "file-000001")
    said = json.loads(answer.text)
    translate = Catalogs.load().get("ar").translate
    expected = translate("This file is larger than %(megabytes)s MB. Please send a smaller one.")
    assert said == {"code": "file_too_large", "text": expected % {"megabytes": "20"}}


async def test_limits_of_a_file_of_a_session_and_at_once(tmp_path: Path) -> None:
    limits = {"TELECONNECT_FILE_MEGABYTES": "1", "TELECONNECT_SESSION_MEGABYTES": "2.5"}
    async with opened(tmp_path, **limits) as ward:
        assert await refused(ward.amina, bytes(MIB + 1)) == (413, "file_too_large")
        whole = bytes(MIB)
        assert (await ward.amina.create(whole, "file-000001")).status == 201
        assert (await ward.nurse.create(whole, "file-000002")).status == 201
        assert await refused(ward.amina, whole) == (413, "files_full")
        assert await refused(ward.nurse, whole) == (413, "files_full")
        assert (await ward.amina.ask("DELETE", "file-000001")).status == 204
        assert (await ward.nurse.create(whole, "file-000003")).status == 201
        small = bytes(1000)
        for number in range(10):
            assert (await ward.amina.create(small, f"small-{number:06}")).status == 201
        assert await refused(ward.amina, small) == (429, "uploads_full")
        assert (await ward.nurse.create(small, "file-000004")).status == 201


async def test_a_file_of_a_session_that_ended_meanwhile_is_refused(ward: Ward) -> None:
    content = photo(600, 400)
    for sender, upload_id in ((ward.nurse, "file-000001"), (ward.amina, "file-000002")):
        await sender.create(content, upload_id)
        await sender.piece(upload_id, 0, content[:BLOCK])
    await ward.desk.command("start_consultation")
    await ward.desk.command("terminate_consultation", choice="close")
    answer = await ward.nurse.piece("file-000001", BLOCK, content[BLOCK:])
    assert (answer.status, json.loads(answer.text)["code"]) == (410, "file_too_late")
    answer = await ward.amina.piece("file-000002", BLOCK, content[BLOCK:])
    assert (answer.status, json.loads(answer.text)["code"]) == (410, "session_closed")
    assert (await ward.nurse.ask("HEAD", "file-000001")).status == 404
    await ward.pass_time(timedelta(minutes=71))
    assert ward.stored() == []


async def test_who_loses_the_seat_while_sending_is_told_so_and_nothing_is_left(ward: Ward) -> None:
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    reader, writer = await raw(ward, "file-000001", 0, len(content))
    writer.write(content[: 2 * BLOCK])
    await received(ward, "file-000001", 2 * BLOCK)
    async with Person(ward.server) as other_phone:
        await other_phone.join(ward.link)
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).split()[1] == b"410"
        assert b"no longer in this session" in await reader.read(4000)
    writer.close()
    assert ward.stored() == []


# --- who may


async def test_whoever_has_no_place_finds_no_uploads(ward: Ward) -> None:
    content = photo()
    await ward.amina.create(content, "file-000001")
    await ward.server.account("other@example.org", "Other Nurse")
    async with Person(ward.server) as other, Person(ward.server) as stranger:
        await other.sign_in("other@example.org")
        own_seat = await stranger.join(await ward.nurse.person.invite("Omar"))
        for place in (ward.amina.place, ward.nurse.place):
            for person in (other, stranger):
                sender = Sender(person, place)
                for answer in (
                    await sender.create(content, "file-000002"),
                    await sender.piece("file-000001", 0, content),
                    await sender.ask("DELETE", "file-000001"),
                ):
                    assert answer.status in (401, 404)
                assert (await sender.ask("HEAD", "file-000001")).status == 404
        own = Sender(stranger, f"/seat/{own_seat}")
        assert (await own.ask("HEAD", "file-000001")).status == 404
        assert (await own.piece("file-000001", 0, content)).status == 404
    assert await ward.amina.offset("file-000001") == 0


async def test_a_page_of_another_site_can_send_nothing(ward: Ward) -> None:
    await ward.amina.create(photo(), "file-000001")
    for method in ("POST", "PATCH", "DELETE"):
        upload_id = "" if method == "POST" else "file-000001"
        for forgery in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await ward.amina.ask(
                method, upload_id, **{"Content-Type": PIECE, **TUS, **forgery}
            )
            assert answer.status == 403


async def test_a_name_is_shown_as_it_was_sent_and_is_no_path(ward: Ward) -> None:
    names = {
        "Befund – Müller (2).jpg": None, "تقرير الأشعة.jpg": None, "检查报告.jpg": None,
        "../../etc/passwd": None, "C:\\temp\\x.jpg": None, "\u202egpj.exe": "gpj.exe",
        "a\x00b\r\nSet-Cookie: x=1.jpg": "ab Set-Cookie: x=1.jpg", "": "file",
        "x" * 300 + ".jpeg": "x" * 179 + "…" + "x" * 15 + ".jpeg", "👩🏽\u200d⚕️.png": None,
    }  # fmt: skip
    ids = {name: await ward.amina.send(photo(), name=name) for name in names}
    shown = {line["id"]: line["attachment"] for line in await ward.attachments()}
    for name, expected in names.items():
        assert shown[ids[name]]["name"] == (name if expected is None else expected)
    assert not list(ward.folder.parent.rglob("*passwd*"))
    assert os.path.commonpath([ward.folder, *ward.stored()]) == str(ward.folder)
