"""Parts of files that are kept on another machine, of which only sealed blocks are known there.

Blocks are sealed and opened in threads, and sent and fetched in runs of at most RUN_BLOCKS. Other
hosts may write at any time: a sweep spares what is younger than SPARED.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from cryptography.exceptions import InvalidTag

from signaling.attachment import UPLOAD
from signaling.errors import Conflict, NotFound
from signaling.ports.files import BLOCK_BYTES, Sweep
from storage.engine.vault import SEAL_BYTES
from storage.files.parts import Growing, Place, Whole
from storage.files.sealed_blocks import SEALED_BYTES, Blocks

RUN_BLOCKS = 8
"Most blocks that are sent or fetched at a time: half a megabyte, which is held in memory."
SPARED = timedelta(days=1)
"""Longer than any part is written that is not in its place or not in the database yet: a form of 20 MB
takes two hours over GPRS."""

_log = logging.getLogger(__name__)


class Held(Protocol):
    """The sealed blocks of one part, as they were when it was looked up. Raises Unavailable."""

    @property
    def sealed_bytes(self) -> int:
        """Of all blocks from number 0 on, as far as none is missing."""
        ...

    async def run(self, first: int, count: int) -> bytes:
        """The sealed bytes of some blocks. Raises NotFound if they are not there any more."""
        ...


class Kept(Protocol):
    """Where the blocks of a part go that is written. Raises Unavailable, NotFound."""

    async def put(self, first: int, sealed: list[bytes]) -> None:
        """Store whole blocks, and maybe the last one, from number `first` on; durable at once."""
        ...

    async def settle(self) -> None:
        """The part is whole: put it in its place, instead of an earlier one. Atomic."""
        ...

    async def cut(self, number: int) -> None:
        """Drop every block from `number` on."""
        ...

    async def drop(self) -> None:
        """Drop all of a part that is not in its place."""
        ...


class BlockStore(Protocol):
    """What keeps sealed blocks. Raises Unavailable."""

    async def held(self, place: Place) -> Held | None: ...

    async def kept(self, place: Place) -> Kept:
        """An upload is written in its place, any other part beside it. Raises NotFound."""
        ...

    async def delete(
        self, consultation_id: str, file_id: str, parts: Collection[str] | None
    ) -> None: ...

    async def delete_all(self, consultation_id: str) -> None: ...

    async def reach(self) -> None:
        """As `Parts.reach`."""
        ...

    async def consultations(self) -> frozenset[str]: ...

    async def stored(self, consultation_id: str) -> frozenset[tuple[str, str]]: ...

    def sweeps(self, spared: timedelta) -> AsyncIterator[tuple[str, Sweep]]:
        """As `Parts.sweeps`, sparing what was written within the last `spared`."""
        ...


class RemoteParts:
    """`storage.files.parts.Parts`, over a store of sealed blocks."""

    def __init__(self, store: BlockStore, spared: timedelta = SPARED) -> None:
        self._store = store
        self._spared = spared

    async def length(self, place: Place, blocks: Blocks) -> int:
        held = await self._store.held(place)
        return 0 if held is None else await _length(held, blocks)

    async def open(self, place: Place, blocks: Blocks, size: int) -> Whole:
        held = await self._store.held(place)
        if held is None:
            raise NotFound
        return _Whole(held, place, blocks, size)

    async def grow(self, place: Place, blocks: Blocks, offset: int) -> Growing:
        in_place = place.part == UPLOAD
        number, within = divmod(offset, BLOCK_BYTES)
        kept = await self._store.kept(place)
        if in_place:
            held = await self._store.held(place)
            if (await _length(held, blocks) if held else 0) != offset:
                raise Conflict
            if within:
                raise ValueError(f"no block begins at {offset}")
            await kept.cut(number)
        return _Growing(kept, blocks, number, in_place=in_place)

    async def delete(
        self, consultation_id: str, file_id: str, parts: Collection[str] | None
    ) -> None:
        await self._store.delete(consultation_id, file_id, parts)

    async def delete_all(self, consultation_id: str) -> None:
        await self._store.delete_all(consultation_id)

    async def reach(self) -> None:
        await self._store.reach()

    async def consultations(self) -> frozenset[str]:
        return await self._store.consultations()

    async def stored(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        return await self._store.stored(consultation_id)

    def sweeps(self) -> AsyncIterator[tuple[str, Sweep]]:
        return self._store.sweeps(self._spared)


async def _length(held: Held, blocks: Blocks) -> int:
    whole, end = divmod(held.sealed_bytes, SEALED_BYTES)
    length = whole * BLOCK_BYTES
    if end >= SEAL_BYTES:
        sealed = await held.run(whole, 1)
        with suppress(InvalidTag):
            length += len(blocks.open(whole, sealed, last=True))
    return length


class _Whole:
    """A part that is complete: a run of blocks is fetched and kept for who reads on."""

    def __init__(self, held: Held, place: Place, blocks: Blocks, size: int) -> None:
        """Raises NotFound for one of another size."""
        self._held = held
        self._place = place
        self._blocks = blocks
        self._size = size
        self._last = size // BLOCK_BYTES
        self._first = 0
        self._run = b""
        "The sealed blocks from number `_first` on that were fetched last."
        ends = self._last * SEALED_BYTES
        # all of an upload may be there without its empty end: the server was killed in between
        self._has_end = not (
            place.part == UPLOAD and size % BLOCK_BYTES == 0 and held.sealed_bytes == ends
        )
        if self._has_end and held.sealed_bytes != ends + size % BLOCK_BYTES + SEAL_BYTES:
            raise self._damaged("a stored file is of another size", size=held.sealed_bytes)

    async def block(self, number: int) -> bytes:
        return b"".join(await self._opened(number, number + 1))

    async def plain(self, start: int, end: int) -> bytes:
        ends = -(-min(end, self._size) // BLOCK_BYTES)
        return b"".join(await self._opened(start // BLOCK_BYTES, ends))

    async def hash(self, update: Callable[[bytes], None], start: int, end: int) -> None:
        ends = -(-min(end, self._size) // BLOCK_BYTES)
        for number in range(start // BLOCK_BYTES, ends, RUN_BLOCKS):
            plain = await self._opened(number, min(number + RUN_BLOCKS, ends))
            await asyncio.to_thread(_hash, update, plain)

    async def check_end(self) -> None:
        if self._size % BLOCK_BYTES == 0 and self._has_end:
            await self._opened(self._last, self._last + 1)

    def leave(self) -> None:
        self._run = b""

    async def _opened(self, first: int, ends: int) -> list[bytes]:
        """The blocks from `first` to before `ends`, at most RUN_BLOCKS."""
        if first >= ends:
            return []
        if not (self._first <= first and ends * SEALED_BYTES <= self._fetched_to):
            # whoever reads one block goes on to the next
            self._run = await self._held.run(first, RUN_BLOCKS)
            self._first = first
        try:
            return await asyncio.to_thread(self._open, first, ends)
        except InvalidTag:
            raise self._damaged("a stored file is damaged", block=first) from None

    @property
    def _fetched_to(self) -> int:
        """Sealed bytes before the end of what was fetched, as if its last block were whole."""
        whole = -(-len(self._run) // SEALED_BYTES)
        return (self._first + whole) * SEALED_BYTES

    def _open(self, first: int, ends: int) -> list[bytes]:
        found = []
        for number in range(first, ends):
            start = (number - self._first) * SEALED_BYTES
            sealed = self._run[start : start + SEALED_BYTES]
            found.append(self._blocks.open(number, sealed, last=number == self._last))
        return found

    def _damaged(self, what: str, **facts: int) -> NotFound:
        file = f"{self._place.file_id}.{self._place.part}"
        place = {"consultation_id": self._place.consultation_id, "file": file}
        _log.error(what, extra={**place, **facts})
        return NotFound()


def _hash(update: Callable[[bytes], None], plain: list[bytes]) -> None:
    for each in plain:
        update(each)


class _Growing:
    """A part that is written: whole blocks are sealed in a thread and stored as they come."""

    def __init__(self, kept: Kept, blocks: Blocks, number: int, *, in_place: bool) -> None:
        self._kept = kept
        self._blocks = blocks
        self._first = self._number = number
        self._end = 0
        "Bytes of the last block, once it is stored."
        self._in_place = in_place
        self.closed = False

    @property
    def length(self) -> int:
        return self._number * BLOCK_BYTES + self._end

    async def add(self, plain: bytearray) -> None:
        whole = memoryview(plain)
        step = RUN_BLOCKS * BLOCK_BYTES
        for start in range(0, len(plain), step):
            sealed = await asyncio.to_thread(self._sealed, whole[start : start + step])
            await self._kept.put(self._number, sealed)
            self._number += len(sealed)

    async def finish(self, plain: bytearray) -> None:
        last = len(plain) // BLOCK_BYTES * BLOCK_BYTES
        await self.add(plain[:last])
        end = self._blocks.seal(self._number, plain[last:], last=True)
        await self._kept.put(self._number, [end])
        await self._kept.settle()
        self._end = len(plain) - last
        self.closed = True

    async def leave(self, plain: bytearray) -> None:
        self.closed = True
        if self._in_place:
            await self.add(plain[: len(plain) // BLOCK_BYTES * BLOCK_BYTES])
        else:
            await self._kept.drop()

    async def take_back(self) -> None:
        await self._kept.cut(self._first)
        self._number = self._first

    def _sealed(self, plain: memoryview) -> list[bytes]:
        starts = range(0, len(plain), BLOCK_BYTES)
        return [
            self._blocks.seal(self._number + number, plain[start : start + BLOCK_BYTES], last=False)
            for number, start in enumerate(starts)
        ]
