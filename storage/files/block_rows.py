"""Sealed blocks in the database, a row each: where several hosts share it, each finds every file.

A part that is written as a whole is a half until its last block is there. What is purged goes with the
row of its consultation, in the same transaction.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from signaling.attachment import UPLOAD
from signaling.errors import NotFound
from signaling.identifier import new_id
from signaling.moments.milliseconds import to_ms
from signaling.ports.files import Sweep, Swept
from storage.engine.database import Database
from storage.engine.executor import Executor, IntegrityError, batched, marks
from storage.files.parts import Place
from storage.files.remote_parts import Held

_IN_PLACE = "consultation_id = ? AND file_id = ? AND part = ? AND half = 0"


@asynccontextmanager
async def _there() -> AsyncIterator[None]:
    """Raise NotFound where a row refers to what is gone."""
    try:
        yield
    except IntegrityError:
        raise NotFound from None


class BlockRows:
    """`storage.files.remote_parts.BlockStore`, in tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def held(self, place: Place) -> Held | None:
        row = await self._database.read.row(f"SELECT id FROM file_part WHERE {_IN_PLACE}", place)
        if row is None:
            return None
        lengths = await self._database.read.rows(
            "SELECT number, LENGTH(sealed) AS bytes FROM file_block WHERE part_id = ?"
            " ORDER BY number",
            (row["id"],),
        )
        none_missing = [each["bytes"] for at, each in enumerate(lengths) if each["number"] == at]
        return _Held(self._database.read, row["id"], sum(none_missing))

    async def kept(self, place: Place) -> "_Kept":
        part_id, half = new_id(), place.part != UPLOAD

        async def work(executor: Executor) -> str:
            known = None
            if not half:
                known = await executor.row(f"SELECT id FROM file_part WHERE {_IN_PLACE}", place)
            if known is not None:
                return str(known["id"])
            await executor.rows(
                "INSERT INTO file_part (id, consultation_id, file_id, part, half, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (part_id, *place, int(half), to_ms(datetime.now(UTC))),
            )
            return part_id

        async with _there():
            return _Kept(
                self._database, place, await self._database.write(work, place.consultation_id)
            )

    async def delete(
        self, consultation_id: str, file_id: str, parts: Collection[str] | None
    ) -> None:
        named = "" if parts is None else f" AND part IN ({marks(tuple(parts))})"
        await self._write(
            consultation_id,
            f"DELETE FROM file_part WHERE consultation_id = ? AND file_id = ?{named}",
            (consultation_id, file_id, *(parts or ())),
        )

    async def delete_all(self, consultation_id: str) -> None:
        await self._write(
            consultation_id,
            "DELETE FROM file_part WHERE consultation_id = ?",
            (consultation_id,),
        )

    async def reach(self) -> None:
        """The database is reached, or nothing is."""

    async def consultations(self) -> frozenset[str]:
        rows = await self._database.read.rows("SELECT DISTINCT consultation_id FROM file_part")
        return frozenset(row["consultation_id"] for row in rows)

    async def stored(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        rows = await self._database.read.rows(
            "SELECT file_id, part FROM file_part WHERE consultation_id = ? AND half = 0",
            (consultation_id,),
        )
        return frozenset((row["file_id"], row["part"]) for row in rows)

    async def sweeps(self, spared: timedelta) -> AsyncIterator[tuple[str, Sweep]]:
        for each in await self.consultations():
            yield each, partial(self._sweep, each, spared)

    async def _sweep(
        self, consultation_id: str, spared: timedelta, keep: Collection[tuple[str, str]]
    ) -> Swept:
        rows = await self._database.read.rows(
            "SELECT id, file_id, part, half, created_at <= ? AS old FROM file_part"
            " WHERE consultation_id = ?",
            (to_ms(datetime.now(UTC) - spared), consultation_id),
        )
        unwanted = [
            row["id"]
            for row in rows
            if row["old"] and (row["half"] or (row["file_id"], row["part"]) not in keep)
        ]
        for ids in batched(unwanted):
            sql = f"DELETE FROM file_part WHERE id IN ({marks(ids)})"
            await self._write(consultation_id, sql, ids)
        stored = frozenset((row["file_id"], row["part"]) for row in rows if not row["half"])
        return Swept(len(unwanted), stored)

    async def _write(self, consultation_id: str, sql: str, parameters: Sequence[object]) -> None:
        await self._database.write(lambda executor: executor.rows(sql, parameters), consultation_id)


class _Held:
    def __init__(self, executor: Executor, part_id: str, sealed_bytes: int) -> None:
        self._executor = executor
        self._part_id = part_id
        self.sealed_bytes = sealed_bytes

    async def run(self, first: int, count: int) -> bytes:
        rows = await self._executor.rows(
            "SELECT sealed FROM file_block WHERE part_id = ? AND number >= ? AND number < ?"
            " ORDER BY number",
            (self._part_id, first, first + count),
        )
        if not rows:
            raise NotFound
        return b"".join(row["sealed"] for row in rows)


class _Kept:
    def __init__(self, database: Database, place: Place, part_id: str) -> None:
        self._database = database
        self._place = place
        self._part_id = part_id

    async def put(self, first: int, sealed: list[bytes]) -> None:
        rows = [(self._part_id, first + number, each) for number, each in enumerate(sealed)]
        async with _there():
            await self._database.write(
                lambda executor: executor.many(
                    "INSERT INTO file_block (part_id, number, sealed) VALUES (?, ?, ?)"
                    " ON CONFLICT (part_id, number) DO UPDATE SET sealed = excluded.sealed",
                    rows,
                ),
                self._place.consultation_id,
            )

    async def settle(self) -> None:
        if self._place.part == UPLOAD:
            return

        async def work(executor: Executor) -> None:
            await executor.rows(f"DELETE FROM file_part WHERE {_IN_PLACE}", self._place)
            settled = await executor.row(
                "UPDATE file_part SET half = 0 WHERE id = ? RETURNING id", (self._part_id,)
            )
            if settled is None:
                raise NotFound

        await self._database.write(work, self._place.consultation_id)

    async def cut(self, number: int) -> None:
        await self._database.write(
            lambda executor: executor.rows(
                "DELETE FROM file_block WHERE part_id = ? AND number >= ?",
                (self._part_id, number),
            ),
            self._place.consultation_id,
        )

    async def drop(self) -> None:
        # what is in its place stays: only the answer to its commit was lost
        await self._database.write(
            lambda executor: executor.rows(
                "DELETE FROM file_part WHERE id = ? AND half = 1", (self._part_id,)
            ),
            self._place.consultation_id,
        )
