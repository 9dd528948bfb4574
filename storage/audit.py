"""The audit log: who did what when, without content; a changed or missing line shows.

Each line's digest covers the digest of the line before (a hash chain), so that a line cannot be
changed or taken out without recomputing everything after it.
"""

from datetime import datetime
from hashlib import sha256

from storage.database import Executor, Row
from storage.times import to_ms

START = bytes(32)


def _digest(before: bytes, number: int, at: int, actor: str, action: str, thing: str) -> bytes:
    line = "\x1f".join((str(number), str(at), actor, action, thing))
    return sha256(before + line.encode()).digest()


class Audit:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def append(self, at: datetime, actor: str, action: str, thing: str) -> None:
        """Add a line; `actor` and `thing` are identifiers, never names."""
        last = await self._executor.row(
            "SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1"
        )
        number = last["number"] + 1 if last else 1
        before = last["digest"] if last else START
        digest = _digest(before, number, to_ms(at), actor, action, thing)
        await self._executor.rows(
            "INSERT INTO audit (number, at, actor, action, object, digest)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (number, to_ms(at), actor, action, thing, digest),
        )

    async def lines(self) -> list[Row]:
        return await self._executor.rows("SELECT * FROM audit ORDER BY number")

    async def first_broken(self) -> int | None:
        """The number of the first line that is not what was written; None: all are."""
        before = START
        for expected, row in enumerate(await self.lines(), 1):
            digest = _digest(
                before, expected, row["at"], row["actor"], row["action"], row["object"]
            )
            if row["number"] != expected or row["digest"] != digest:
                return expected
            before = digest
        return None
