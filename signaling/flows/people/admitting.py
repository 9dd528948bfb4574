"""Whoever the provider of sign-in has signed in: to which account, or how they come by one.

All of it happens within the caller's transaction.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from signaling.account import Account
from signaling.audit import SERVER, STRANGER
from signaling.errors import N_, Conflict, NotFound
from signaling.flows.people.accounts import (
    add_account,
    another_administrator,
    find_account,
    new_account,
)
from signaling.identifier import new_id
from signaling.identity import AccessRequest, Admission, Person, SignInRefused
from signaling.ports.store import Records

SUSPENDED = N_("Your account here is suspended. Please ask an administrator.")
OF_SOMEBODY_ELSE = N_(
    "Another account here has your email address already. Please ask an administrator."
)


@dataclass(frozen=True)
class Here:
    """What the browser says about somebody whom the server does not know yet."""

    language: str
    time_zone: str


@dataclass(frozen=True)
class Admitted:
    account: Account


@dataclass(frozen=True)
class PasswordDue:
    """An account with the same address: whoever knows its password may link it."""

    account: Account


@dataclass(frozen=True)
class Waiting:
    """An administrator has to accept the request."""

    new: bool
    "Whether it has just been made."


async def admit(
    records: Records, admission: Admission, person: Person, here: Here, now: datetime
) -> Admitted | PasswordDue | Waiting:
    """What becomes of somebody whom the provider has signed in. Raises SignInRefused."""
    admission.check(person)
    account_id = await records.identities.account_of(person.identity)
    if account_id is not None:
        known = await records.accounts.get(account_id)
        if known is None or known.suspended_at is not None:
            raise SignInRefused("the account is suspended", SUSPENDED)
        return Admitted(await _follow_role(records, admission, person, known, now))
    found = await find_account(records.accounts, person.email)
    if found is not None:
        return await _admit_known(records, admission, person, found, now)
    if admission.new_accounts == "request":
        request = AccessRequest(
            new_id(), person.identity, person.email, person.name, here.language, here.time_zone, now
        )
        new = await records.access_requests.put(request)
        if new:
            await records.audit.append(now, STRANGER, "ask_access", request.id)
        return Waiting(new)
    account = new_account(
        email=person.email,
        name=person.name,
        role=admission.role(person) or "scheduler",
        password_hash=None,
        language=here.language,
        time_zone=here.time_zone,
        now=now,
    )
    await add_account(records, account)
    await records.identities.add(person.identity, account.id, now)
    await records.audit.append(now, account.id, "create_account", account.id)
    return Admitted(account)


async def _admit_known(
    records: Records, admission: Admission, person: Person, found: Account, now: datetime
) -> Admitted | PasswordDue:
    """Somebody who comes for the first time, and whose address an account has."""
    if found.suspended_at is not None:
        raise SignInRefused("the account with this address is suspended", SUSPENDED)
    if found.password_hash is not None:
        return PasswordDue(found)
    if await records.identities.of_account(found.id):
        # the organization may have given the address to a successor
        raise SignInRefused("the account with this address is another identity's", OF_SOMEBODY_ELSE)
    # invited by mail, and not here yet: the provider has verified that same address
    return Admitted(await link(records, admission, person, found, now))


async def link(
    records: Records, admission: Admission, person: Person, account: Account, now: datetime
) -> Account:
    """Let an identity sign in to an account from now on. Raises Conflict, SignInRefused.

    Conflict: the account has changed since `account` was read.
    """
    admission.check(person)
    if await records.accounts.get(account.id) != account or account.suspended_at is not None:
        raise Conflict
    await records.identities.add(person.identity, account.id, now)
    await records.audit.append(now, account.id, "link_identity", account.id)
    return await _follow_role(records, admission, person, account, now)


async def _follow_role(
    records: Records, admission: Admission, person: Person, account: Account, now: datetime
) -> Account:
    """Give the role that the provider decides about; the last administrator stays one."""
    role = admission.role(person)
    if role is None or role == account.role:
        return account
    if role != "administrator" and not await another_administrator(records, account):
        return account
    changed = replace(account, role=role)
    await records.accounts.change(changed)
    await records.audit.append(now, SERVER, "change_role", account.id)
    return changed


async def accept(records: Records, request_id: str, now: datetime, *, actor: str) -> Account:
    """Make the account that was requested. Raises NotFound; InvalidInput if its address is taken."""
    request = await records.access_requests.get(request_id)
    if request is None:
        raise NotFound
    account = new_account(
        email=request.email,
        name=request.name,
        role="scheduler",
        password_hash=None,
        language=request.language,
        time_zone=request.time_zone,
        now=now,
    )
    await add_account(records, account)
    await records.identities.add(request.identity, account.id, now)
    await records.access_requests.remove(request_id)
    await records.audit.append(now, actor, "accept_access", account.id)
    return account


async def refuse(records: Records, request_id: str, now: datetime, *, actor: str) -> None:
    """Drop a request. Raises NotFound."""
    request = await records.access_requests.get(request_id)
    if request is None:
        raise NotFound
    await records.access_requests.remove(request_id)
    await records.audit.append(now, actor, "refuse_access", request_id)
