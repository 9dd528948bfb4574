"""Everything stored, by noun, over one database and one vault."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

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
from storage.known_browsers import KnownBrowsers
from storage.notice_texts import NoticeTexts
from storage.notices import Notices
from storage.password_links import PasswordLinks
from storage.replies import Replies
from storage.settings import Settings
from storage.used_tokens import UsedTokens
from storage.vault import DATABASE_NAME, Vault, load_master_key

T = TypeVar("T")


class Records:
    """The nouns, on one connection: the reader's, or the writer's within a transaction."""

    def __init__(self, executor: Executor, vault: Vault) -> None:
        self.accounts = Accounts(executor)
        self.web_sessions = WebSessions(executor)
        self.known_browsers = KnownBrowsers(executor)
        self.password_links = PasswordLinks(executor)
        self.consultations = Consultations(executor, vault)
        self.invites = Invites(executor, vault)
        self.chat = Chat(executor, vault)
        self.calls = Calls(executor)
        self.device_checks = DeviceChecks(executor, vault)
        self.settings = Settings(executor)
        self.interpreters = Interpreters(executor, vault)
        self.audit = Audit(executor)
        self.notices = Notices(executor, vault)
        self.notice_texts = NoticeTexts(executor)
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
        self.read = Records(database.read, vault)
        self._written = Records(database.write_executor, vault)

    @classmethod
    async def open(cls, data_dir: Path, master_key: str | None) -> "Store":
        """Open the data folder. Raises StorageError with a sentence for the operator."""
        key = await asyncio.to_thread(_prepare, data_dir, master_key)
        database = await Database.open(data_dir / DATABASE_NAME)
        vault = Vault(key)
        try:
            await vault.check(database.read)
        except BaseException:
            await database.close()
            raise
        return cls(database, vault)

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
