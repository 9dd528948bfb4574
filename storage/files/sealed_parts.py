"""One part of a file that is open on a disk: a whole one, or one that is written. All of it blocks."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag

from signaling.attachment import UPLOAD
from signaling.errors import Conflict
from signaling.ports.files import BLOCK_BYTES
from storage.engine.vault import SEAL_BYTES
from storage.files.sealed_blocks import SEALED_BYTES, BlockFile, Blocks
from storage.folder import durable

_log = logging.getLogger(__name__)


class WholePart:
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

    def plain(self, start: int, end: int) -> bytes:
        """From `start`, where a block begins, to before `end`, or the end of the file."""
        numbers = range(start // BLOCK_BYTES, -(-min(end, self._size) // BLOCK_BYTES))
        return b"".join(map(self.block, numbers))

    def hash(self, update: Callable[[bytes], None], start: int, end: int) -> None:
        """Hand to `update` what `plain` gives."""
        for number in range(start // BLOCK_BYTES, -(-min(end, self._size) // BLOCK_BYTES)):
            update(self.block(number))

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


def stored_length(path: Path, blocks: Blocks) -> int:
    """Plain bytes of the blocks that are whole; 0 for a part that does not exist. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return 0
    try:
        return blocks.length(descriptor)
    finally:
        os.close(descriptor)


class GrowingPart:
    """A part that is written. All of it blocks; raises OSError."""

    def __init__(self, written: Path, target: Path, blocks: Blocks, offset: int) -> None:
        """Raises Conflict if what is there of it has another length than `offset`."""
        self._written = written
        self._target = target
        self.closed = False
        descriptor, self._made = _create(written) if not offset else (_existing(written), False)
        try:
            if blocks.length(descriptor) != offset:
                raise Conflict
            self._file = BlockFile(blocks, descriptor, offset)
        except BaseException:
            os.close(descriptor)
            raise

    @property
    def length(self) -> int:
        return self._file.length

    def add(self, plain: bytearray) -> None:
        self._file.add(plain)

    def finish(self, plain: bytearray) -> None:
        """Append the rest, put the part in its place, and close it."""
        last = len(plain) // BLOCK_BYTES * BLOCK_BYTES
        self._file.add(plain[:last])
        self._file.end(plain[last:])
        if self._written != self._target:
            os.replace(self._written, self._target)
        durable.sync(self._target.parent)
        self.close()

    def leave(self, plain: bytearray) -> None:
        """Close it; of an upload that is not whole keep the whole blocks, of anything else nothing."""
        try:
            if self._written != self._target:
                self._written.unlink(missing_ok=True)
                return
            try:
                self._file.add(plain[: len(plain) // BLOCK_BYTES * BLOCK_BYTES])
            finally:
                self._file.flush()
                if self._made:
                    durable.sync(self._target.parent)
        finally:
            self.close()

    def take_back(self) -> None:
        self._file.take_back()

    def close(self) -> None:
        self._file.close()
        self.closed = True


def _existing(path: Path) -> int:
    """The descriptor of a file that is there. Raises Conflict if it is not."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Conflict from None


def _create(path: Path) -> tuple[int, bool]:
    """The descriptor of a file, and whether it was made."""
    while True:
        path.parent.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700)
            durable.sync(path.parent.parent)
        made = not path.exists()
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), made
        except FileNotFoundError:  # the folder lost its last file just now, and went with it
            continue
