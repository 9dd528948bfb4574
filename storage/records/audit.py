"""The audit log: who did what when, without content; changed or removed lines are detected.

Each line's digest covers the digest of the line before (a hash chain) under a key that only the
master key unwraps (HMAC, RFC 2104): without the master key nobody who writes to the file can
change or add a line. Lines from before there was a key are chained by plain SHA-256; the first line
with a key, `BEGIN`, covers the last of them. Truncation is not visible in the lines themselves:
compare with the number and digest of a line that was noted elsewhere (`Head`).

A session and its people leave no id behind when they are purged, so lines name them by a keyed
digest of the id: the same in every line, and of no use to trace it back.
"""

import base64
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import msgspec

from signaling.identifier import NEW_ID
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.executor import Executor, Row, Steps, marks
from storage.engine.vault import Vault

START = bytes(32)
KEY = "audit"
"Name of the secret."
BEGIN = "begin_keyed_log"
"Action of the first line under the key."
PAGE = 500
"Lines read at a time: other readers wait no longer."
REFERENCE_BYTES = 9
MOST_LINES = 2**62
"More than any log has, within SQLite's integers."


@dataclass(frozen=True)
class AuditLine:
    number: int
    at: datetime
    actor: str
    action: str
    thing: str


@dataclass(frozen=True)
class Choice:
    """Which lines are wanted; by default all."""

    actor: str = ""
    "Who; empty: anybody."
    actions: tuple[str, ...] = ()
    "What; empty: anything."
    since: datetime | None = None
    until: datetime | None = None
    "Lines before it."

    def conditions(self) -> tuple[str, list[str | int]]:
        """(condition in SQL, its values)."""
        parts: list[str] = []
        values: list[str | int] = []
        if self.actor:
            parts.append("actor = ?")
            values.append(self.actor)
        if self.actions:
            parts.append(f"action IN ({marks(self.actions)})")
            values += self.actions
        for sign, moment in ((">=", self.since), ("<", self.until)):
            if moment is not None:
                parts.append(f"at {sign} ?")
                values.append(to_ms(moment))
        return "".join(f" AND {part}" for part in parts), values


EVERYTHING = Choice()


@dataclass(frozen=True)
class Head:
    """A line by number and digest, for a later check to compare with."""

    number: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Raises ValueError."""
        number, _, digest = text.partition(":")
        head = cls(int(number), bytes.fromhex(digest))
        if not 0 <= head.number < MOST_LINES or len(head.digest) != len(START):
            raise ValueError
        return head


@dataclass(frozen=True)
class Finding:
    """Result of checking the chain."""

    head: Head
    "The last valid line."
    broken: int | None = None
    "Number of the first line that is changed, missing or made without this server's key."

    @property
    def holds(self) -> bool:
        return self.broken is None


def _plain_digest(before: bytes, row: Row) -> bytes:
    """The digest of a line from before there was a key."""
    parts = (str(row["number"]), str(row["at"]), row["actor"], row["action"], row["object"])
    return sha256(before + "\x1f".join(parts).encode()).digest()


def _digest(
    key: bytes, before: bytes, number: int, at: int, actor: str, action: str, thing: str
) -> bytes:
    line = msgspec.json.encode([number, at, actor, action, thing])
    return hmac.digest(key, before + line, "sha256")


def _keyed_digest(key: bytes, before: bytes, row: Row) -> bytes:
    return _digest(
        key, before, row["number"], row["at"], row["actor"], row["action"], row["object"]
    )


_LAST = "SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1"


def _head(rows: list[Row]) -> Head:
    return Head(rows[0]["number"], rows[0]["digest"]) if rows else Head(0, START)


def _kind(identifier: str) -> Steps[str]:
    """What a line names by a reference, because its id is deleted with its session; else empty."""
    if not NEW_ID.fullmatch(identifier):
        return ""
    rows = yield (
        "SELECT '' AS kind FROM account WHERE id = :id"
        " UNION ALL SELECT '' FROM interpreting_organization WHERE id = :id"
        " UNION ALL SELECT 'session' FROM consultation WHERE id = :id"
        " UNION ALL SELECT 'invite' FROM invite WHERE id = :id",
        {"id": identifier},
    )
    return str(rows[0]["kind"]) if rows else "deleted"


class Audit:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def append(self, at: datetime, actor: str, action: str, thing: str) -> None:
        """Add a line; `actor` and `thing` are identifiers, never names, `action` a verb."""
        await self._executor.lock_ledgers()
        key, head, *kinds = await self._executor.run(self._before(actor, thing))
        if key is None or not head.number:  # a reference may have made the key before any line
            key = await self._vault.secret(self._executor, KEY)
            head = await self._add(key, head, at, "server", BEGIN, "")
        actor, thing = (
            f"{kind}:{_reference(key, each)}" if kind else each
            for kind, each in zip(kinds, (actor, thing), strict=True)
        )
        await self._add(key, head, at, actor, action, thing)

    def _before(self, actor: str, thing: str) -> Steps[tuple[bytes | None, Head, str, str]]:
        """The key, the last line, and the kinds of what the next one names."""
        key = yield from self._vault.secret_steps(KEY)
        head = _head((yield _LAST, ()))
        return key, head, (yield from _kind(actor)), (yield from _kind(thing))

    async def _add(
        self, key: bytes, head: Head, at: datetime, actor: str, action: str, thing: str
    ) -> Head:
        number = head.number + 1
        digest = _digest(key, head.digest, number, to_ms(at), actor, action, thing)
        await self._executor.post(
            "INSERT INTO audit (number, at, actor, action, object, digest)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (number, to_ms(at), actor, action, thing, digest),
        )
        return Head(number, digest)

    async def reference(self, text: str) -> str:
        """A keyed digest of `text`, which reveals nothing without the key. Within a transaction."""
        return _reference(await self._vault.secret(self._executor, KEY), text)

    async def head(self) -> Head:
        """The last line; number 0 if there is none."""
        return _head(await self._executor.rows(_LAST))

    async def digest_of(self, number: int) -> bytes | None:
        row = await self._executor.row("SELECT digest FROM audit WHERE number = ?", (number,))
        return row["digest"] if row else None

    async def page(
        self, before: int | None, limit: int, choice: Choice = EVERYTHING
    ) -> list[AuditLine]:
        """At most `limit` lines, newest first, from below the line `before`."""
        condition, values = choice.conditions()
        rows = await self._executor.rows(
            f"SELECT * FROM audit WHERE number < ?{condition} ORDER BY number DESC LIMIT ?",
            (MOST_LINES if before is None else before, *values, limit),
        )
        return [_line(row) for row in rows]

    async def last(self, actor: str, action: str) -> datetime | None:
        """When somebody last did something; None: never."""
        row = await self._executor.row(
            # by actor: everybody's lines of this action would be many more
            "SELECT at FROM audit INDEXED BY audit_actor WHERE actor = ? AND action = ?"
            " ORDER BY number DESC LIMIT 1",
            (actor, action),
        )
        return from_ms(row["at"]) if row else None

    async def after(self, number: int, limit: int, choice: Choice = EVERYTHING) -> list[AuditLine]:
        """At most `limit` lines, oldest first, from above the line `number`."""
        condition, values = choice.conditions()
        rows = await self._executor.rows(
            f"SELECT * FROM audit WHERE number > ?{condition} ORDER BY number LIMIT ?",
            (number, *values, limit),
        )
        return [_line(row) for row in rows]

    async def every(self, choice: Choice = EVERYTHING) -> AsyncIterator[list[AuditLine]]:
        """All lines, oldest first, some at a time; as they are when they are read."""
        number = 0
        while lines := await self.after(number, PAGE, choice):
            yield lines
            number = lines[-1].number

    async def check(self, since: Head | None = None) -> Finding:
        """Check the chain, from its beginning or after a line that was found valid."""
        key = await self._vault.find_secret(self._executor, KEY)
        head, keyed = since or Head(0, START), since is not None
        async for row in self._rows_after(head.number):
            keyed = keyed or row["action"] == BEGIN
            if keyed:
                digest = _keyed_digest(key, head.digest, row) if key else b""
            else:
                digest = _plain_digest(head.digest, row)
            if row["number"] != head.number + 1 or row["digest"] != digest:
                return Finding(head, head.number + 1)
            head = Head(row["number"], digest)
        if head.number and not keyed:  # somebody replaced the lines under the key
            return Finding(Head(0, START), 1)
        return Finding(head)

    async def _rows_after(self, number: int) -> AsyncIterator[Row]:
        while rows := await self._executor.rows(
            "SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?", (number, PAGE)
        ):
            for row in rows:
                yield row
            number = rows[-1]["number"]


def _reference(key: bytes, text: str) -> str:
    digest = hmac.digest(key, b"reference:" + text.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest[:REFERENCE_BYTES]).decode()


def _line(row: Row) -> AuditLine:
    return AuditLine(row["number"], from_ms(row["at"]), row["actor"], row["action"], row["object"])
