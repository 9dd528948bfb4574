"""Photos and PDFs when everything is moved: from the data folder into rows, or from rows back.

Their sealed blocks are the same in both places, so nothing is opened. An object store stays as it is.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from signaling.identifier import new_id
from signaling.moments.milliseconds import to_ms
from storage.engine.executor import Executor
from storage.errors import StorageError
from storage.files.folder_parts import STORED
from storage.files.sealed_blocks import SEALED_BYTES
from storage.folder import durable

AT_ONCE = 16
"Blocks in one statement: a megabyte."


async def into_rows(folder: Path, target: Executor) -> int:
    """Store every part below `folder` that belongs to a session; returns how many.

    Raises StorageError if one is another there.
    """
    known = {row["id"] for row in await target.rows("SELECT id FROM consultation")}
    count = 0
    for path in await asyncio.to_thread(list, _stored(folder)):
        found = STORED.fullmatch(path.name)
        if found is None or path.parent.name not in known:
            continue
        sealed = await asyncio.to_thread(path.read_bytes)
        part_id, place = new_id(), (path.parent.name, found[1], found[2])
        await target.rows(
            "INSERT INTO file_part (id, consultation_id, file_id, part, half, created_at)"
            " VALUES (?, ?, ?, ?, 0, ?)",
            (part_id, *place, to_ms(datetime.now(UTC))),
        )
        blocks = [
            (part_id, number, sealed[start : start + SEALED_BYTES])
            for number, start in enumerate(range(0, len(sealed), SEALED_BYTES))
        ]
        for first in range(0, len(blocks), AT_ONCE):
            await target.many(
                "INSERT INTO file_block (part_id, number, sealed) VALUES (?, ?, ?)",
                blocks[first : first + AT_ONCE],
            )
        if await _digest(target, part_id) != sha256(sealed).hexdigest():
            raise StorageError(f"The file {path} is another in the database. Nothing was moved.")
        count += 1
    return count


async def into_folder(source: Executor, folder: Path) -> int:
    """Write every part that is whole into `folder`; returns how many. Raises OSError.

    Files that are not in use yet are no harm if the move ends here: the next start deletes them.
    """
    parts = await source.rows(
        "SELECT id, consultation_id, file_id, part FROM file_part WHERE half = 0"
    )
    for row in parts:
        blocks = await source.rows(
            "SELECT sealed FROM file_block WHERE part_id = ? ORDER BY number", (row["id"],)
        )
        path = folder / row["consultation_id"] / f"{row['file_id']}.{row['part']}"
        await asyncio.to_thread(_write, path, b"".join(each["sealed"] for each in blocks))
    return len(parts)


async def _digest(executor: Executor, part_id: str) -> str:
    found = sha256()
    for row in await executor.rows(
        "SELECT sealed FROM file_block WHERE part_id = ? ORDER BY number", (part_id,)
    ):
        found.update(row["sealed"])
    return found.hexdigest()


def _stored(folder: Path) -> Iterator[Path]:
    for session in folder.iterdir() if folder.is_dir() else ():
        if session.is_dir():
            yield from session.iterdir()


def _write(path: Path, content: bytes) -> None:
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    durable.write(path, content)
