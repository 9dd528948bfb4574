"""What both engines do alike: writers who arrive during a commit share the next one (group commit).

All writing goes through `Database.write`. Each work runs inside a savepoint of its own, and all of a
group are answered only after the common COMMIT, so what is acknowledged is on disk.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractContextManager
from importlib.resources import files
from typing import Any, ClassVar, NamedTuple, TypeVar

from signaling.errors import Unavailable
from storage.engine.executor import Executor
from storage.engine.refusal_log import RefusalLog

T = TypeVar("T")
Work = Callable[[Any], Awaitable[Any]]
About = str | Collection[str]

MAX_GROUP = 64
"Most writers that share one commit: bounds how many one failing disk write takes down."
ATTEMPTS = 4
"""How often a work runs, at most, that the engine undoes because it and another process's wait for each other:
once in its group, then by itself."""
NOBODY = "nobody"
SAVEPOINT = "SAVEPOINT work"
RELEASE = "RELEASE work"
UNDO = "ROLLBACK TO work"


class Job(NamedTuple):
    """A work that waits for its turn."""

    work: Work
    about: About | None
    future: "asyncio.Future[Any]"

    @property
    def sessions(self) -> Collection[str]:
        """The ids of the consultations that it is about, where it is about any."""
        return (self.about,) if isinstance(self.about, str) else self.about or ()


class Outcome(NamedTuple):
    """What became of a work."""

    future: "asyncio.Future[Any]"
    result: Any
    error: BaseException | None


def migrations(folder: str = "") -> list[tuple[int, str]]:
    """(number, SQL) of every migration in a folder of `storage/migrations`, ascending."""
    place = files("storage") / "migrations"
    if folder:
        place = place / folder
    found = [
        (int(entry.name.removesuffix(".sql")), entry.read_text("utf-8"))
        for entry in place.iterdir()
        if entry.name.endswith(".sql")
    ]
    return sorted(found)


class Database(ABC):
    """Open with `storage.opening.open_database`, close with `close()`."""

    engine: ClassVar[str]
    name: str
    "For sentences; never a password."

    def __init__(self, write_executor: Executor, read: Executor) -> None:
        self.write_executor = write_executor
        self.read = read
        self._queue: deque[Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        "Held while a transaction is open on the writer."
        self.doubted: Callable[[frozenset[str] | None], None] = lambda _: None
        """Called when a commit has had no answer, so that nobody knows whether it is stored: with the ids
        of the consultations it was about; None: anything."""
        self._refusals = RefusalLog()

    async def write(
        self, work: Callable[[Executor], Awaitable[T]], about: About | None = None
    ) -> T:
        """Run `work` in a transaction and return its result after the commit.

        If `work` raises, its statements are undone and the error is raised here; other writers of
        the group are not affected. `work` may run more than once, and only its last run counts: what it
        changes elsewhere has to be right after that. Raises Unavailable when the disk is full or fails,
        or the engine cannot be reached.

        `about` is the id of the consultation that `work` is about, or those of several: with several
        processes over one database it runs beside works about others, and every work without it runs
        alone. One about none, an empty tuple, runs beside all of them, and locks the rows it changes.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(Job(work, about, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="database writer")
        # shielded: a canceled caller does not undo what the group is committing
        return await asyncio.shield(future)

    async def finish(self) -> None:
        """Wait until everything that is queued was written."""
        if self._task:
            await self._task

    @abstractmethod
    async def close(self) -> None:
        """Finish what is queued, then close."""

    def write_as(self, host_id: str) -> None:
        """From now on nothing is written unless the row of this host is there; empty: whatever there is.

        NOBODY is a host that never is. With SQLite there is one, and this does nothing.
        """
        return

    def is_own(self, process: int) -> bool:
        """Whether a process of the database server is the one that writes for this program."""
        return False

    @abstractmethod
    async def forget(self) -> bool:
        """Overwrite what deleted rows left behind; False if that was not possible now.

        Raises Unavailable.
        """

    @abstractmethod
    async def size(self) -> int:
        """Bytes that it takes."""

    @abstractmethod
    async def has_other_users(self) -> bool:
        """Whether another process of ours has it open, as far as the data folder does not tell."""

    @abstractmethod
    def usable(self, done: str) -> AbstractContextManager[None]:
        """Raise StorageError with a sentence where it cannot be `done` ("read" ...)."""

    @property
    @abstractmethod
    def _in_transaction(self) -> bool: ...

    @abstractmethod
    async def _begin(self, group: list[Job]) -> str:
        """The statement that begins the transaction of this group, once it can be run."""

    @abstractmethod
    async def _roll_back(self) -> None: ...

    @abstractmethod
    def _domain_error(self, error: BaseException) -> BaseException: ...

    def _is_in_doubt(self, error: BaseException) -> bool:
        """Whether a commit that ended with this may have happened all the same."""
        return False

    def _is_conflict(self, error: BaseException) -> bool:
        """Whether the engine undid a transaction so that another process's can go on."""
        return False

    def _doubt(self, group: list[Job]) -> None:
        """What waits for its turn was decided without knowing what this group has written."""
        self._refuse_queued()
        if any(job.about is None for job in group):
            self.doubted(None)
        else:
            self.doubted(frozenset(each for job in group for each in job.sessions))

    def _next_group(self) -> list[Job]:
        """Take from the queue what shares a commit."""
        return [self._queue.popleft() for _ in range(min(len(self._queue), MAX_GROUP))]

    def _refuse_queued(self) -> None:
        """What waits for its turn fails: another try is the caller's."""
        while self._queue:
            future = self._queue.popleft().future
            if not future.done():
                future.set_exception(Unavailable())
                future.exception()  # retrieved: a canceled caller is no cause for a warning

    async def _drain(self) -> None:
        while self._queue:
            group = self._next_group()
            async with self._lock:
                await self._commit(group)

    async def _commit(self, group: list[Job]) -> None:
        if await self._try(group, last=False):
            return
        # each by itself, so that it keeps nobody waiting for what the others lock
        for job in group:
            for left in reversed(range(ATTEMPTS - 1)):
                if await self._try([job], last=left == 0):
                    break

    async def _try(self, group: list[Job], *, last: bool) -> bool:
        """Run the works of a group and answer all; False: nothing was done, and it is to be tried again."""
        outcomes: list[Outcome] = []
        executor = self.write_executor
        committing = False
        try:
            begin = await self._begin(group)
            executor.defer(begin)
            if len(group) == 1:
                work, _, future = group[0]
                outcomes.append(Outcome(future, await work(executor), None))
            else:
                await executor.run_deferred()
                for job in group:
                    await self._run_in_group(job, outcomes)
            if not executor.cancel_deferred(begin):
                executor.defer("COMMIT")
                committing = True
                await executor.run_deferred()
            executor.committed()
            if committing:
                self._refusals.stored()
        except Exception as error:
            if committing and self._is_in_doubt(error):
                self._doubt(group)
            executor.drop_deferred()
            executor.drop_actions(0)
            await self._roll_back()
            if not last and self._is_conflict(error):
                return False
            failed = {each.future: each for each in outcomes if each.error is not None}
            outcomes = [failed.get(job.future) or Outcome(job.future, None, error) for job in group]
        for future, result, failure in outcomes:
            if future.done():
                continue
            if failure is None:
                future.set_result(result)
            else:
                raised = self._domain_error(failure)
                self._refusals.refused(raised)
                future.set_exception(raised)
                future.exception()  # retrieved: a canceled caller is no cause for a warning
        return True

    async def _run_in_group(self, job: Job, outcomes: list[Outcome]) -> None:
        """Undo what the work has done if it fails. Raises what ends the transaction of all."""
        executor = self.write_executor
        waiting = executor.actions
        executor.defer(SAVEPOINT)
        try:
            result = await job.work(executor)
            await executor.run_posted()  # so that this work fails, and not the group
        except Exception as error:
            outcomes.append(Outcome(job.future, None, error))
            if not self._in_transaction or self._is_conflict(error):
                raise
            executor.drop_actions(waiting)
            executor.drop_deferred(after=SAVEPOINT)
            end: tuple[str, ...] = (UNDO, RELEASE)
        else:
            outcomes.append(Outcome(job.future, result, None))
            end = (RELEASE,)
        if not executor.cancel_deferred(SAVEPOINT):
            executor.defer(*end)
