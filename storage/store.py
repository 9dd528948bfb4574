"""Everything stored, by noun, over one database and one vault."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from storage import database
from storage.accounts import Accounts, WebSessions
from storage.audit import Audit
from storage.calls import Calls
from storage.chat import Chat
from storage.consultations import Consultations
from storage.database import Database, Executor
from storage.device_checks import DeviceChecks
from storage.errors import StorageError
from storage.interpreters import Interpreters
from storage.invites import Invites
from storage.losses import Losses
from storage.notice_texts import NoticeTexts
from storage.notices import Notices
from storage.purged import Purged
from storage.replies import Replies
from storage.settings import Settings
from storage.used_tokens import UsedTokens
from storage.vault import DATABASE_NAME, Vault, load_master_key

T = TypeVar("T")


class Records:
    """The nouns, on one connection: the reader's, or the writer's within a transaction."""

    def __init__(self, executor: Executor, vault: Vault, losses: Losses) -> None:
        self.web_sessions = WebSessions(executor, losses)
        self.accounts = Accounts(executor, self.web_sessions)
        self.consultations = Consultations(executor, vault)
        self.invites = Invites(executor, vault, losses)
        self.chat = Chat(executor, vault)
        self.calls = Calls(executor)
        self.device_checks = DeviceChecks(executor, vault)
        self.settings = Settings(executor)
        self.interpreters = Interpreters(executor, vault)
        self.audit = Audit(executor, vault)
        self.notices = Notices(executor, vault)
        self.notice_texts = NoticeTexts(executor)
        self.purged = Purged(executor)
        self.replies = Replies(executor, vault)
        self.used_tokens = UsedTokens(executor)


def _prepare(data_dir: Path, master_key: str | None) -> bytes:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The data folder {data_dir} cannot be made: {error}.") from error
    return load_master_key(master_key, data_dir)


class Store:
    """Open with `await Store.open(...)`, close with `close()`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self.losses = Losses()
        self.read = Records(database.read, vault, self.losses)
        self._written = Records(database.write_executor, vault, self.losses)

    @classmethod
    async def open(cls, data_dir: Path, master_key: str | None) -> "Store":
        """Open the data folder. Raises StorageError with a sentence for the operator."""
        key = await asyncio.to_thread(_prepare, data_dir, master_key)
        opened = await Database.open(data_dir / DATABASE_NAME)
        vault = Vault(key)
        try:
            await vault.check(opened.read)
        except BaseException:
            await opened.close()
            raise
        return cls(opened, vault)

    async def close(self) -> None:
        await self._database.close()

    async def write(self, work: Callable[[Records], Awaitable[T]]) -> T:
        """Run `work` in one transaction; returns its result once that is durable.

        Raises what `work` raises (its statements are undone), or Unavailable.
        """
        return await self._database.write(lambda _: work(self._written))

    async def forget(self) -> None:
        """Overwrite what deleted rows left behind in the write-ahead log."""
        await self._database.forget()


@contextlib.asynccontextmanager
async def reading(data_dir: Path, master_key: str | None) -> AsyncIterator[Records]:
    """What is stored, for reading alone, also while a server runs. Raises StorageError."""
    key = await asyncio.to_thread(load_master_key, master_key, data_dir, make=False)
    vault = Vault(key)
    async with database.reading(data_dir / DATABASE_NAME) as executor:
        await vault.check(executor)
        yield Records(executor, vault, Losses())
