"""Sealed files: what is read is what was written, and what is not whole is not there."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import Conflict, NotFound, Unavailable
from signaling.ports.files import BLOCK_BYTES
from storage.engine import sealed_blocks
from storage.engine.sealed_blocks import SEALED_BYTES
from storage.engine.sealed_files import FILES
from storage.store import Records, Store

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ACCOUNT = Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
WARD, OTHER = "consultation", "other-consultation"
PHOTO = "photo-of-a-wound"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path, None)

    async def work(records: Records) -> None:
        await records.accounts.add(ACCOUNT)
        for each in (WARD, OTHER):
            await records.consultations.add(Consultation(each, "nurse", "remote", "active", NOW))

    await opened.write(work)
    yield opened
    await opened.close()


def body(size: int, seed: int = 0) -> bytes:
    """Bytes of which no two blocks are alike."""
    pieces = (sha256(f"{seed}.{number}".encode()).digest() for number in range(size // 32 + 1))
    return b"".join(pieces)[:size]


async def write(
    store: Store, content: bytes, *, part: str = "large", file_id: str = PHOTO,
    consultation_id: str = WARD, offset: int = 0, chunk: int = 50_000, finish: bool = True,
) -> None:  # fmt: skip
    async with store.files.writer(consultation_id, file_id, part, offset) as writer:
        for start in range(0, len(content), chunk):
            await writer.write(content[start : start + chunk])
        if finish:
            await writer.finish()


async def read(store: Store, size: int, start: int = 0, end: int | None = None, **of: str) -> bytes:
    place = {"consultation_id": WARD, "file_id": PHOTO, "part": "large", **of}
    blocks = [block async for block in store.files.read(size=size, start=start, end=end, **place)]
    assert all(0 < len(block) <= BLOCK_BYTES for block in blocks)
    return b"".join(blocks)


def stored(tmp_path: Path, part: str = "large", consultation_id: str = WARD) -> Path:
    return tmp_path / FILES / consultation_id / f"{PHOTO}.{part}"


SIZES = [0, 1, 4096, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 200_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", ["large", "upload"])
async def test_what_is_read_is_what_was_written(store: Store, size: int, part: str) -> None:
    content = body(size)
    await write(store, content, part=part)
    assert await store.files.length(WARD, PHOTO, part) == size
    assert await read(store, size, part=part) == content


async def test_a_range_opens_only_the_blocks_it_needs(store: Store, tmp_path: Path) -> None:
    content = body(5 * BLOCK_BYTES + 17)
    await write(store, content)
    edges = [
        0,
        1,
        BLOCK_BYTES - 1,
        BLOCK_BYTES,
        3 * BLOCK_BYTES + 5,
        len(content) - 1,
        len(content),
    ]
    for start in edges:
        for end in edges:
            expected = content[start:end]
            assert await read(store, len(content), start, end) == expected
    spoiled = bytearray(stored(tmp_path).read_bytes())
    spoiled[0] ^= 1
    stored(tmp_path).write_bytes(spoiled)
    start = BLOCK_BYTES
    assert await read(store, len(content), start) == content[start:]
    with pytest.raises(NotFound):
        await read(store, len(content), start - 1)


@pytest.mark.parametrize("size", [2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 100])
async def test_a_changed_file_is_not_read(store: Store, tmp_path: Path, size: int) -> None:
    whole = body(size)
    await write(store, whole)
    await write(store, body(size, 1), part="small")
    await write(store, whole, file_id="another-photo")
    await write(store, whole, consultation_id=OTHER)
    path = stored(tmp_path)
    good = path.read_bytes()
    first, second = good[:SEALED_BYTES], good[SEALED_BYTES : 2 * SEALED_BYTES]
    rest = good[2 * SEALED_BYTES :]
    changes = {
        "a bit": good[:-1] + bytes([good[-1] ^ 1]),
        "blocks in another order": second + first + rest,
        "a block twice": first + first + rest,
        "no end": first + second,
        "a shorter end": good[:-1],
        "more": good + b"x",
        "nothing": b"",
        "another part": stored(tmp_path, "small").read_bytes(),
        "another file": path.with_name("another-photo.large").read_bytes(),
        "another consultation": stored(tmp_path, consultation_id=OTHER).read_bytes(),
    }
    for what, changed in changes.items():
        path.write_bytes(changed)
        with pytest.raises(NotFound):
            pytest.fail(f"{what}: {len(await read(store, size))} bytes")
    path.write_bytes(first)
    with pytest.raises(NotFound):  # all blocks are right, but the last one is not its last
        await read(store, BLOCK_BYTES)


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


async def test_what_a_kill_tore_counts_for_nothing(store: Store, tmp_path: Path) -> None:
    content = body(3 * BLOCK_BYTES + 1000)
    await write(store, content, part="upload")
    path = stored(tmp_path, "upload")
    whole = path.read_bytes()
    for kept in (0, 5, 28, SEALED_BYTES - 1, SEALED_BYTES, 2 * SEALED_BYTES + 100, len(whole) - 1):
        path.write_bytes(whole[:kept])
        length = await store.files.length(WARD, PHOTO, "upload")
        assert length == kept // SEALED_BYTES * BLOCK_BYTES
        await write(store, content[length:], part="upload", offset=length)
        assert await read(store, len(content), part="upload") == content


async def test_a_rendition_is_whole_or_not_there(store: Store, tmp_path: Path) -> None:
    old, new = body(100_000), body(100_000, 1)
    await write(store, new, finish=False)
    assert not list((tmp_path / FILES).rglob("*.*"))
    await write(store, old)
    await write(store, new, finish=False)
    assert await read(store, len(old)) == old
    await write(store, new)
    assert await read(store, len(new)) == new


async def test_a_writer_that_is_canceled_is_over_before_the_next_one(
    store: Store, tmp_path: Path
) -> None:
    content = body(40 * BLOCK_BYTES)
    begun = asyncio.Event()

    async def receive() -> None:
        async with store.files.writer(WARD, PHOTO, "upload") as writer:
            for start in range(0, len(content), BLOCK_BYTES):
                await writer.write(content[start : start + BLOCK_BYTES])
                begun.set()

    task = asyncio.create_task(receive())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    length = await store.files.length(WARD, PHOTO, "upload")
    assert length > 0
    assert stored(tmp_path, "upload").stat().st_size == length // BLOCK_BYTES * SEALED_BYTES
    await write(store, content[length:], part="upload", offset=length)
    assert await read(store, len(content), part="upload") == content


async def test_a_full_disk_keeps_what_was_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = body(3 * BLOCK_BYTES)
    await write(store, content[:BLOCK_BYTES], part="upload", finish=False)

    class FullDisk:
        """The system's calls, of which a write takes half a block and then nothing more."""

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def pwrite(self, descriptor: int, plain: bytes, start: int) -> int:
            if start % SEALED_BYTES:
                raise OSError(28, "No space left on device")
            return os.pwrite(descriptor, plain[: len(plain) // 2], start)

    with monkeypatch.context() as patch:
        patch.setattr(sealed_blocks, "os", FullDisk())
        with pytest.raises(Unavailable):
            await write(store, content[BLOCK_BYTES:], part="upload", offset=BLOCK_BYTES)
        with pytest.raises(Unavailable):
            await write(store, content)
    assert stored(tmp_path, "upload").stat().st_size == SEALED_BYTES
    assert not stored(tmp_path).exists()
    assert await store.files.length(WARD, PHOTO, "upload") == BLOCK_BYTES
    await write(store, content[BLOCK_BYTES:], part="upload", offset=BLOCK_BYTES)
    assert await read(store, len(content), part="upload") == content


async def test_parts_and_files_are_deleted(store: Store, tmp_path: Path) -> None:
    for part in ("upload", "small", "large", "page-12"):
        await write(store, body(100), part=part)
    await write(store, body(100), file_id="another-photo")
    await store.files.delete(WARD, PHOTO, ["upload", "page-1"])
    assert sorted(each.name for each in (tmp_path / FILES / WARD).iterdir()) == [
        "another-photo.large", f"{PHOTO}.large", f"{PHOTO}.page-12", f"{PHOTO}.small",
    ]  # fmt: skip
    await store.files.delete(WARD, PHOTO)
    assert await store.files.length(WARD, PHOTO, "small") == 0
    assert await store.files.consultations() == {WARD}
    await store.files.delete(WARD, "another-photo")
    assert await store.files.consultations() == frozenset()


async def test_a_sweep_leaves_what_is_known(store: Store, tmp_path: Path) -> None:
    for part in ("upload", "small", "large"):
        await write(store, body(100), part=part)
    folder = tmp_path / FILES / WARD
    (folder / f".{PHOTO}.large.0badc0de.half").write_bytes(b"half")
    (folder / "unknown").write_bytes(b"")
    assert await store.files.sweep(WARD, {(PHOTO, "small"), (PHOTO, "large")}) == 3
    assert await read(store, 100) == body(100)
    assert await store.files.sweep(WARD, ()) == 2
    assert not folder.exists()


async def test_nothing_is_written_for_a_purged_consultation(store: Store, tmp_path: Path) -> None:
    async def purge(records: Records) -> None:
        await records.consultations.purge(WARD)

    async def write_during_a_purge() -> None:
        async with store.files.writer(WARD, PHOTO, "upload") as writer:
            await writer.write(body(BLOCK_BYTES))
            await store.write(purge)
            await store.files.delete_all(WARD)
            await writer.write(body(BLOCK_BYTES))
            await writer.finish()

    with pytest.raises(NotFound):
        await write_during_a_purge()
    with pytest.raises(NotFound):
        await write(store, body(100))
    with pytest.raises(NotFound):
        await read(store, 100)
    assert list((tmp_path / FILES).iterdir()) == []


@pytest.mark.parametrize(
    ("consultation_id", "file_id", "part"),
    [("..", PHOTO, "small"), (WARD, "../../../etc", "small"), (WARD, PHOTO, "../x"),
     (WARD, PHOTO, ""), (WARD, f"{PHOTO}\n", "small"), ("", "", "")],
)  # fmt: skip
async def test_only_ids_and_parts_become_paths(
    store: Store, tmp_path: Path, consultation_id: str, file_id: str, part: str
) -> None:
    with pytest.raises(NotFound):
        await write(store, b"x", consultation_id=consultation_id, file_id=file_id, part=part)
    with pytest.raises(NotFound):
        await store.files.length(consultation_id, file_id, part)
    assert not (tmp_path / FILES).exists()
