"""Sealed files in the data folder: damage, torn files, a full disk."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.errors import NotFound, Unavailable
from signaling.ports.files import BLOCK_BYTES
from storage.files import sealed_blocks
from storage.files.folder_parts import FILES
from storage.files.sealed_blocks import SEALED_BYTES
from storage.store import Records, Store
from tests.storage.files.support import (
    OTHER,
    PHOTO,
    WARD,
    body,
    opened,
    read,
    stored,
    swept,
    write,
    write_until_canceled,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as each:
        yield each


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


async def test_a_sweep_leaves_what_is_known(store: Store, tmp_path: Path) -> None:
    for part in ("upload", "small", "large"):
        await write(store, body(100), part=part)
    folder = tmp_path / FILES / WARD
    (folder / f".{PHOTO}.large.0badc0de.half").write_bytes(b"half")
    (folder / "unknown").write_bytes(b"")
    assert await swept(store.files, {(PHOTO, "small"), (PHOTO, "large")}) == 3
    assert await read(store, 100) == body(100)
    assert await swept(store.files, ()) == 2
    assert not folder.exists()


async def test_nothing_of_a_purged_consultation_is_in_the_folder(
    store: Store, tmp_path: Path
) -> None:
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


async def test_a_canceled_writer_leaves_whole_blocks(store: Store, tmp_path: Path) -> None:
    content = body(40 * BLOCK_BYTES)
    length = await write_until_canceled(store, content)
    assert stored(tmp_path, "upload").stat().st_size == length // BLOCK_BYTES * SEALED_BYTES
    await write(store, content[length:], part="upload", offset=length)
    assert await read(store, len(content), part="upload") == content
