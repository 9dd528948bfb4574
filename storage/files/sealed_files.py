"""Files of consultations, sealed under their keys, wherever their parts are kept.

Names of files that people chose are never part of a place. Sealing and hashing run in a thread, and for
as many blocks at a time as there are, since the way to a thread and back costs more than a block; nothing
here holds more of a file than QUEUED_BYTES and a block. The part `upload` is written in place, since it
grows over many requests; every other part is put there when it is whole.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable
from hashlib import sha256
from typing import Any

from signaling.attachment import UPLOAD
from signaling.errors import NotFound, Unavailable
from signaling.identifier import PATTERN
from signaling.ports.files import BLOCK_BYTES, Sweep
from storage.engine.executor import Executor
from storage.engine.vault import Vault
from storage.files.parts import Growing, Parts, Place, Whole
from storage.files.sealed_blocks import Blocks

PART = re.compile(r"[a-z]+(-[0-9]+)?")
"The name of a part."

HASHED_BYTES = 64 * BLOCK_BYTES
"Of one part, that a thread hashes in one go."
GATHERED_BYTES = 4 * BLOCK_BYTES
GATHERED_WITHIN = 0.25
"""So much of what is written, or so many seconds of it from a slow line, are stored at a time: what a kill
loses is no more."""
QUEUED_BYTES = 8 * BLOCK_BYTES
"Of one part, that wait to be stored: written as they come, or read ahead for the examining process."


class SealedFiles:
    """`signaling.ports.files.Files`."""

    def __init__(self, parts: Parts, vault: Vault, executor: Executor) -> None:
        self._parts = parts
        self._vault = vault
        self._executor = executor

    async def length(self, consultation_id: str, file_id: str, part: str) -> int:
        place = _place(consultation_id, file_id, part)
        return await self._parts.length(place, await self._blocks(place))

    @contextlib.asynccontextmanager
    async def writer(
        self, consultation_id: str, file_id: str, part: str, offset: int = 0
    ) -> AsyncIterator["Writer"]:
        place = _place(consultation_id, file_id, part)
        blocks = await self._blocks(place)
        if offset and part != UPLOAD:
            raise ValueError(f"{part} is written as a whole")
        writer = Writer(await self._parts.grow(place, blocks, offset))
        failed = True
        try:
            # a purge destroys the key first: what was made after it deleted the rest must not stay
            await self._blocks(place)
            yield writer
            failed = False
        except NotFound:
            await self.delete_all_if_purged(consultation_id)
            raise
        finally:
            # also if its caller is canceled meanwhile: nobody else may write before it is over
            await _to_the_end(writer.leave(quiet=failed))

    async def read(
        self, consultation_id: str, file_id: str, part: str, size: int, start: int = 0,
        end: int | None = None,
    ) -> AsyncGenerator[bytes, None]:  # fmt: skip
        end = size if end is None else min(end, size)
        async with self._opened(consultation_id, file_id, part, size) as whole:
            number, ends = start // BLOCK_BYTES, -(-end // BLOCK_BYTES) if start < end else 0
            while number < ends:
                plain = await whole.block(number)
                first = number * BLOCK_BYTES
                yield plain[max(start - first, 0) : end - first]
                number += 1
            if end == size:
                await whole.check_end()

    async def read_all(
        self, consultation_id: str, file_id: str, part: str, size: int
    ) -> AsyncGenerator[bytes, None]:
        async with self._opened(consultation_id, file_id, part, size) as whole:
            for start in range(0, size, QUEUED_BYTES):
                yield await whole.plain(start, start + QUEUED_BYTES)
            await whole.check_end()

    async def digest(self, consultation_id: str, file_id: str, part: str, size: int) -> str:
        digest = sha256()
        async with self._opened(consultation_id, file_id, part, size) as whole:
            for start in range(0, size, HASHED_BYTES):
                await whole.hash(digest.update, start, start + HASHED_BYTES)
            await whole.check_end()
        return digest.hexdigest()

    @contextlib.asynccontextmanager
    async def _opened(
        self, consultation_id: str, file_id: str, part: str, size: int
    ) -> AsyncIterator[Whole]:
        place = _place(consultation_id, file_id, part)
        whole = await self._parts.open(place, await self._blocks(place), size)
        try:
            yield whole
        finally:
            whole.leave()

    async def delete(
        self, consultation_id: str, file_id: str, parts: Iterable[str] | None = None
    ) -> None:
        _place(consultation_id, file_id, UPLOAD)
        wanted = None if parts is None else frozenset(parts)
        await self._parts.delete(consultation_id, file_id, wanted)

    async def delete_all(self, consultation_id: str) -> None:
        _place(consultation_id, consultation_id, UPLOAD)
        await self._parts.delete_all(consultation_id)

    async def delete_all_if_purged(self, consultation_id: str) -> None:
        """Delete what is left of a consultation that does not exist any more. Raises Unavailable."""
        try:
            await self._vault.key(self._executor, consultation_id)
        except NotFound:
            await self.delete_all(consultation_id)

    async def reach(self) -> None:
        """Raises Unavailable or NotFound where the object store is away; changes nothing."""
        await self._parts.reach()

    async def consultations(self) -> frozenset[str]:
        return await self._parts.consultations()

    async def parts(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        _place(consultation_id, consultation_id, UPLOAD)
        return await self._parts.stored(consultation_id)

    def sweeps(self) -> AsyncIterator[tuple[str, Sweep]]:
        return self._parts.sweeps()

    async def _blocks(self, place: Place) -> Blocks:
        key = await self._vault.key(self._executor, place.consultation_id)
        return Blocks(key, place.file_id, place.part)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for some work however often the caller is canceled, and raise that afterwards."""
    task = asyncio.ensure_future(work)
    canceled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            canceled = error
    if canceled is not None:
        task.exception()  # nobody waits for it any more
        raise canceled
    task.result()


def _place(consultation_id: str, file_id: str, part: str) -> Place:
    """Raises NotFound for what cannot be an id or a part."""
    if not (
        PATTERN.fullmatch(consultation_id) and PATTERN.fullmatch(file_id) and PART.fullmatch(part)
    ):
        raise NotFound
    return Place(consultation_id, file_id, part)


class Writer:
    """Writes one part; see `signaling.ports.files.FileWriter`."""

    def __init__(self, growing: Growing) -> None:
        self._growing = growing
        self._queued = bytearray()
        self._work: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        "Hands over what has come by then."

    @property
    def length(self) -> int:
        return self._growing.length

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
            self._work = asyncio.create_task(self._drain(), name="write a file")

    async def finish(self) -> None:
        await self._alone()
        self._raise_failure()
        rest, self._queued = self._queued, bytearray()
        self._work = asyncio.create_task(self._finish(rest), name="finish a file")
        await asyncio.shield(self._work)

    async def _finish(self, rest: bytearray) -> None:
        await self._growing.finish(rest)

    async def take_back(self) -> None:
        await self._alone()
        self._raise_failure()
        self._queued.clear()
        self._work = asyncio.create_task(self._take_back(), name="take back a file")
        await asyncio.shield(self._work)

    async def _take_back(self) -> None:
        await self._growing.take_back()

    async def leave(self, *, quiet: bool) -> None:
        """Close the part. Raises Unavailable unless `quiet`: something else went wrong already."""
        await self._alone()
        if self._growing.closed:
            return
        failed = self._failure is not None
        try:
            await self._growing.leave(bytearray() if failed else self._queued)
            if not quiet:
                self._raise_failure()
        except (NotFound, Unavailable):
            if not quiet:
                raise

    async def _drain(self) -> None:
        """Hand over whole blocks as long as there are any, as many at a time as have come."""
        while whole := len(self._queued) // BLOCK_BYTES * BLOCK_BYTES:
            plain, self._queued = self._queued[:whole], self._queued[whole:]
            await self._growing.add(plain)

    async def _alone(self) -> None:
        """Wait until nothing is stored, and nothing will be by itself."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._work is not None:
            await asyncio.wait({self._work})

    @property
    def _failure(self) -> BaseException | None:
        """Of what was stored last."""
        work = self._work
        return None if work is None or not work.done() or work.cancelled() else work.exception()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
