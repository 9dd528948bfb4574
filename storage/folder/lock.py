"""Who may use the data folder, decided by kernel locks before anything in it is opened.

| Held by | `serving.lock` | `using.lock` |
|---|---|---|
| `serve`: a server | exclusive | shared |
| `share`: a command that may run beside a server, such as `scripts.create_account` | | shared |
| `take`: a command that must be alone with the data | exclusive | exclusive |

`back_up` is `share` for one command at a time: it holds `backing-up.lock` exclusively as well.

A lock ends with its process, however that ends, so none is ever left behind. The files are empty
and stay: deleting one while it is held would let a second process in. The locks are those of flock,
which Linux passes on to the file server if the folder is on NFS.
"""

import fcntl
import os
import weakref
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

from storage.errors import FolderInUse, StorageError
from storage.folder.ownership import hand_over, require_own

SERVING = "serving.lock"
USING = "using.lock"
BACKING_UP = "backing-up.lock"
USERS = {
    SERVING: "A server, or a command that must be alone with it,",
    USING: "A command",
    BACKING_UP: "Another backup",
}
"Who holds it, by the lock that was refused."


class DataFolderLock:
    """`with DataFolderLock.take(data_dir): ...`, or `release()` at the end.

    Locking never waits. Raises FolderInUse, or StorageError if the folder cannot be used.
    """

    def __init__(self, data_dir: Path, locks: dict[str, int]) -> None:
        self._descriptors: list[int] = []
        self._data_dir = data_dir
        make_folder(data_dir)
        require_own(data_dir, USERS)
        try:
            for name, operation in locks.items():
                self._lock(data_dir, name, operation)
        except BaseException:
            self.release()
            raise
        os.register_at_fork(after_in_child=partial(_leave, weakref.ref(self)))

    @classmethod
    def serve(cls, data_dir: Path) -> "DataFolderLock":
        """For a server: beside commands that `share`, but not beside another server."""
        return cls(data_dir, {SERVING: fcntl.LOCK_EX, USING: fcntl.LOCK_SH})

    @classmethod
    def share(cls, data_dir: Path) -> "DataFolderLock":
        """For a command that may run beside a server and beside others of its kind."""
        return cls(data_dir, {USING: fcntl.LOCK_SH})

    @classmethod
    def back_up(cls, data_dir: Path) -> "DataFolderLock":
        """For a backup: beside a server and other commands, but not beside another backup."""
        return cls(data_dir, {USING: fcntl.LOCK_SH, BACKING_UP: fcntl.LOCK_EX})

    @classmethod
    def take(cls, data_dir: Path) -> "DataFolderLock":
        """For a command that replaces or rewrites the data: alone."""
        return cls(data_dir, {SERVING: fcntl.LOCK_EX, USING: fcntl.LOCK_EX})

    def release(self) -> None:
        """Unlock; idempotent. What root has made in a folder of the server's user is theirs before."""
        if self._descriptors:
            with suppress(OSError):
                hand_over(self._data_dir)
        self._unlock()

    def _unlock(self) -> None:
        while self._descriptors:
            with suppress(OSError):
                os.close(self._descriptors.pop())

    def __enter__(self) -> "DataFolderLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _lock(self, data_dir: Path, name: str, operation: int) -> None:
        file = data_dir / name
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._descriptors.append(descriptor)
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(data_dir, USERS[name]) from None
        except OSError as error:
            raise StorageError(
                f"The data folder {data_dir} cannot be used: {file}: {error.strerror}."
            ) from error


def _leave(held: "weakref.ref[DataFolderLock]") -> None:
    """A forked child would hold the lock beyond our end; exec closes it."""
    lock = held()
    if lock is not None:
        lock._unlock()


def make_folder(data_dir: Path) -> None:
    """Create the folder, for its owner alone, if there is none. Raises StorageError."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The data folder {data_dir} cannot be made: {error.strerror}."
        ) from error
