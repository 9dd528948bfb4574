"""Files of consultations, sealed under their keys: `files/<consultation id>/<file id>.<part>`.

Names of files that people chose are never part of a path. Whatever blocks runs in a thread, as do
sealing and hashing, and for as many blocks at a time as there are, since the way to a thread and back
costs more than a block; nothing here holds more of a file than QUEUED_BYTES and a block. The part
`upload` is written in place, since it grows over many requests; every other part is written beside
its place and put there when it is whole.
"""

import asyncio
import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

from signaling.attachment import UPLOAD
from signaling.errors import NotFound, Unavailable
from signaling.identifier import PATTERN
from signaling.ports.files import BLOCK_BYTES
from storage.engine.database import Executor
from storage.engine.sealed_blocks import Blocks
from storage.engine.sealed_parts import GrowingPart, WholePart
from storage.engine.vault import Vault

T = TypeVar("T")
C = TypeVar("C", bound="_Closable")

FILES = "files"
_PART = re.compile(r"[a-z]+(-[0-9]+)?")
STORED = re.compile(rf"({PATTERN.pattern})\.({_PART.pattern})")
"Name of the file that holds a part: (file id, part)."
_HALF = re.compile(rf"\.({PATTERN.pattern})\.({_PART.pattern})\.[0-9a-f]+\.half")

HASHED_BYTES = 64 * BLOCK_BYTES
"Of one part, that a thread hashes in one go."
GATHERED_BYTES = 4 * BLOCK_BYTES
GATHERED_WITHIN = 0.25
"""So much of what is written, or so many seconds of it from a slow line, go to a thread at a time: what
a kill loses is no more."""
QUEUED_BYTES = 8 * BLOCK_BYTES
"Of one part, that wait for a thread: written as they come, or read ahead for the examining process."


class _Closable(Protocol):
    def close(self) -> None: ...


class SealedFiles:
    """`signaling.ports.files.Files`, in a folder."""

    def __init__(self, folder: Path, vault: Vault, executor: Executor) -> None:
        self._folder = folder
        self._vault = vault
        self._executor = executor

    async def length(self, consultation_id: str, file_id: str, part: str) -> int:
        path = self._path(consultation_id, file_id, part)
        blocks = await self._blocks(consultation_id, file_id, part)
        return await _in_thread(lambda: _length(path, blocks))

    @contextlib.asynccontextmanager
    async def writer(
        self, consultation_id: str, file_id: str, part: str, offset: int = 0
    ) -> AsyncIterator["Writer"]:
        path = self._path(consultation_id, file_id, part)
        blocks = await self._blocks(consultation_id, file_id, part)
        in_place = part == UPLOAD
        if offset and not in_place:
            raise ValueError(f"{part} is written as a whole")
        half = path if in_place else path.with_name(f".{path.name}.{secrets.token_hex(4)}.half")
        file = await _open_in_thread(lambda: GrowingPart(half, path, blocks, offset))
        writer = Writer(file)
        failed = True
        try:
            # a purge destroys the key first: a folder made after it deleted the old one must not stay
            await self._blocks(consultation_id, file_id, part)
            yield writer
            failed = False
        except NotFound:
            await self.delete_all_if_purged(consultation_id)
            raise
        finally:
            # goes on if its caller is canceled: nobody else may write before it is over
            await asyncio.shield(asyncio.ensure_future(writer.leave(quiet=failed)))

    async def read(
        self, consultation_id: str, file_id: str, part: str, size: int, start: int = 0,
        end: int | None = None,
    ) -> AsyncGenerator[bytes, None]:  # fmt: skip
        end = size if end is None else min(end, size)
        async with self._reader(consultation_id, file_id, part, size) as reader:
            number, ends = start // BLOCK_BYTES, -(-end // BLOCK_BYTES) if start < end else 0
            while number < ends:
                plain = await reader.run(partial(reader.whole.block, number))
                first = number * BLOCK_BYTES
                yield plain[max(start - first, 0) : end - first]
                number += 1
            if end == size:
                await reader.run(reader.whole.check_end)

    async def read_all(
        self, consultation_id: str, file_id: str, part: str, size: int
    ) -> AsyncGenerator[bytes, None]:
        async with self._reader(consultation_id, file_id, part, size) as reader:
            for start in range(0, size, QUEUED_BYTES):
                yield await reader.run(partial(reader.whole.plain, start, start + QUEUED_BYTES))
            await reader.run(reader.whole.check_end)

    async def digest(self, consultation_id: str, file_id: str, part: str, size: int) -> str:
        digest = sha256()
        async with self._reader(consultation_id, file_id, part, size) as reader:
            for start in range(0, size, HASHED_BYTES):
                end = start + HASHED_BYTES
                await reader.run(partial(reader.whole.hash, digest.update, start, end))
            await reader.run(reader.whole.check_end)
        return digest.hexdigest()

    @contextlib.asynccontextmanager
    async def _reader(
        self, consultation_id: str, file_id: str, part: str, size: int
    ) -> AsyncIterator["_Reader"]:
        path = self._path(consultation_id, file_id, part)
        blocks = await self._blocks(consultation_id, file_id, part)
        reader = _Reader(await _open_in_thread(lambda: WholePart(path, blocks, size, part)))
        try:
            yield reader
        finally:
            reader.leave()

    async def delete(
        self, consultation_id: str, file_id: str, parts: Iterable[str] | None = None
    ) -> None:
        folder = self._path(consultation_id, file_id, UPLOAD).parent
        wanted = None if parts is None else frozenset(parts)

        def unwanted(each: str, part: str) -> bool:
            return each == file_id and (wanted is None or part in wanted)

        await _in_thread(lambda: _delete(folder, unwanted))

    async def delete_all(self, consultation_id: str) -> None:
        folder = self._path(consultation_id, consultation_id, UPLOAD).parent
        await _in_thread(lambda: _remove(folder))

    async def delete_all_if_purged(self, consultation_id: str) -> None:
        """Delete what is left of a consultation that does not exist any more. Raises Unavailable."""
        try:
            await self._vault.key(self._executor, consultation_id)
        except NotFound:
            await self.delete_all(consultation_id)

    async def consultations(self) -> frozenset[str]:
        # a folder of ours may hold others' things: `lost+found` where a disk is mounted
        return await _in_thread(
            lambda: frozenset(
                each.name for each in _entries(self._folder) if PATTERN.fullmatch(each.name)
            )
        )

    async def parts(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        folder = self._path(consultation_id, consultation_id, UPLOAD).parent
        return await _in_thread(lambda: frozenset(_parts(folder)))

    async def sweep(self, consultation_id: str, keep: Collection[tuple[str, str]]) -> int:
        folder = self._path(consultation_id, consultation_id, UPLOAD).parent
        kept = frozenset(keep)
        return await _in_thread(
            lambda: _delete(folder, lambda file_id, part: (file_id, part) not in kept, halves=True)
        )

    def _path(self, consultation_id: str, file_id: str, part: str) -> Path:
        """Raises NotFound for what cannot be an id or a part."""
        if not (
            PATTERN.fullmatch(consultation_id)
            and PATTERN.fullmatch(file_id)
            and _PART.fullmatch(part)
        ):
            raise NotFound
        return self._folder / consultation_id / f"{file_id}.{part}"

    async def _blocks(self, consultation_id: str, file_id: str, part: str) -> Blocks:
        return Blocks(await self._vault.key(self._executor, consultation_id), file_id, part)


class _Reader:
    """Runs what is read of a part in threads, one thing at a time."""

    def __init__(self, whole: WholePart) -> None:
        self.whole = whole
        self._work: asyncio.Future[Any] | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Run in a thread, to its end even if the caller is canceled."""
        running = self._work = _in_thread(work)
        return await asyncio.shield(running)

    def leave(self) -> None:
        """Close it, once no thread reads it: its descriptor may become another file's."""
        if self._work is None or self._work.done():
            self.whole.close()
        else:
            self._work.add_done_callback(self._left)

    def _left(self, work: "asyncio.Future[Any]") -> None:
        work.exception()  # whoever wanted it has gone
        self.whole.close()


class Writer:
    """Writes one part; see `signaling.ports.files.FileWriter`."""

    def __init__(self, file: GrowingPart) -> None:
        self._file = file
        self._queued = bytearray()
        self._work: asyncio.Future[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        "Hands over what has come by then."

    @property
    def length(self) -> int:
        return self._file.length

    async def write(self, chunk: bytes) -> None:
        self._queued += chunk
        if len(self._queued) >= GATHERED_BYTES:
            if len(self._queued) >= QUEUED_BYTES:
                await self._alone()
            self._raise_failure()
            self._hand_over()
        elif len(self._queued) >= BLOCK_BYTES and self._later is None:
            self._later = asyncio.get_running_loop().call_later(GATHERED_WITHIN, self._hand_over)

    def _hand_over(self) -> None:
        """Start handing over what is queued; whatever came before and failed is told by `write`."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._work is None or (self._work.done() and self._failure is None):
            self._work = asyncio.ensure_future(self._drain())

    async def finish(self) -> None:
        await self._alone()
        self._raise_failure()
        rest, self._queued = self._queued, bytearray()
        self._work = _in_thread(lambda: self._file.finish(rest))
        await asyncio.shield(self._work)

    async def take_back(self) -> None:
        await self._alone()
        self._raise_failure()
        self._queued.clear()
        self._work = _in_thread(self._file.take_back)
        await asyncio.shield(self._work)

    async def leave(self, *, quiet: bool) -> None:
        """Close the file. Raises Unavailable unless `quiet`: something else went wrong already."""
        await self._alone()
        if self._file.closed:
            return
        failed = self._failure is not None
        try:
            await _in_thread(lambda: self._file.leave(bytearray() if failed else self._queued))
            if not quiet:
                self._raise_failure()
        except (NotFound, Unavailable):
            if not quiet:
                raise

    async def _drain(self) -> None:
        """Hand over whole blocks as long as there are any, as many at a time as have come."""
        while whole := len(self._queued) // BLOCK_BYTES * BLOCK_BYTES:
            plain, self._queued = self._queued[:whole], self._queued[whole:]
            await _in_thread(partial(self._file.add, plain))

    async def _alone(self) -> None:
        """Wait until no thread writes, and none will by itself."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._work is not None:
            await asyncio.wait({self._work})

    @property
    def _failure(self) -> BaseException | None:
        """Of what ran last in a thread."""
        work = self._work
        return None if work is None or not work.done() or work.cancelled() else work.exception()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


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


def _length(path: Path, blocks: Blocks) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return 0
    try:
        return blocks.length(descriptor)
    finally:
        os.close(descriptor)


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
