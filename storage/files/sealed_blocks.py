"""The format of a sealed file: blocks of BLOCK_BYTES, each encrypted by itself. All of it blocks.

    block 0 | block 1 | ... | last block, shorter than the others and maybe empty

Each block is bound to its consultation, its file and part, its number, and to being the last one or
not. So a block that was changed, moved, swapped or taken from another file cannot be opened, and a
file that ends too early is seen to. A file that is still received has no last block yet; whatever
follows its whole blocks was torn by a kill and counts for nothing.
"""

import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag

from signaling.ports.files import BLOCK_BYTES
from storage.engine.vault import SEAL_BYTES, ConsultationKey, Plain

SEALED_BYTES = BLOCK_BYTES + SEAL_BYTES
"A whole block as it is stored."


class Blocks:
    """The blocks of one part of one file, under the key of its consultation."""

    def __init__(self, key: ConsultationKey, file_id: str, part: str) -> None:
        self._key = key
        self._name = f"file.{file_id}.{part}"

    def seal(self, number: int, plain: Plain, *, last: bool) -> bytes:
        return self._key.seal(self._place(number, last), plain)

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """Raises InvalidTag if this is not that block."""
        if len(sealed) < SEAL_BYTES:
            raise InvalidTag
        return self._key.open(self._place(number, last), sealed)

    def read(self, descriptor: int, number: int, size: int) -> bytes:
        """A block of a file of `size` plain bytes. Raises InvalidTag, OSError."""
        last = number == size // BLOCK_BYTES
        plain = BLOCK_BYTES if not last else size % BLOCK_BYTES
        sealed = os.pread(descriptor, plain + SEAL_BYTES, number * SEALED_BYTES)
        return self.open(number, sealed, last=last)

    def length(self, descriptor: int) -> int:
        """Plain bytes of the blocks that are whole. Raises OSError."""
        whole, torn = divmod(os.fstat(descriptor).st_size, SEALED_BYTES)
        length = whole * BLOCK_BYTES
        if torn >= SEAL_BYTES:
            with suppress(InvalidTag):
                sealed = os.pread(descriptor, torn, whole * SEALED_BYTES)
                length += len(self.open(whole, sealed, last=True))
        return length

    def _place(self, number: int, last: bool) -> str:
        return f"{self._name}.{number}.{'last' if last else 'more'}"


class BlockFile:
    """A file that grows by blocks. Raises OSError; then what was whole before is whole still."""

    def __init__(self, blocks: Blocks, descriptor: int, offset: int) -> None:
        """`offset` is the start of a block that is there, or that comes next; what follows goes.

        The descriptor is closed by `close`. Raises ValueError for any other offset.
        """
        self._blocks = blocks
        self._descriptor = descriptor
        self._number, within = divmod(offset, BLOCK_BYTES)
        self._first = self._durable = self._number
        "Blocks that are on disk, whatever happens."
        self._end = 0
        "Bytes of the last block, once it is written."
        if within or self._number > os.fstat(descriptor).st_size // SEALED_BYTES:
            raise ValueError(f"no block begins at {offset}")
        os.ftruncate(descriptor, self._number * SEALED_BYTES)

    @property
    def length(self) -> int:
        """Plain bytes that were flushed to disk."""
        return self._durable * BLOCK_BYTES + self._end

    def add(self, plain: bytearray) -> None:
        """Append whole blocks."""
        whole = memoryview(plain)
        for start in range(0, len(plain), BLOCK_BYTES):
            block = whole[start : start + BLOCK_BYTES]
            self._put(self._blocks.seal(self._number, block, last=False))
            self._number += 1

    def end(self, plain: bytearray) -> None:
        """Append the last block, shorter than others and maybe empty, and flush everything to disk."""
        self._put(self._blocks.seal(self._number, plain, last=True))
        self.flush()
        self._end = len(plain)

    def flush(self) -> None:
        """Flush whole blocks to disk; those that cannot be are taken back."""
        try:
            os.fsync(self._descriptor)
        except OSError:
            self._cut(self._durable)
            raise
        self._durable = self._number

    def take_back(self) -> None:
        """Drop what was appended."""
        os.ftruncate(self._descriptor, self._first * SEALED_BYTES)
        self._number = self._durable = self._first

    def close(self) -> None:
        os.close(self._descriptor)

    def _put(self, sealed: bytes) -> None:
        start = self._number * SEALED_BYTES
        written = 0
        try:
            while written < len(sealed):
                written += os.pwrite(self._descriptor, sealed[written:], start + written)
        except OSError:
            self._cut(self._number)
            raise

    def _cut(self, number: int) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, number * SEALED_BYTES)
