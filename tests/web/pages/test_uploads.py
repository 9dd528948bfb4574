"""Sending a photo or PDF, as tus says: what is answered, and who may."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.files import BLOCK, PIECE, TUS, Sender, metadata, pdf, photo
from tests.people import PATIENCE, Person, an_id
from tests.web.pages.ward import MIB, Ward, opened, shown

pytestmark = pytest.mark.slow


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        yield ward


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
    assert all("upload" not in name for name in await ward.stored())


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
    assert (await ward.amina.piece("file-000001", 0, content)).status == 204
    assert (await ward.amina.create(content, "file-000001")).status == 201
    assert (await ward.amina.create(photo(400), "file-000001")).status == 409


async def test_two_requests_with_one_id_at_once_begin_one_upload(ward: Ward) -> None:
    content = photo()
    answers = await asyncio.gather(*(ward.amina.create(content, "file-000001") for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    last = await asyncio.gather(*(ward.amina.piece("file-000001", 0, content) for _ in range(4)))
    assert {answer.status for answer in last} <= {204, 409}
    async with asyncio.timeout(PATIENCE):
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
    assert await ward.stored()
    assert (await ward.amina.ask("DELETE", "file-000001")).status == 204
    assert await ward.stored() == []
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
    assert await ward.stored() == []


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
    assert all(path.is_relative_to(ward.folder) for path in ward.files())
