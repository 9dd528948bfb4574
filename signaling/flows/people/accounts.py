"""Creating accounts, and changing their passwords, roles and web sessions."""

from dataclasses import replace
from datetime import datetime, timedelta

from signaling.account import Account, AccountRole, PasswordLink, plain_email, spellings
from signaling.contact import Contact
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.people.account_mail import AccountMail
from signaling.identifier import new_id
from signaling.ports.accounts import Accounts
from signaling.ports.store import Records
from signaling.text import typed_name
from signaling.token import new_token, token_digest

LINK_LIFETIME = timedelta(hours=24)
"Of an address at which somebody chooses a new password."
LAST = N_(
    "The last administrator cannot be suspended. Please make somebody else an administrator first."
)
LAST_ROLE = N_(
    "There must be at least one administrator. Please make somebody else an administrator first."
)
TAKEN = N_("There is an account with this email already.")
WRONG_PASSWORD = N_("That is not your current password. Please try again.")
OWN_ROLE = N_("You cannot change your own role. Please ask another administrator.")


def checked_email(typed: str) -> str:
    """An address in its canonical spelling. Raises InvalidInput for the field `email`."""
    address = plain_email(typed)
    try:
        Contact("email", address)
    except InvalidInput:
        raise InvalidInput("email", N_("This is not an email address.")) from None
    return address


def new_account(
    *,
    email: str,
    name: str,
    role: AccountRole,
    password_hash: str | None,
    language: str,
    time_zone: str,
    now: datetime,
) -> Account:
    """A checked account. Raises InvalidInput naming the field."""
    address = checked_email(email)
    return Account(
        id=new_id(),
        email=address,
        name=typed_name("name", name, required=True),
        role=role,
        password_hash=password_hash,
        language=language,
        time_zone=time_zone,
        created_at=now,
    )


async def find_account(accounts: Accounts, email: str) -> Account | None:
    """The account with this address, in any spelling; None if there is none."""
    for spelling in spellings(email):
        if (found := await accounts.by_email(spelling)) is not None:
            return found
    return None


# What follows happens within the caller's transaction.


async def add_account(records: Records, account: Account) -> None:
    """Raises InvalidInput if the email is taken, in any of its spellings."""
    if await find_account(records.accounts, account.email) is not None:
        raise InvalidInput("email", TAKEN)
    await records.accounts.add(account)


async def set_password(
    records: Records,
    account: Account,
    password_hash: str,
    now: datetime,
    *,
    actor: str,
    action: str,
    mail: AccountMail | None = None,
    keep: bytes | None = None,
) -> Account:
    """Change a password: every web session but `keep` is signed out, no browser stays known.

    `keep` is the digest of the web session that asks. An unused password link becomes invalid. The
    owner is told by `mail`, unless it is their first one.
    """
    changed = replace(account, password_hash=password_hash)
    await records.accounts.change(changed)
    await sign_out_everywhere(records, account.id, keep=keep)
    await records.password_links.remove_of(account.id)
    await records.account_mails.remove_of(account.id, ("invitation", "forgotten"))
    if mail is not None and account.password_hash is not None:
        await mail.queue(records, changed, "password_changed")
    await records.audit.append(now, actor, action, account.id)
    return changed


async def sign_out_everywhere(
    records: Records, account_id: str, *, keep: bytes | None = None
) -> None:
    """Sign somebody out everywhere but in the web session `keep`; no browser stays known."""
    await records.web_sessions.remove_all_of(account_id, keep=keep or b"")
    await records.known_browsers.remove_all_of(account_id)


async def make_password_link(
    records: Records, account_id: str, now: datetime, *, actor: str
) -> str:
    """The token of a one-time address at which somebody chooses a new password.

    The current password stays valid until then. Raises NotFound for a suspended account.
    """
    account = await records.accounts.get(account_id)
    if account is None or account.suspended_at is not None:
        raise NotFound
    token = new_token()
    link = PasswordLink(account_id, "reset", now + LINK_LIFETIME)
    await records.password_links.put(link, token_digest(token))
    await records.audit.append(now, actor, "reset_password", account_id)
    return token


async def change_role(
    records: Records, account_id: str, role: AccountRole, now: datetime, *, actor: str
) -> None:
    """Change a role. Raises NotFound; Conflict for oneself or the last administrator."""
    account = await records.accounts.get(account_id)
    if account is None:
        raise NotFound
    if account_id == actor:
        raise Conflict(OWN_ROLE)
    if role != "administrator" and not await another_administrator(records, account):
        raise Conflict(LAST_ROLE)
    if account.role != role:
        await records.accounts.change(replace(account, role=role))
        await records.audit.append(now, actor, "change_role", account_id)


async def suspend(records: Records, account: Account, now: datetime, *, actor: str) -> None:
    """Keep somebody from signing in. Raises Conflict for oneself or the last administrator."""
    if not await another_administrator(records, account):
        raise Conflict(LAST)
    if account.id == actor:
        raise Conflict
    await records.accounts.change(replace(account, suspended_at=now))
    await records.password_links.remove_of(account.id)
    await sign_out_everywhere(records, account.id)


async def able_to_sign_in(records: Records) -> list[Account]:
    """Accounts that are not suspended and whose owners have a password or a provider's sign-in.

    Not those who have yet to accept their invitation, be it expired, replaced or lost in a restore.
    """
    linked = await records.identities.accounts()
    return [
        account
        for account in await records.accounts.all()
        if account.suspended_at is None
        and (account.password_hash is not None or account.id in linked)
    ]


async def still_administrator(records: Records, account_id: str) -> None:
    """Asked again where a change is written. Raises NotFound for anybody else."""
    account = await records.accounts.get(account_id)
    if account is None or account.role != "administrator" or account.suspended_at is not None:
        raise NotFound


async def another_administrator(records: Records, account: Account) -> bool:
    """Whether there is an administrator besides this account who can sign in."""
    return any(
        other.role == "administrator" and other.id != account.id
        for other in await able_to_sign_in(records)
    )
