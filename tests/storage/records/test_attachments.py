"""Uploads and attachments in the database: sealed, counted, and gone with their session."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.attachment import Attachment, StoredRendition, Upload
from signaling.chat import EVENT_LINES, PAGE_BYTES, line_bytes, stored_bytes
from signaling.consultation import Consultation
from signaling.text import UNREADABLE
from storage.store import Records, Store
from tests.engines.databases import everything_stored, open_store, run, statements_of

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
SESSION = "consultation"
LARGE = StoredRendition("large", "image/jpeg", 900_000, 2560, 1920)
SMALL = StoredRendition("small", "image/jpeg", 90_000, 640, 480)


def upload(upload_id: str = "file-000001", size: int = 1000, at: datetime = NOW) -> Upload:
    return Upload(
        upload_id, SESSION, "amina", "Amina's foot.jpg", "Since Monday", size, "ab" * 32, "request",
        at, at,
    )  # fmt: skip


def photo(line_id: str = "file-000001") -> Attachment:
    return Attachment(
        line_id, SESSION, "photo", "Amina's foot.jpg", 3_000_000, renditions=(LARGE, SMALL)
    )


def letter(line_id: str = "file-000002") -> Attachment:
    return Attachment(
        line_id, SESSION, "pdf", "letter.pdf", 50_000, pages=12, notes=("contains_files",)
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)

    async def work(records: Records) -> None:
        await records.accounts.add(
            Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
        )
        await records.consultations.add(Consultation(SESSION, "nurse", "remote", "active", NOW))

    await opened.write(work)
    yield opened
    await opened.close()


async def append(store: Store, attachment: Attachment, caption: str = "Since Monday") -> bool:
    return (
        await store.write(
            lambda records: records.chat.append(
                SESSION, attachment.id, "amina", attachment.kind, caption, NOW, attachment
            )
        )
        is not None
    )


async def test_pages_of_the_chat_bring_attachments_along_in_one_statement(store: Store) -> None:
    await append(store, photo())
    await store.write(
        lambda records: records.chat.append(SESSION, "line-0001", "amina", "text", "Hello", NOW)
    )
    await append(store, letter(), "")
    async with statements_of(store._database.read) as statements:
        page = await store.read.chat.page(SESSION)
    assert [line.attachment for line in page] == [photo(), None, letter()]
    assert len(statements) == 1
    line = await store.read.chat.get(SESSION, "file-000002")
    assert line == page[2]
    assert await store.read.chat.written(SESSION) == {
        "amina": stored_bytes("Since Monday") + stored_bytes("Hello") + stored_bytes("")
    }


async def test_a_page_with_long_names_is_bounded(store: Store) -> None:
    for number in range(90):
        await append(store, replace(photo(f"file-{number:06}"), name="\U0001f9b6" * 200))
    pages = [page async for page in store.read.chat.pages(SESSION)]
    assert sum(map(len, pages)) == 90
    for page in pages:
        named = [(line.text, line.attachment.name if line.attachment else None) for line in page]
        assert sum(line_bytes(*each) for each in named) <= PAGE_BYTES


async def test_photos_are_no_event_lines(store: Store) -> None:
    async def fill(records: Records) -> None:
        for number in range(EVENT_LINES):
            await records.chat.append(SESSION, f"event-{number:05}", "amina", "joined", "", NOW)

    await store.write(fill)
    assert await append(store, photo())
    assert await store.read.chat.announced(SESSION) == {"amina": "joined"}


async def test_a_repeated_line_brings_no_second_attachment(store: Store) -> None:
    assert await append(store, photo())
    assert not await append(store, replace(photo(), name="another.jpg"))
    assert await store.read.attachments.get(SESSION, photo().id) == photo()


async def test_a_photo_is_turned_and_renditions_are_added(store: Store) -> None:
    await append(store, photo())
    await append(store, letter())
    assert await store.write(lambda records: records.attachments.turn(SESSION, photo().id, 3))
    assert not await store.write(lambda records: records.attachments.turn(SESSION, "unknown", 3))
    page = StoredRendition("page-2", "image/png", 7000, 1131, 1600)
    for added in (replace(page, size=1), page):
        await store.write(
            lambda records, added=added: records.attachments.add_rendition(
                SESSION, letter().id, added
            )
        )
    get = store.read.attachments.get
    assert await get(SESSION, photo().id) == replace(photo(), turned=3)
    assert await get(SESSION, letter().id) == replace(letter(), renditions=(page,))
    assert await get(SESSION, "other") is None


async def test_what_is_stored_and_what_is_to_come_count_against_the_limit(store: Store) -> None:
    assert await store.read.attachments.volume(SESSION) == 0
    await append(store, photo())
    await append(store, letter())
    await store.write(lambda records: records.uploads.create(upload("file-000003", 12_345)))
    assert await store.read.attachments.volume(SESSION) == 990_000 + 50_000 + 12_345
    other = Consultation("other", "nurse", "remote", "active", NOW)
    beside = replace(upload("file-000004", 5), consultation_id=other.id)

    async def work(records: Records) -> None:
        await records.consultations.add(other)
        await records.uploads.create(beside)

    await store.write(work)
    assert await store.read.attachments.whole_volume() == 990_000 + 50_000 + 12_345 + 5


async def test_an_upload_is_created_once_and_found_when_nobody_goes_on(store: Store) -> None:
    created, is_new = await store.write(lambda records: records.uploads.create(upload()))
    again, again_new = await store.write(lambda records: records.uploads.create(upload(size=7)))
    assert (is_new, again_new) == (True, False)
    assert created == again == await store.read.uploads.get(SESSION, upload().id) == upload()
    later = NOW + timedelta(hours=1)
    await store.write(lambda records: records.uploads.touch(SESSION, upload().id, later))
    assert await store.read.uploads.untouched_since(NOW) == []
    assert await store.read.uploads.untouched_since(later) == [replace(upload(), touched_at=later)]
    assert await store.read.uploads.of_consultation(SESSION) == [
        replace(upload(), touched_at=later)
    ]
    await store.write(lambda records: records.uploads.delete(SESSION, upload().id))
    assert await store.read.uploads.get(SESSION, upload().id) is None


async def test_nothing_personal_is_readable_or_can_be_moved(store: Store, tmp_path: Path) -> None:
    await append(store, photo())
    await append(store, letter())
    await store.write(lambda records: records.uploads.create(upload("file-000003")))
    await store.forget()
    body = await everything_stored(tmp_path)
    for secret in (b"foot", b"letter.pdf", b"Monday", b"abab", b"contains_files"):
        assert secret not in body
    await run(
        store,
        "UPDATE attachment SET details = (SELECT details FROM attachment WHERE id = ?)",
        photo().id,
    )
    await run(store, "UPDATE upload SET details = ?", bytes(64))
    assert [line.attachment for line in await store.read.chat.page(SESSION)] == [
        photo(),
        Attachment(letter().id, SESSION, "pdf", UNREADABLE, 0, notes=("lost",), damaged=True),
    ]
    (unreadable,) = await store.read.uploads.untouched_since(NOW)
    assert (unreadable.id, unreadable.name) == ("file-000003", ""), "it can still be forgotten"


async def test_the_purge_deletes_rows(store: Store) -> None:
    await append(store, photo())
    await store.write(lambda records: records.uploads.create(upload("file-000003")))
    await store.write(lambda records: records.consultations.purge(SESSION))
    for table in ("attachment", "upload", "chat_message"):
        assert await run(store, f"SELECT * FROM {table}") == []
