"""One-time addresses at which somebody chooses a password: by invitation, or after forgetting it."""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from signaling.account import Account, PasswordLink
from signaling.audit import STRANGER
from signaling.errors import N_, Conflict, NotFound, Unavailable
from signaling.flows.people.account_mail import AccountMail
from signaling.flows.people.accounts import add_account, find_account
from signaling.ports.clock import Clock, Timers
from signaling.ports.store import Records, Store
from signaling.ports.wording import Wording
from signaling.token import new_token, token_digest

INVITED_FOR = timedelta(days=7)
FORGOTTEN_FOR = timedelta(hours=1)
ANSWER_AFTER = timedelta(seconds=1)
"""Whoever asks has had the page by then, so that what is done for an account takes no time that they
could measure."""
MOST_ASKED = 1000
"Addresses in memory that wait for this second."

_log = logging.getLogger(__name__)

USED = N_(
    "This link cannot be used any more. If you have chosen a password, please sign in with it."
    " Otherwise please ask an administrator for a new link."
)
INVITATION_OVER = N_(
    "This invitation has expired. Please ask %(name)s, who invited you, for a new one."
)
RESET_OVER = N_("This link has expired. Please ask an administrator for a new one.")
FORGOTTEN_OVER = N_(
    "This link has expired. Press “Forgot your password?” on the sign-in page to get a new one."
)
NOT_INVITED = N_("This person has accepted the invitation, or it was withdrawn, meanwhile.")


@dataclass(frozen=True)
class Choice:
    """Somebody who may choose a password."""

    account: Account
    link: PasswordLink


async def look_up_choice(records: Records, token: str, now: datetime) -> Choice:
    """Whose password this link changes.

    Raises NotFound if it is used, withdrawn or expired; an expired one says whom to ask.
    """
    link = await records.password_links.find(token_digest(token))
    account = await records.accounts.get(link.account_id) if link else None
    if link is None or account is None or account.suspended_at is not None:
        raise NotFound(USED)
    if link.expires_at > now:
        return Choice(account, link)
    if link.kind == "forgotten":
        raise NotFound(FORGOTTEN_OVER)
    host = await records.accounts.get(link.made_by) if link.made_by else None
    if link.kind == "invitation" and host is not None and host.suspended_at is None:
        raise NotFound(INVITATION_OVER, name=host.name)
    raise NotFound(RESET_OVER)


class AccountInvitations:
    """Accounts whose owners have yet to choose their password."""

    def __init__(self, wording: Wording, mail: AccountMail, clock: Clock) -> None:
        self._wording = wording
        self._mail = mail
        self._clock = clock

    async def invite(
        self,
        records: Records,
        account: Account,
        ids: Sequence[str] = (),
        *,
        actor: Account,
        by_mail: bool = False,
    ) -> str:
        """Make an account without a password, and write to its owner. Returns the mail's link.

        Where the same form comes again, an account that was invited has one of `ids`: nothing is made, and
        nobody is written to again unless nothing goes out `by_mail`, so that the link has to be
        passed on. Raises InvalidInput if the email is taken.
        """
        for each in ids:
            found = await records.accounts.get(each)
            if found is not None and found.password_hash is None and found.suspended_at is None:
                return "" if by_mail else await self._send(records, found, actor)
        await add_account(records, account)
        return await self._send(records, account, actor)

    async def invite_again(self, records: Records, account_id: str, *, actor: Account) -> str:
        """Send a new link, which replaces the last one. Raises NotFound; Conflict if accepted."""
        return await self._send(records, await self._invited(records, account_id), actor)

    async def withdraw(self, records: Records, account_id: str, *, actor: Account) -> Sequence[str]:
        """Delete an account that nobody has used. Raises NotFound; Conflict if accepted.

        Returns the ids of its mails, to be forgotten after the commit.
        """
        account = await self._invited(records, account_id)
        now = self._clock.now()
        await records.audit.append(now, actor.id, "withdraw_account_invitation", account_id)
        mails = await records.account_mails.remove_of(account.id, ("invitation",))
        if not await records.accounts.remove_unused(account.id):
            raise Conflict(NOT_INVITED)
        return mails

    async def _invited(self, records: Records, account_id: str) -> Account:
        account = await records.accounts.get(account_id)
        if account is None:
            raise NotFound
        if account.password_hash is not None or account.suspended_at is not None:
            raise Conflict(NOT_INVITED)
        return account

    async def _send(self, records: Records, account: Account, actor: Account) -> str:
        now, token = self._clock.now(), new_token()
        over = now + INVITED_FOR
        await records.password_links.put(
            PasswordLink(account.id, "invitation", over, actor.id), token_digest(token)
        )
        link = self._wording.password_address(token)
        await self._mail.queue(
            records, account, "invitation", link=link, expires_at=over, person=actor.name
        )
        await records.audit.append(now, actor.id, "invite_account", account.id)
        return link


class ForgottenPasswords:
    """Mails to those who have forgotten their password.

    Whether an address has an account shows neither in the answer nor in the time that it takes: all
    that depends on it happens afterwards.
    """

    def __init__(
        self, store: Store, wording: Wording, mail: AccountMail, clock: Clock, timers: Timers
    ) -> None:
        self._store = store
        self._wording = wording
        self._mail = mail
        self._clock = clock
        self._timers = timers
        self._asked: deque[str] = deque(maxlen=MOST_ASKED)

    def ask(self, email: str) -> None:
        """Write to the account with this address, if there is one that has a password."""
        if not self._asked:
            self._timers.set("forgotten", self._clock.now() + ANSWER_AFTER, self.answer)
        self._asked.append(email)

    async def answer(self) -> None:
        """Queue the mails for everybody who has asked. Raises Unavailable; they wait, then."""
        asked = list(self._asked)
        self._asked.clear()
        while asked:
            try:
                await self._store.write(partial(self._answer, asked[0]))
            except Unavailable:  # the timer runs again
                self._asked.extendleft(reversed(asked))
                raise
            except Exception:  # the others are answered nevertheless
                _log.exception("forgotten password not answered")
            del asked[0]

    async def _answer(self, email: str, records: Records) -> None:
        account = await find_account(records.accounts, email)
        if account is None or account.suspended_at is not None or account.password_hash is None:
            return
        now, token = self._clock.now(), new_token()
        over = now + FORGOTTEN_FOR
        await records.password_links.put(
            PasswordLink(account.id, "forgotten", over), token_digest(token)
        )
        await self._mail.queue(
            records,
            account,
            "forgotten",
            link=self._wording.password_address(token),
            expires_at=over,
        )
        await records.audit.append(now, STRANGER, "request_password_link", account.id)
