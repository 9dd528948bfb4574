"""Files of a consultation: sealed, read and written in blocks."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

BLOCK_BYTES = 64 * 1024
"Plain bytes of a block; the last block of a file is shorter, maybe empty."


class Swept(NamedTuple):
    """What a sweep has found of a consultation."""

    deleted: int
    "Of files that it has deleted."
    stored: frozenset[tuple[str, str]]
    "(file id, part) of what was in its place before."


Sweep = Callable[[Collection[tuple[str, str]]], Awaitable[Swept]]
"""Deletes every part of one consultation except these (file id, part), and what a killed server left half written.

What others write meanwhile stays. Raises Unavailable."""


class FileWriter(Protocol):
    """Takes the bytes of one part in order."""

    @property
    def length(self) -> int:
        """Plain bytes of the part that are kept, once nothing more is written."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Append; whole blocks are sealed soon. Raises Unavailable, here or later, if the disk is full."""
        ...

    async def take_back(self) -> None:
        """Drop all that this writer has written of an upload. Raises Unavailable."""
        ...

    async def finish(self) -> None:
        """Seal the last block, however short: the part is whole, and on disk. Raises Unavailable."""
        ...


class Files(Protocol):
    """Parts of files, by the ids of their consultation and file and the name of the part.

    The part `upload` grows: what is whole of it stays, and it goes on from there. Every other part
    is there as a whole or not at all. Raises NotFound for a consultation that was purged.
    """

    async def length(self, consultation_id: str, file_id: str, part: str) -> int:
        """Plain bytes that are there in whole blocks; 0 for a part that does not exist."""
        ...

    def writer(
        self, consultation_id: str, file_id: str, part: str, offset: int = 0
    ) -> AbstractAsyncContextManager[FileWriter]:
        """Write from `offset`, which is how long an upload is, and 0 for any other part.

        Left without `finish`, an upload keeps its whole blocks, durably, and any other part is as it
        was before. Raises Unavailable, NotFound, or Conflict for another offset than the upload has.
        """
        ...

    def read(
        self, consultation_id: str, file_id: str, part: str, size: int, start: int = 0,
        end: int | None = None,
    ) -> AsyncGenerator[bytes, None]:  # fmt: skip
        """The bytes from `start` to before `end` (None: the last one), a block at a time.

        `size` is that of the whole part, in plain bytes. Raises NotFound, before anything or later,
        if it is absent, damaged or of another size.
        """
        ...

    def read_all(
        self, consultation_id: str, file_id: str, part: str, size: int
    ) -> AsyncGenerator[bytes, None]:
        """As `read`, all of it and several blocks at a time: for one reader at once."""
        ...

    async def digest(self, consultation_id: str, file_id: str, part: str, size: int) -> str:
        """The SHA-256 of a part in hexadecimal. Raises NotFound as `read`."""
        ...

    async def delete(
        self, consultation_id: str, file_id: str, parts: Iterable[str] | None = None
    ) -> None:
        """Delete parts of a file (None: all); nothing happens for those that do not exist.

        Raises Unavailable.
        """
        ...

    async def delete_all(self, consultation_id: str) -> None:
        """Delete every file of a consultation. Raises Unavailable."""
        ...

    async def consultations(self) -> frozenset[str]:
        """Ids of the consultations of which there is any file. Raises Unavailable."""
        ...

    async def parts(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        """(file id, part) of all files of a consultation. Raises Unavailable."""
        ...

    def sweeps(self) -> AsyncIterator[tuple[str, Sweep]]:
        """The consultations of which there is any file, each once, and what sweeps it.

        A sweep may know what was there when its consultation was given, and nothing that was added since.
        Raises Unavailable.
        """
        ...
