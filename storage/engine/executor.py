"""What records run their statements on, whichever engine stores: one text of SQL for both.

Placeholders are `?`, `?1` or `:name`. What SQLite says in another way than PostgreSQL is written as
both take it; `storage/engine/postgresql/statements.py` turns the rest.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
Row = Any
"""A row of a result: `row["column"]`, `row[0]`, or its values in order when it is iterated."""
Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]
Steps = Generator[Statement, list[Row], T]
"""Several statements, and what belongs between them: `rows = yield sql, parameters`."""

IN_ONE_STATEMENT = 500
"Values per statement: SQLite allows more, but other readers wait while a statement runs."


class IntegrityError(Exception):
    """A statement would have broken a key or a rule of the schema (the name is PEP 249's)."""


def batched(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """The distinct values, in groups that fit into one statement."""
    left = iter(set(values))
    while group := tuple(islice(left, IN_ONE_STATEMENT)):
        yield group


def marks(values: Sequence[Any]) -> str:
    """The placeholders for `values` in a list; NULL, which nothing equals, if there are none."""
    return ", ".join("?" * len(values)) or "NULL"


class Executor(ABC):
    """Runs statements on one connection, or on any of several that only read.

    Statements that open and end transactions are deferred until the next statement and run with it:
    the way to the engine and back costs several times what it needs for a small statement.
    """

    locked = ""
    "What a statement ends with that reads rows to change them; nothing where nobody else writes."
    skip_locked = ""
    "The same where others may take the rest: rows that somebody else has locked are left out."

    def __init__(self) -> None:
        self._deferred: list[Statement] = []
        self._after: list[Callable[[], None]] = []

    @abstractmethod
    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one statement and return all its rows."""

    async def post(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one statement of which nothing is returned, now or before the next one or the commit.

        Only within a transaction, and only where nobody expects it to break a rule of the schema: with
        SQLite the transaction is what fails then.
        """
        await self.rows(sql, parameters)

    async def post_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Post one statement once for each set of parameters."""
        await self.many(sql, parameters)

    async def run_posted(self) -> None:
        """Run what was posted, so that what was not to be done fails here."""
        return

    async def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    @abstractmethod
    async def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run one statement once for each set of parameters."""

    @abstractmethod
    async def run(self, steps: Steps[T]) -> T:
        """Run statements one after the other on one connection; returns what `steps` returns.

        With SQLite it all happens in one visit to the connection's thread, where nobody else writes.
        """

    async def lock_ledgers(self) -> None:
        """From here to the commit nobody else adds to what all sessions share.

        That is what is counted and the audit log: each line of it seals the one before. Only the
        executor of the writer can.
        """
        raise TypeError(f"{type(self).__name__} has no transaction of the writer's")

    def late_references(self) -> AbstractAsyncContextManager[None]:
        """Within, a row may refer to one that is gone, as long as it is there again at the end.

        Only the executor of the writer can.
        """
        raise TypeError(f"{type(self).__name__} has no transaction of the writer's")

    async def run_deferred(self) -> None:
        """Run what is deferred now; only the executor of the writer ever has any."""
        return

    def defer(self, *statements: str) -> None:
        """Run these before the next statement, or in `run_deferred`."""
        self._deferred += [(statement, ()) for statement in statements]

    def cancel_deferred(self, statement: str) -> bool:
        """Drop the statement deferred last if it is this one; False if it is not, or has run."""
        if self._deferred and self._deferred[-1] == (statement, ()):
            self._deferred.pop()
            return True
        return False

    def drop_deferred(self, after: str = "") -> None:
        """Drop every deferred statement; or those after the last such one, if it has not run."""
        while self._deferred and (not after or self._deferred[-1] != (after, ())):
            self._deferred.pop()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once what is being written is durable; never, if it is undone.

        An action that already waits for this commit is called once.
        """
        if action not in self._after:
            self._after.append(action)

    def tell_others(self, what: str) -> None:
        """Have other processes told once what is being written is durable. With SQLite there are none."""
        return

    @property
    def actions(self) -> int:
        """How many actions wait for the commit."""
        return len(self._after)

    def drop_actions(self, after: int) -> None:
        """Keep only the first `after`: what the others report was undone."""
        del self._after[after:]

    def committed(self) -> None:
        """Everything is durable: call what waits for that before any writer goes on."""
        for action in self._after:
            asyncio.get_running_loop().call_soon(action)
        self._after.clear()
