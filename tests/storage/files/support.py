"""What the tests of files share: a store with its files in each place, bodies, and writing and reading."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import shake_256
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.ports.files import BLOCK_BYTES, Files
from storage.files.block_rows import BlockRows
from storage.files.folder_parts import FILES, FolderParts
from storage.files.object_address import ObjectAddress
from storage.files.parts import Parts
from storage.files.remote_parts import RemoteParts
from storage.store import Records, Store
from tests.engines.databases import open_store

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ACCOUNT = Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
WARD, OTHER = "consultation", "other-consultation"
PHOTO = "photo-of-a-wound"


@asynccontextmanager
async def opened(
    folder: Path, files: ObjectAddress | None = None, *, rows: bool = False
) -> AsyncIterator[Store]:
    """A store with two sessions, WARD and OTHER; its files in the folder, a bucket, or `rows`."""
    store = await open_store(folder, None, files)
    if files is None:
        parts = RemoteParts(BlockRows(store._database)) if rows else FolderParts(folder / FILES)
        store.files._parts = parts

    async def work(records: Records) -> None:
        await records.accounts.add(ACCOUNT)
        for each in (WARD, OTHER):
            await records.consultations.add(Consultation(each, "nurse", "remote", "active", NOW))

    await store.write(work)
    yield store
    await store.close()


def body(size: int, seed: int = 0) -> bytes:
    """Bytes of which no two blocks are alike."""
    return shake_256(str(seed).encode()).digest(size)


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


async def swept(files: Files | Parts, keep: Collection[tuple[str, str]]) -> int:
    """Of how many files a sweep has deleted something in WARD."""
    async for consultation_id, sweep in files.sweeps():
        if consultation_id == WARD:
            return (await sweep(keep)).deleted
    return 0


def stored(tmp_path: Path, part: str = "large", consultation_id: str = WARD) -> Path:
    return tmp_path / FILES / consultation_id / f"{PHOTO}.{part}"


async def write_until_canceled(store: Store, content: bytes) -> int:
    """Cancel a writer of an upload in the middle; how many bytes of it are there."""
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
    return length
