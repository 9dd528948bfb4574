"""Parts of files in the data folder: `files/<consultation id>/<file id>.<part>`.

Whatever blocks runs in a thread. A part that is written as a whole is written beside its place.
"""

import asyncio
import errno
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from signaling.attachment import UPLOAD
from signaling.errors import NotFound, Unavailable
from signaling.identifier import PATTERN
from signaling.ports.files import Sweep, Swept
from storage.files.parts import Growing, Place, Whole
from storage.files.sealed_blocks import Blocks
from storage.files.sealed_files import PART
from storage.files.sealed_parts import GrowingPart, WholePart, stored_length

T = TypeVar("T")
C = TypeVar("C", bound="_Closable")

FILES = "files"
"The folder, below the data folder."
RESERVE_BYTES = 50 * 2**20
"""Room on the disk that files leave to the database: without any, nobody could sign in, or close the
session whose files fill the disk."""
STORED = re.compile(rf"({PATTERN.pattern})\.({PART.pattern})")
"Name of the file that holds a part: (file id, part)."
_HALF = re.compile(rf"\.({PATTERN.pattern})\.({PART.pattern})\.[0-9a-f]+\.half")


class _Closable(Protocol):
    def close(self) -> None: ...


class FolderParts:
    """`storage.files.parts.Parts`, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def length(self, place: Place, blocks: Blocks) -> int:
        path = self._path(place)
        return await _in_thread(lambda: stored_length(path, blocks))

    async def open(self, place: Place, blocks: Blocks, size: int) -> Whole:
        path = self._path(place)
        return _Reader(await _open_in_thread(lambda: WholePart(path, blocks, size, place.part)))

    async def grow(self, place: Place, blocks: Blocks, offset: int) -> Growing:
        path = self._path(place)
        half = path.with_name(f".{path.name}.{secrets.token_hex(4)}.half")
        written = path if place.part == UPLOAD else half
        return _Growing(
            await _open_in_thread(lambda: GrowingPart(written, path, blocks, offset)),
            self._folder.parent,
        )

    async def delete(
        self, consultation_id: str, file_id: str, parts: Collection[str] | None
    ) -> None:
        folder = self._folder / consultation_id

        def unwanted(each: str, part: str) -> bool:
            return each == file_id and (parts is None or part in parts)

        await _in_thread(lambda: _delete(folder, unwanted))

    async def delete_all(self, consultation_id: str) -> None:
        folder = self._folder / consultation_id
        await _in_thread(lambda: _remove(folder))

    async def reach(self) -> None:
        """The disk is the data folder's own."""

    async def consultations(self) -> frozenset[str]:
        # a folder of ours may hold others' things: `lost+found` where a disk is mounted
        return await _in_thread(
            lambda: frozenset(
                each.name for each in _entries(self._folder) if PATTERN.fullmatch(each.name)
            )
        )

    async def stored(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        folder = self._folder / consultation_id
        return await _in_thread(lambda: frozenset(_parts(folder)))

    async def sweeps(self) -> AsyncIterator[tuple[str, Sweep]]:
        for each in await self.consultations():
            yield each, partial(self._sweep, each)

    async def _sweep(self, consultation_id: str, keep: Collection[tuple[str, str]]) -> Swept:
        folder = self._folder / consultation_id

        def sweep() -> Swept:
            stored = frozenset(_parts(folder))
            count = _delete(folder, lambda *named: named not in keep, halves=True)
            return Swept(count, stored)

        return await _in_thread(sweep)

    def _path(self, place: Place) -> Path:
        return self._folder / place.consultation_id / f"{place.file_id}.{place.part}"


class _Reader:
    """Runs what is read of a part in threads, one thing at a time."""

    def __init__(self, whole: WholePart) -> None:
        self._whole = whole
        self._work: asyncio.Future[Any] | None = None

    async def block(self, number: int) -> bytes:
        return await self._run(partial(self._whole.block, number))

    async def plain(self, start: int, end: int) -> bytes:
        return await self._run(partial(self._whole.plain, start, end))

    async def hash(self, update: Callable[[bytes], None], start: int, end: int) -> None:
        await self._run(partial(self._whole.hash, update, start, end))

    async def check_end(self) -> None:
        await self._run(self._whole.check_end)

    async def _run(self, work: Callable[[], T]) -> T:
        """Run in a thread, to its end even if the caller is canceled."""
        running = self._work = _in_thread(work)
        return await asyncio.shield(running)

    def leave(self) -> None:
        """Close it, once no thread reads it: its descriptor may become another file's."""
        if self._work is None or self._work.done():
            self._whole.close()
        else:
            self._work.add_done_callback(self._left)

    def _left(self, work: "asyncio.Future[Any]") -> None:
        work.exception()  # whoever wanted it has gone
        self._whole.close()


class _Growing:
    """Runs what is written of a part in threads."""

    def __init__(self, file: GrowingPart, data_dir: Path) -> None:
        self._file = file
        self._data_dir = data_dir

    @property
    def length(self) -> int:
        return self._file.length

    @property
    def closed(self) -> bool:
        return self._file.closed

    async def add(self, plain: bytearray) -> None:
        await _in_thread(partial(self._store, self._file.add, plain))

    async def finish(self, plain: bytearray) -> None:
        await _in_thread(partial(self._store, self._file.finish, plain))

    async def leave(self, plain: bytearray) -> None:
        await _in_thread(partial(self._leave, plain))

    async def take_back(self) -> None:
        await _in_thread(self._file.take_back)

    def _store(self, write: Callable[[bytearray], None], plain: bytearray) -> None:
        self._check_room(plain)
        write(plain)

    def _leave(self, plain: bytearray) -> None:
        try:
            if plain:
                self._check_room(plain)
        except OSError:
            self._file.leave(bytearray())
            raise
        self._file.leave(plain)

    def _check_room(self, plain: bytearray) -> None:
        """Raises OSError if too little of the disk would be left."""
        disk = shutil.disk_usage(self._data_dir)
        if disk.free - len(plain) < min(RESERVE_BYTES, disk.total // 5):
            raise OSError(errno.ENOSPC, "the rest of the disk is the database's")


def _in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Raises Unavailable where the disk refuses, NotFound for what is not there."""
    return asyncio.get_running_loop().run_in_executor(None, _translated, work)


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except FileNotFoundError:
        raise NotFound from None
    except OSError as error:
        raise Unavailable from error


async def _open_in_thread(work: Callable[[], C]) -> C:
    """As `_in_thread`; what is opened for a caller that was canceled is closed again."""
    opening = _in_thread(work)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opened: "asyncio.Future[C]") -> None:
    if opened.exception() is None:
        opened.result().close()


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from folder.iterdir()


def _parts(folder: Path) -> Iterator[tuple[str, str]]:
    for entry in _entries(folder):
        if named := STORED.fullmatch(entry.name):
            yield named[1], named[2]


def _delete(folder: Path, unwanted: Callable[[str, str], bool], halves: bool = False) -> int:
    """Delete parts that are `unwanted`, with their halves, and the folder if nothing is left.

    With `halves` every half goes, and whatever else has no place here. Returns how many.
    """
    deleted = 0
    for entry in list(_entries(folder)):
        half = _HALF.fullmatch(entry.name)
        named = half or STORED.fullmatch(entry.name)
        if unwanted(named[1], named[2]) if named and not (half and halves) else halves:
            entry.unlink(missing_ok=True)
            deleted += 1
    _remove_empty(folder)
    return deleted


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


def _remove(folder: Path) -> None:
    while True:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            if not folder.exists():
                return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
