"""Everything stored, by noun, over one database and one vault."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from signaling.errors import NotFound, Unavailable
from storage import data_folder, opening
from storage.backup.restored_folder import refuse_half
from storage.engine.commit_hooks import CommitHooks
from storage.engine.database import About, Database
from storage.engine.executor import Executor
from storage.engine.master_key import load_master_key, take_next
from storage.engine.vault import Vault, known_key
from storage.errors import StorageError, WrongMasterKey
from storage.files.block_objects import open_objects
from storage.files.block_rows import BlockRows
from storage.files.folder_parts import FILES, FolderParts
from storage.files.object_address import ObjectAddress
from storage.files.parts import Parts
from storage.files.remote_parts import RemoteParts
from storage.files.sealed_files import SealedFiles
from storage.folder.lock import DataFolderLock, make_folder
from storage.folder.purged_list import PURGED_LIST, PurgedList, digest
from storage.records.attachments import Attachments
from storage.records.audit import Audit
from storage.records.calls import Calls
from storage.records.chat import Chat
from storage.records.clock import Clock
from storage.records.commands import Commands
from storage.records.consultations import Consultations
from storage.records.deliveries import Deliveries
from storage.records.device_checks import DeviceChecks
from storage.records.duties import Duties
from storage.records.hosts import Hosts
from storage.records.interpreters import Interpreters
from storage.records.invites import Invites
from storage.records.notice_texts import NoticeTexts
from storage.records.notices import Notices
from storage.records.numbers import Numbers
from storage.records.page_texts import PageTexts
from storage.records.people.account_mails import AccountMails
from storage.records.people.accounts import Accounts, WebSessions
from storage.records.people.identities import AccessRequests, Identities
from storage.records.people.known_browsers import KnownBrowsers
from storage.records.people.password_links import PasswordLinks
from storage.records.people.second_factors import SecondFactorRecords
from storage.records.people.teams import Teams
from storage.records.purged import Purged
from storage.records.replies import Replies
from storage.records.settings import Settings
from storage.records.uploads import Uploads
from storage.records.used_tokens import UsedTokens

T = TypeVar("T")
SIGNED_IN = ("web_session", "seat", "known_browser", "password_link", "account_mail")
"Tables of who is signed in and where, and of one-time addresses: none of it survives a restore."
SERVED = ("duty", "room_owner", "host")
"Tables of which host serves what: those of a backup do not any more."
_log = logging.getLogger(__name__)


class Records:
    """The nouns over one connection: the reader's, or the writer's within a transaction."""

    def __init__(
        self, executor: Executor, vault: Vault, hooks: CommitHooks, purged_list: PurgedList
    ) -> None:
        self.web_sessions = WebSessions(executor, hooks)
        self.accounts = Accounts(executor, self.web_sessions)
        self.identities = Identities(executor)
        self.access_requests = AccessRequests(executor)
        self.account_mails = AccountMails(executor, vault, hooks)
        self.teams = Teams(executor)
        self.consultations = Consultations(executor, vault, purged_list, hooks)
        self.invites = Invites(executor, vault, hooks)
        self.known_browsers = KnownBrowsers(executor)
        self.password_links = PasswordLinks(executor)
        self.second_factors = SecondFactorRecords(executor, vault)
        self.chat = Chat(executor, vault)
        self.uploads = Uploads(executor, vault)
        self.attachments = Attachments(executor, vault)
        self.commands = Commands(executor)
        self.duties = Duties(executor)
        self.clock = Clock(executor)
        self.calls = Calls(executor)
        self.device_checks = DeviceChecks(executor, vault)
        self.settings = Settings(executor)
        self.interpreters = Interpreters(executor, vault)
        self.audit = Audit(executor, vault)
        self.notices = Notices(executor, vault, hooks)
        self.deliveries = Deliveries(executor)
        self.notice_texts = NoticeTexts(executor)
        self.numbers = Numbers(executor)
        self.page_texts = PageTexts(executor)
        self.purged = Purged(executor)
        self.replies = Replies(executor, vault)
        self.used_tokens = UsedTokens(executor)
        self.hosts = Hosts(executor, vault)


def _prepare(data_dir: Path) -> None:
    make_folder(data_dir)
    refuse_half(data_dir)


async def _key(database: Database, data_dir: Path, master_key: str | None) -> bytes:
    """The master key; one is made only for a database that was written with none yet."""
    needed = await known_key(database.read) is not None
    return await asyncio.to_thread(load_master_key, master_key, data_dir, needed=needed)


async def _vault(database: Database, key: bytes, key_folder: Path | None) -> Vault:
    """The vault, with the next key from `key_folder` if a rotation to that one was interrupted."""
    try:
        return await Vault.open(database, key)
    except WrongMasterKey as error:
        if key_folder is None:
            raise
        next_key = await asyncio.to_thread(take_next, key_folder, error.needed)
        if next_key is None:
            raise
        return await Vault.open(database, next_key)


async def _parts(data_dir: Path, address: ObjectAddress | None, shared: Database | None) -> Parts:
    """Where the parts of files are: `shared` by several hosts, unless in an object store.

    Raises StorageError.
    """
    if address is None:
        return FolderParts(data_dir / FILES) if shared is None else RemoteParts(BlockRows(shared))
    objects = open_objects(address)
    try:
        await objects.check()
    except NotFound:
        raise StorageError(
            f"The object store of TELECONNECT_FILES has no bucket {address.bucket}."
        ) from None
    except Unavailable as error:
        # what follows the first line is for who mends the library
        cause = str(error.__cause__ or error).strip().partition("\n")[0].rstrip(" .")
        raise StorageError(
            f"The object store of TELECONNECT_FILES cannot be used: {cause}."
        ) from error
    return RemoteParts(objects)


class Store:
    """Open with `await Store.open(...)`, close with `close()`."""

    def __init__(
        self, database: Database, vault: Vault, purged_list: PurgedList, parts: Parts
    ) -> None:
        self._database = database
        self._purged_list = purged_list
        self._vault = vault
        self.hooks = CommitHooks()
        self.read = Records(database.read, vault, self.hooks, purged_list)
        self._written = Records(database.write_executor, vault, self.hooks, purged_list)
        self.files = SealedFiles(parts, vault, database.read)

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        master_key: str | None,
        files: ObjectAddress | None = None,
        *,
        database_url: str = "",
    ) -> "Store":
        """Open the data folder, and the database there or at `database_url`.

        `files` of the chat are in that object store; None: in the data folder, or in the database at
        `database_url`. Raises StorageError with a sentence for the operator.
        """
        await asyncio.to_thread(_prepare, data_dir)
        if not database_url:  # before there is a file: one without its key means that it was lost
            key = await asyncio.to_thread(load_master_key, master_key, data_dir)
        opened = await opening.open_database(data_dir, database_url)
        try:
            with opened.usable("read"):
                if database_url:
                    key = await _key(opened, data_dir, master_key)
                vault = await _vault(opened, key, None if master_key else data_dir)
                parts = await _parts(data_dir, files, opened if database_url else None)
                store = cls(opened, vault, PurgedList(data_dir / PURGED_LIST), parts)
                await store._purge_again()
        except BaseException:
            await opened.close()
            raise
        return store

    @classmethod
    @contextlib.asynccontextmanager
    async def serving(
        cls,
        data_dir: Path,
        master_key: str | None,
        files: ObjectAddress | None = None,
        *,
        database_url: str = "",
    ) -> "AsyncIterator[Store]":
        """As `open`, for a server: within, no other serves the folder, which was prepared before."""
        lock = await asyncio.to_thread(DataFolderLock.serve, data_dir)
        try:
            await asyncio.to_thread(data_folder.prepare, data_dir)
            store = await cls.open(data_dir, master_key, files, database_url=database_url)
            try:
                yield store
            finally:
                await store.close()
        finally:
            await asyncio.to_thread(lock.release)

    def starting(self) -> AbstractContextManager[None]:
        """Within, failures keep a server from starting: raises StorageError with a sentence."""
        return self._database.usable("used")

    async def _purge_again(self) -> None:
        """Purge again what an old database, or a crash during a purge, has brought back."""
        listed = await asyncio.to_thread(self._purged_list.read)
        back = [each for each in await self.read.consultations.ids() if digest(each) in listed]
        if not back:
            return

        async def work(records: Records) -> None:
            for consultation_id in back:
                await records.consultations.purge(consultation_id)

        await self.write(work)
        for consultation_id in back:
            await self.files.delete_all(consultation_id)
        await self.forget()
        _log.warning("deleted again, as they had been before: sessions=%d", len(back))

    async def close(self) -> None:
        await self._database.close()

    async def write(self, work: Callable[[Records], Awaitable[T]], about: About | None = None) -> T:
        """Run `work` in one transaction; returns its result once it is durable.

        Nobody else writes meanwhile: about the consultation with the id `about`, or those of several,
        or at all if that is None. A work about none, an empty tuple, locks what it changes. It may run more
        than once (`storage/engine/database.py`). Raises what `work` raises (its statements are undone), or
        Unavailable.
        """
        return await self._database.write(lambda _: work(self._written), about)

    def write_as(self, host_id: str) -> None:
        """From now on nothing is written unless that host is one of those that share the database."""
        self._database.write_as(host_id)

    def on_doubt(self, doubted: Callable[[frozenset[str] | None], None]) -> None:
        """Have this called when a commit had no answer, with the sessions that it was about; None: any."""
        self._database.doubted = doubted

    def drop_keys(self, consultation_ids: Iterable[str] | None = None) -> None:
        """Other processes may have deleted these sessions, or any: their keys stay in memory no longer."""
        self._vault.drop(consultation_ids)

    def is_own(self, process: int) -> bool:
        """Whether a process of the database server writes for this store."""
        return self._database.is_own(process)

    @property
    def engine(self) -> str:
        """Where it is stored: `sqlite` or `postgresql`."""
        return self._database.engine

    async def database_bytes(self) -> int:
        """How much the database takes, without files of the chats. Raises Unavailable."""
        return await self._database.size()

    async def sign_everybody_out(self) -> None:
        """Delete who is signed in, who holds which seat, and which host serves what."""

        async def work(executor: Executor) -> None:
            for table in (*SIGNED_IN, *SERVED):
                await executor.rows(f"DELETE FROM {table}")

        await self._database.write(work)

    async def forget(self) -> bool:
        """Overwrite what deleted rows left behind; False if a reader still needs it.

        Raises Unavailable.
        """
        return await self._database.forget()


@contextlib.asynccontextmanager
async def reading(
    data_dir: Path, master_key: str | None, database_url: str = ""
) -> AsyncIterator[Records]:
    """What is stored, read only, also while a server runs. Raises StorageError."""
    key = await asyncio.to_thread(load_master_key, master_key, data_dir, make=False)
    vault = Vault(key)
    async with opening.reading(data_dir, database_url) as executor:
        await vault.check(executor)
        yield Records(executor, vault, CommitHooks(), PurgedList(data_dir / PURGED_LIST))
