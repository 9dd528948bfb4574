"""Sealed files, wherever they are kept: what is read is what was written, and what is not whole is not there."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from signaling.errors import Conflict, NotFound
from signaling.ports.files import BLOCK_BYTES
from storage.store import Records, Store
from tests.object_server import a_bucket
from tests.storage.files.support import (
    OTHER,
    PHOTO,
    WARD,
    body,
    opened,
    read,
    write,
    write_until_canceled,
)


@pytest.fixture(params=["folder", "rows", pytest.param("objects", marks=pytest.mark.slow)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    files = None
    if request.param == "objects":
        files = a_bucket(request.getfixturevalue("object_server"))
    async with opened(tmp_path, files, rows=request.param == "rows") as each:
        yield each


SIZES = [0, 1, 4096, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 200_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", ["large", "upload"])
async def test_what_is_read_is_what_was_written(store: Store, size: int, part: str) -> None:
    content = body(size)
    await write(store, content, part=part)
    assert await store.files.length(WARD, PHOTO, part) == size
    assert await read(store, size, part=part) == content


async def test_an_upload_goes_on_at_its_last_whole_block(store: Store) -> None:
    content = body(300_000)
    with pytest.raises(ConnectionResetError):
        async with store.files.writer(WARD, PHOTO, "upload") as writer:
            await writer.write(content[:150_000])
            raise ConnectionResetError
    assert await store.files.length(WARD, PHOTO, "upload") == 2 * BLOCK_BYTES
    await write(
        store, content[2 * BLOCK_BYTES :], part="upload", offset=2 * BLOCK_BYTES, finish=False
    )
    assert await store.files.length(WARD, PHOTO, "upload") == 4 * BLOCK_BYTES
    await write(store, content[4 * BLOCK_BYTES :], part="upload", offset=4 * BLOCK_BYTES)
    assert await read(store, 300_000, part="upload") == content
    assert await store.files.digest(WARD, PHOTO, "upload", 300_000) == sha256(content).hexdigest()
    pieces = [each async for each in store.files.read_all(WARD, PHOTO, "upload", 300_000)]
    assert b"".join(pieces) == content


async def test_a_writer_tells_what_it_kept_and_takes_back_what_it_wrote(store: Store) -> None:
    content = body(9 * BLOCK_BYTES + 500)
    async with store.files.writer(WARD, PHOTO, "upload") as writer:
        await writer.write(content[: 2 * BLOCK_BYTES + 7])
    assert writer.length == 2 * BLOCK_BYTES
    async with store.files.writer(WARD, PHOTO, "upload", 2 * BLOCK_BYTES) as writer:
        await writer.write(content[: 6 * BLOCK_BYTES])
        await writer.take_back()
    assert writer.length == await store.files.length(WARD, PHOTO, "upload") == 2 * BLOCK_BYTES
    async with store.files.writer(WARD, PHOTO, "upload", 2 * BLOCK_BYTES) as writer:
        await writer.write(content[2 * BLOCK_BYTES :])
        await writer.finish()
    assert writer.length == len(content)
    assert await read(store, len(content), part="upload") == content


async def test_what_a_slow_line_brings_is_on_disk_while_the_writer_waits(store: Store) -> None:
    async with store.files.writer(WARD, PHOTO, "upload") as writer:
        await writer.write(body(BLOCK_BYTES))
        async with asyncio.timeout(30):
            while await store.files.length(WARD, PHOTO, "upload") < BLOCK_BYTES:
                pass


async def test_an_upload_that_ended_with_its_last_whole_block_can_be_read(store: Store) -> None:
    content = body(2 * BLOCK_BYTES)
    await write(store, content, part="upload", finish=False)
    assert await store.files.length(WARD, PHOTO, "upload") == len(content)
    assert await read(store, len(content), part="upload") == content


@pytest.mark.parametrize("offset", [0, 1, BLOCK_BYTES + 1, 2 * BLOCK_BYTES])
async def test_an_upload_goes_on_nowhere_but_at_its_end(store: Store, offset: int) -> None:
    await write(store, body(BLOCK_BYTES + 10), part="upload", finish=False)
    with pytest.raises(Conflict):
        await write(store, b"x", part="upload", offset=offset)
    assert await store.files.length(WARD, PHOTO, "upload") == BLOCK_BYTES


async def test_a_rendition_is_whole_or_not_there(store: Store) -> None:
    for size in (100_000, 20 * BLOCK_BYTES + 1):
        file_id = f"photo-of-{size}-bytes"
        old, new = body(size), body(size, 1)
        await write(store, new, file_id=file_id, finish=False)
        assert await store.files.parts(WARD) == frozenset()
        await write(store, old, file_id=file_id)
        await write(store, new, file_id=file_id, finish=False)
        assert await read(store, size, file_id=file_id) == old
        await write(store, new, file_id=file_id)
        assert await read(store, size, file_id=file_id) == new
        assert await store.files.parts(WARD) == {(file_id, "large")}
        await store.files.delete(WARD, file_id)


async def test_a_range_of_a_large_file_is_that_range(store: Store) -> None:
    content = body(21 * BLOCK_BYTES + 17)
    await write(store, content)
    edges = [
        0,
        1,
        BLOCK_BYTES,
        8 * BLOCK_BYTES - 1,
        8 * BLOCK_BYTES,
        17 * BLOCK_BYTES,
        len(content),
    ]
    for start in edges:
        for end in edges:
            assert await read(store, len(content), start, end) == content[start:end]
    with pytest.raises(NotFound):
        await read(store, len(content) - 1)
    with pytest.raises(NotFound):
        await read(store, len(content), part="small")
    pieces = [each async for each in store.files.read_all(WARD, PHOTO, "large", len(content))]
    assert b"".join(pieces) == content
    digest = await store.files.digest(WARD, PHOTO, "large", len(content))
    assert digest == sha256(content).hexdigest()


async def test_a_writer_that_is_canceled_is_over_before_the_next_one(store: Store) -> None:
    content = body(40 * BLOCK_BYTES)
    length = await write_until_canceled(store, content)
    await write(store, content[length:], part="upload", offset=length)
    assert await read(store, len(content), part="upload") == content


async def test_parts_and_files_are_deleted(store: Store) -> None:
    for part in ("upload", "small", "large", "page-12"):
        await write(store, body(10 * BLOCK_BYTES), part=part)
    await write(store, body(100), file_id="another-photo")
    await store.files.delete(WARD, PHOTO, ["upload", "page-1"])
    assert await store.files.parts(WARD) == {
        ("another-photo", "large"), (PHOTO, "large"), (PHOTO, "page-12"), (PHOTO, "small"),
    }  # fmt: skip
    assert await read(store, 10 * BLOCK_BYTES, part="page-12") == body(10 * BLOCK_BYTES)
    await store.files.delete(WARD, PHOTO)
    assert await store.files.length(WARD, PHOTO, "small") == 0
    assert await store.files.consultations() == {WARD}
    await write(store, body(100), consultation_id=OTHER)
    await store.files.delete_all(WARD)
    assert await store.files.consultations() == {OTHER}
    assert await read(store, 100, consultation_id=OTHER) == body(100)


async def test_nothing_is_written_for_a_purged_consultation(store: Store) -> None:
    async def purge(records: Records) -> None:
        await records.consultations.purge(WARD)

    async def write_during_a_purge() -> None:
        async with store.files.writer(WARD, PHOTO, "upload") as writer:
            await writer.write(body(BLOCK_BYTES))
            await store.write(purge)
            await store.files.delete_all(WARD)
            await writer.write(body(BLOCK_BYTES))
            await writer.finish()
            raise NotFound  # who would store the row is told so

    with pytest.raises(NotFound):
        await write_during_a_purge()
    with pytest.raises(NotFound):
        await write(store, body(100))
    with pytest.raises(NotFound):
        await read(store, 100)
    assert await store.files.consultations() == frozenset()
