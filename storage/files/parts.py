"""Where the parts of files are kept: in the data folder, in the database, or in an object store.

A part is its sealed blocks (`sealed_blocks.py`) in the order of their numbers, under its place. Who
reads and writes them all in the same way is `sealed_files.py`.
"""

from collections.abc import AsyncIterator, Callable, Collection
from typing import NamedTuple, Protocol

from signaling.ports.files import Sweep
from storage.files.sealed_blocks import Blocks


class Place(NamedTuple):
    """What a part is found by."""

    consultation_id: str
    file_id: str
    part: str


class Whole(Protocol):
    """A part that is complete, open for reading, by one reader at a time. Raises NotFound, Unavailable."""

    async def block(self, number: int) -> bytes:
        """The plain bytes of one block. NotFound if it is damaged."""
        ...

    async def plain(self, start: int, end: int) -> bytes:
        """From `start`, where a block begins, to before `end`, or the end of the part."""
        ...

    async def hash(self, update: Callable[[bytes], None], start: int, end: int) -> None:
        """Hand to `update` what `plain` gives."""
        ...

    async def check_end(self) -> None:
        """Whether the last block is the last, if it is one of its own."""
        ...

    def leave(self) -> None:
        """Nothing more is read."""
        ...


class Growing(Protocol):
    """A part that is written, by one task at a time. Raises Unavailable, NotFound."""

    @property
    def length(self) -> int:
        """Plain bytes that are kept."""
        ...

    @property
    def closed(self) -> bool: ...

    async def add(self, plain: bytearray) -> None:
        """Append whole blocks."""
        ...

    async def finish(self, plain: bytearray) -> None:
        """Append the rest, put the part in its place, and close it."""
        ...

    async def leave(self, plain: bytearray) -> None:
        """Close it; of an upload that is not whole keep the whole blocks, of anything else nothing."""
        ...

    async def take_back(self) -> None:
        """Drop what was appended."""
        ...


class Parts(Protocol):
    """All parts of files. Raises Unavailable where the disk, database or object store refuses."""

    async def length(self, place: Place, blocks: Blocks) -> int:
        """Plain bytes of the blocks that are whole."""
        ...

    async def open(self, place: Place, blocks: Blocks, size: int) -> Whole:
        """A part of `size` plain bytes. Raises NotFound for another size, or what is not there."""
        ...

    async def grow(self, place: Place, blocks: Blocks, offset: int) -> Growing:
        """Raises Conflict if what is there of an upload has another length than `offset`."""
        ...

    async def delete(
        self, consultation_id: str, file_id: str, parts: Collection[str] | None
    ) -> None:
        """Delete parts of a file (None: all), and halves of them."""
        ...

    async def delete_all(self, consultation_id: str) -> None: ...

    async def reach(self) -> None:
        """Raises Unavailable or NotFound where the object store is away; changes nothing."""
        ...

    async def consultations(self) -> frozenset[str]: ...

    async def stored(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        """(file id, part) of all parts that are in their place, uploads included."""
        ...

    def sweeps(self) -> AsyncIterator[tuple[str, Sweep]]:
        """Each consultation of which there is anything, and what deletes every part but those that are to be
        kept, halves, and what has no place there."""
        ...
