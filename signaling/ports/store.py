"""Everything stored, by noun, and the one way to write."""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from signaling.errors import TeleConnectError
from signaling.ports.account_mails import AccountMails
from signaling.ports.accounts import Accounts, KnownBrowsers, PasswordLinks, WebSessions
from signaling.ports.attachments import Attachments, Uploads
from signaling.ports.calls import Calls, Commands
from signaling.ports.chat import Chat
from signaling.ports.consultations import Consultations, Purged
from signaling.ports.files import Files
from signaling.ports.identities import AccessRequests, Identities
from signaling.ports.interpreters import Interpreters
from signaling.ports.invites import DeviceChecks, Invites, Replies
from signaling.ports.notices import Notices, UsedTokens
from signaling.ports.second_factors import SecondFactorRecords
from signaling.ports.teams import Teams
from signaling.ports.upkeep import Audit, Numbers, SeenClock, Settings

T = TypeVar("T")


class Damaged(TeleConnectError):
    """The key of a session is damaged: what is sealed of it cannot be read, and no more can be sealed.

    It will not be otherwise later, so unlike after Unavailable nobody tries again.
    """


class Records(Protocol):
    """Everything stored, by noun; inside `Store.write` one transaction, else committed data."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def web_sessions(self) -> WebSessions: ...
    @property
    def known_browsers(self) -> KnownBrowsers: ...
    @property
    def password_links(self) -> PasswordLinks: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def access_requests(self) -> AccessRequests: ...
    @property
    def account_mails(self) -> AccountMails: ...
    @property
    def second_factors(self) -> SecondFactorRecords: ...
    @property
    def teams(self) -> Teams: ...
    @property
    def consultations(self) -> Consultations: ...
    @property
    def invites(self) -> Invites: ...
    @property
    def chat(self) -> Chat: ...
    @property
    def uploads(self) -> Uploads: ...
    @property
    def attachments(self) -> Attachments: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def device_checks(self) -> DeviceChecks: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def used_tokens(self) -> UsedTokens: ...
    @property
    def clock(self) -> SeenClock: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def interpreters(self) -> Interpreters: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def numbers(self) -> Numbers: ...
    @property
    def purged(self) -> Purged: ...


class Store(Protocol):
    @property
    def read(self) -> Records: ...

    @property
    def files(self) -> Files: ...

    async def write(
        self, work: Callable[[Records], Awaitable[T]], about: str | Collection[str] | None = None
    ) -> T:
        """Run `work` in one transaction; returns once it is durable.

        Nobody else writes meanwhile: about the consultation with the id `about`, or those of several,
        or at all if that is None. A work about none, an empty tuple, locks what it changes.
        """
        ...

    async def forget(self) -> bool:
        """Overwrite what deleted rows left behind; False if a reader still needs it."""
        ...
