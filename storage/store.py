"""Everything stored, by noun, over one database and one vault."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from storage.accounts import Accounts, WebSessions
from storage.audit import Audit
from storage.calls import Calls
from storage.chat import Chat
from storage.clock import Clock
from storage.consultations import Consultations
from storage.database import Database, Executor, usable
from storage.device_checks import DeviceChecks
from storage.folder_lock import make_folder
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
        self.clock = Clock(executor)
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
    make_folder(data_dir)
    return load_master_key(master_key, data_dir)


class Store:
    """Open with `await Store.open(...)`, close with `close()`."""

    def __init__(self, database: Database, vault: Vault, path: Path) -> None:
        self._database = database
        self._path = path
        self.losses = Losses()
        self.read = Records(database.read, vault, self.losses)
        self._written = Records(database.write_executor, vault, self.losses)

    @classmethod
    async def open(cls, data_dir: Path, master_key: str | None) -> "Store":
        """Open the data folder. Raises StorageError with a sentence for the operator."""
        key = await asyncio.to_thread(_prepare, data_dir, master_key)
        path = data_dir / DATABASE_NAME
        database = await Database.open(path)
        vault = Vault(key)
        try:
            with usable(path, "read"):
                await vault.check(database.read)
        except BaseException:
            await database.close()
            raise
        return cls(database, vault, path)

    def starting(self) -> AbstractContextManager[None]:
        """What fails in here keeps a server from starting: raises StorageError with a sentence."""
        return usable(self._path, "used")

    async def close(self) -> None:
        await self._database.close()

    async def write(self, work: Callable[[Records], Awaitable[T]]) -> T:
        """Run `work` in one transaction; returns its result once that is durable.

        Raises what `work` raises (its statements are undone), or Unavailable.
        """
        return await self._database.write(lambda _: work(self._written))

    async def forget(self) -> bool:
        """Overwrite what deleted rows left behind; False if somebody still reads it.

        Raises Unavailable.
        """
        return await self._database.forget()
