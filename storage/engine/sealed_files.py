"""Files of consultations, sealed under their keys: `files/<consultation id>/<file id>.<part>`.

Names of files that people chose are never part of a path. Whatever blocks runs in a thread; nothing
here holds more of a file than a few blocks. The part `upload` is written in place, since it grows
over many requests; every other part is written beside its place and put there when it is whole.
"""

import asyncio
import contextlib
import errno
import logging
import os
import re
import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidTag

from signaling.attachment import UPLOAD
from signaling.errors import NotFound, Unavailable
from signaling.identifier import PATTERN
from signaling.ports.files import BLOCK_BYTES
from storage.engine.database import Executor
from storage.engine.sealed_blocks import SEALED_BYTES, BlockFile, Blocks
from storage.engine.vault import SEAL_BYTES, Vault
from storage.folder import durable

T = TypeVar("T")
C = TypeVar("C", bound="_Closable")

FILES = "files"
_PART = re.compile(r"[a-z]+(-[0-9]+)?")
STORED = re.compile(rf"({PATTERN.pattern})\.({_PART.pattern})")
"Name of the file that holds a part: (file id, part)."
_HALF = re.compile(rf"\.({PATTERN.pattern})\.({_PART.pattern})\.[0-9a-f]+\.half")

_log = logging.getLogger(__name__)


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
        file = await _open_in_thread(lambda: _opened(half, blocks, offset))
        writer = Writer(file, half, path)
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
        path = self._path(consultation_id, file_id, part)
        blocks = await self._blocks(consultation_id, file_id, part)
        end = size if end is None else min(end, size)
        whole = await _open_in_thread(lambda: _Whole(path, blocks, size, part))
        try:
            number, ends = start // BLOCK_BYTES, -(-end // BLOCK_BYTES) if start < end else 0
            while number < ends:
                plain = await _in_thread(partial(whole.block, number))
                first = number * BLOCK_BYTES
                yield plain[max(start - first, 0) : end - first]
                number += 1
            if end == size:
                await _in_thread(whole.check_end)
        finally:
            whole.close()

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


class _Whole:
    """A part that is complete, open for reading. Raises FileNotFoundError for what is not one."""

    def __init__(self, path: Path, blocks: Blocks, size: int, part: str) -> None:
        self._path = path
        self._blocks = blocks
        self._size = size
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        # all of an upload may be there without its empty end: the server was killed in between
        ends = size // BLOCK_BYTES * SEALED_BYTES
        self._has_end = True
        found = os.fstat(self._descriptor).st_size
        if part == UPLOAD and size % BLOCK_BYTES == 0 and found == ends:
            self._has_end = False
        elif found != ends + size % BLOCK_BYTES + SEAL_BYTES:
            self.close()
            raise self._damaged("a stored file is of another size", size=found)

    def block(self, number: int) -> bytes:
        try:
            return self._blocks.read(self._descriptor, number, self._size)
        except InvalidTag:
            raise self._damaged("a stored file is damaged", block=number) from None

    def check_end(self) -> None:
        """Whether the last block is the last, if it is one of its own."""
        if self._size % BLOCK_BYTES == 0 and self._has_end:
            self.block(self._size // BLOCK_BYTES)

    def close(self) -> None:
        os.close(self._descriptor)

    def _damaged(self, what: str, **facts: int) -> FileNotFoundError:
        place = {"consultation_id": self._path.parent.name, "file": self._path.name}
        _log.error(what, extra={**place, **facts})
        return FileNotFoundError()


class Writer:
    """Writes one part; see `signaling.ports.files.FileWriter`."""

    def __init__(self, file: BlockFile, written: Path, target: Path) -> None:
        self._file = file
        self._written = written
        self._target = target
        self._whole = False
        self._work: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes) -> None:
        await self._run(lambda: self._file.add(chunk))

    async def finish(self) -> None:
        await self._run(self._finish)
        self._whole = True

    async def leave(self, *, quiet: bool) -> None:
        """Close the file. Raises Unavailable unless `quiet`: something else went wrong already."""
        if self._work is not None:
            await asyncio.wait({self._work})
            self._work.exception()  # whoever waited for it has it
        try:
            await _in_thread(self._leave)
        except (NotFound, Unavailable):
            if not quiet:
                raise

    async def _run(self, work: Callable[[], None]) -> None:
        """Run in a thread, to its end even if the caller is canceled."""
        self._work = asyncio.ensure_future(_in_thread(work))
        await asyncio.shield(self._work)

    def _finish(self) -> None:
        self._file.end()
        if self._written != self._target:
            os.replace(self._written, self._target)
        durable.sync(self._target.parent)

    def _leave(self) -> None:
        try:
            if self._whole:
                return
            if self._written == self._target:
                self._file.flush()
                durable.sync(self._target.parent)
            else:
                self._written.unlink(missing_ok=True)
        finally:
            self._file.close()


async def _in_thread(work: Callable[[], T]) -> T:
    """Raises Unavailable where the disk refuses, NotFound for what is not there."""
    try:
        return await asyncio.to_thread(work)
    except FileNotFoundError:
        raise NotFound from None
    except OSError as error:
        raise Unavailable from error


async def _open_in_thread(work: Callable[[], C]) -> C:
    """As `_in_thread`; what is opened for a caller that was canceled is closed again."""
    opening = asyncio.ensure_future(_in_thread(work))
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


def _opened(path: Path, blocks: Blocks, offset: int) -> BlockFile:
    descriptor = _create(path)
    try:
        return BlockFile(blocks, descriptor, offset)
    except BaseException:
        os.close(descriptor)
        raise


def _create(path: Path) -> int:
    while True:
        path.parent.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700)
            durable.sync(path.parent.parent)
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # the folder lost its last file just now, and went with it
            continue


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from folder.iterdir()


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
