"""Sealed files in the database: what is left of them, and what is gone with their session."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.errors import NotFound, Unavailable
from signaling.ports.files import BLOCK_BYTES
from storage.files.block_rows import BlockRows, _Kept
from storage.files.parts import Place
from storage.files.remote_parts import RemoteParts
from storage.store import Records, Store
from tests.engines.databases import run
from tests.storage.files.support import OTHER, PHOTO, WARD, body, opened, read, swept, write


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, rows=True) as each:
        yield each


async def counted(store: Store) -> tuple[int, int]:
    """(parts, blocks) in the tables."""
    [parts] = await run(store, "SELECT COUNT(*) AS count FROM file_part")
    [blocks] = await run(store, "SELECT COUNT(*) AS count FROM file_block")
    return parts["count"], blocks["count"]


async def test_nothing_of_a_file_is_readable(store: Store) -> None:
    content = body(2 * BLOCK_BYTES + 3)
    await write(store, content)
    stored = b"".join(row["sealed"] for row in await run(store, "SELECT * FROM file_block"))
    assert len(stored) > len(content)
    assert not any(content[at : at + 24] in stored for at in range(0, len(content), 4096))


async def test_a_replaced_rendition_and_an_interrupted_one_leave_nothing(store: Store) -> None:
    large, small = body(30 * BLOCK_BYTES), body(100)
    await write(store, large)
    await write(store, large, finish=False)
    assert await counted(store) == (1, 31)
    await write(store, small)
    assert await counted(store) == (1, 1)


async def test_a_part_that_is_in_place_stays_where_the_answer_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = _Kept.settle

    async def without_answer(kept: _Kept) -> None:
        await settle(kept)
        raise Unavailable

    monkeypatch.setattr(_Kept, "settle", without_answer)
    content = body(3 * BLOCK_BYTES)
    with pytest.raises(Unavailable):
        await write(store, content)
    assert await read(store, len(content)) == content


async def test_who_reads_a_replaced_rendition_is_not_given_a_mixture(store: Store) -> None:
    old = body(20 * BLOCK_BYTES)
    await write(store, old)
    reading = store.files.read(WARD, PHOTO, "large", len(old))
    first = await anext(reading)
    assert first == old[:BLOCK_BYTES]
    await write(store, body(20 * BLOCK_BYTES, 1))
    with pytest.raises(NotFound):
        async for block in reading:
            at = old.index(block)
            assert block == old[at : at + BLOCK_BYTES]


async def test_a_purge_takes_all_of_a_session_and_nothing_of_others(store: Store) -> None:
    for each in (WARD, OTHER):
        await write(store, body(BLOCK_BYTES), consultation_id=each)
        await write(store, body(BLOCK_BYTES), part="upload", consultation_id=each, finish=False)

    async def purge(records: Records) -> None:
        await records.consultations.purge(WARD)

    await store.write(purge)
    assert await counted(store) == (2, 3)
    assert await store.files.consultations() == {OTHER}


async def test_what_is_written_during_a_purge_is_refused(store: Store) -> None:
    async def purge(records: Records) -> None:
        await records.consultations.purge(WARD)

    with pytest.raises(NotFound):
        async with store.files.writer(WARD, PHOTO, "large") as writer:
            await writer.write(body(BLOCK_BYTES))
            await store.write(purge)
            await writer.finish()
    assert await counted(store) == (0, 0)


async def test_a_sweep_leaves_what_is_known_and_what_is_young(store: Store) -> None:
    for part in ("upload", "small", "large"):
        await write(store, body(100), part=part)
    kept = await BlockRows(store._database).kept(Place(WARD, PHOTO, "page-1"))
    await kept.put(0, [b"half of a killed host"])
    keep = {(PHOTO, "small"), (PHOTO, "large")}
    assert await swept(store.files, keep) == 0  # another host may just be writing it
    parts = RemoteParts(BlockRows(store._database), spared=timedelta(seconds=-1))
    assert await swept(parts, keep) == 2
    assert await store.files.parts(WARD) == keep
    assert await counted(store) == (2, 2)
    assert await read(store, 100) == body(100)
