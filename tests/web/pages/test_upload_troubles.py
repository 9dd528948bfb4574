"""Files whose line is cut, slow or silent, and files that are refused: nothing is lost, nothing left."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.files import BLOCK, Sender, digest, pdf, photo
from tests.people import PATIENCE, Person
from tests.web.pages.ward import MIB, Ward, opened, raw, received, refused, shown
from web.texts.catalogs import Catalogs

pytestmark = pytest.mark.slow


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        yield ward


# --- lines that are cut


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
    reader, writer = await raw(ward, "file-000001", 0, len(content))
    writer.write(content[: 2 * BLOCK])
    await received(ward, "file-000001", 2 * BLOCK)
    monkeypatch.setattr("web.pages.uploads.BODY_WITHIN", timedelta(seconds=0.5))
    writer.write(content[2 * BLOCK :][:10])
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
    assert await ward.stored() == []


async def test_other_bytes_than_the_author_has_are_refused(ward: Ward) -> None:
    other = digest(photo(seed=2))
    assert await refused(ward.amina, photo(), sha256=other) == (422, "file_incomplete")
    assert await refused(ward.amina, b"") == (422, "file_incomplete")
    assert await ward.stored() == []


async def test_what_the_disk_has_damaged_is_to_be_sent_again(ward: Ward) -> None:
    content = photo(800, 600)
    await ward.amina.create(content, "file-000001")
    await ward.amina.piece("file-000001", 0, content[: 2 * BLOCK])
    (stored,) = await ward.stored()
    await ward.damage(stored)
    answer = await ward.amina.piece("file-000001", 2 * BLOCK, content[2 * BLOCK :])
    assert (answer.status, json.loads(answer.text)["code"]) == (422, "file_incomplete")
    assert await ward.stored() == []


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
    assert await ward.stored() == []


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
    assert await ward.stored() == []


async def test_a_scheduler_who_is_signed_out_goes_on_after_signing_in(ward: Ward) -> None:
    content = photo(800, 600)
    await ward.nurse.create(content, "file-000001")
    reader, writer = await raw(ward, "file-000001", 0, len(content), sender=ward.nurse)
    writer.write(content[: 2 * BLOCK])
    await received(ward, "file-000001", 2 * BLOCK, sender=ward.nurse)
    await ward.nurse.person.post("/signout")
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).split()[1] == b"401"
        assert b"Please sign in." in await reader.read(4000)
    writer.close()
    await ward.nurse.person.sign_in()
    assert await ward.nurse.offset("file-000001") == 2 * BLOCK
    answer = await ward.nurse.piece("file-000001", 2 * BLOCK, content[2 * BLOCK :])
    assert answer.status == 204
    assert len(await ward.attachments()) == 1
