"""Adding, using and removing second factors, each within the caller's transaction.

Whether a code or a signature is right was found out before; here it is used up, and recorded.
"""

from datetime import datetime

from signaling.account import Account
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.people.account_mail import AccountMail
from signaling.flows.people.accounts import sign_out_everywhere
from signaling.ports.store import Records
from signaling.second_factor import MOST_PASSKEYS, Passkey, recovery_digest

USED = N_("This code has been used already. Please wait for the next one.")
WRONG_RECOVERY = N_("This recovery code is wrong, or has been used already.")
COPIED = N_(
    "This passkey was refused: it may have been copied. Please sign in another way, and tell an"
    " administrator."
)
REQUIRED = N_(
    "You need a second step to sign in. Please add another one before you remove this one."
)
TOO_MANY = N_("You have %(number)s passkeys. Please remove one that you do not use any more.")
OWN = N_("Please change your own second step under your profile.")


async def add_passkey(
    records: Records, account: Account, passkey: Passkey, mail: AccountMail, now: datetime
) -> None:
    """Raises InvalidInput if the account has too many; Conflict if the passkey is known."""
    found = await records.second_factors.of_account(account.id)
    if len(found.passkeys) >= MOST_PASSKEYS:
        raise InvalidInput("name", TOO_MANY, number=MOST_PASSKEYS)
    if await records.second_factors.passkeys.get(passkey.credential_id) is not None:
        raise Conflict
    await records.second_factors.passkeys.add(passkey)
    await records.audit.append(now, account.id, "add_passkey", account.id)
    await mail.queue(records, account, "factor_added")


async def confirm_app(
    records: Records, account: Account, step: int, mail: AccountMail, now: datetime
) -> None:
    """Let the proposed authenticator app count. Raises NotFound if there is none."""
    if not await records.second_factors.apps.confirm(account.id, step):
        raise NotFound
    await records.audit.append(now, account.id, "add_authenticator", account.id)
    await mail.queue(records, account, "factor_added")


async def take_code(records: Records, account: Account, step: int) -> None:
    """Use up a code of the app. Raises InvalidInput if it was used already."""
    if not await records.second_factors.apps.take_step(account.id, step):
        raise InvalidInput("code", USED)


async def take_passkey(records: Records, passkey: Passkey, sign_count: int, now: datetime) -> bool:
    """Record a use; False, with an audit line, if the signature counter went backwards.

    Then there may be a copy of the private key (WebAuthn Level 3, section 6.1.1).
    """
    if await records.second_factors.passkeys.note_use(passkey.credential_id, sign_count, now):
        return True
    await records.audit.append(now, passkey.account_id, "refuse_passkey", passkey.account_id)
    return False


async def take_recovery_code(
    records: Records, account: Account, code: str, mail: AccountMail, now: datetime
) -> None:
    """Use up a recovery code. Raises InvalidInput if it is wrong or used."""
    codes = records.second_factors.recovery_codes
    if not await codes.use(account.id, recovery_digest(code)):
        raise InvalidInput("recovery", WRONG_RECOVERY)
    await records.audit.append(now, account.id, "use_recovery_code", account.id)
    left = await codes.count(account.id)
    await mail.queue(records, account, "recovery_code_used", count=str(left))


async def remove_passkey(
    records: Records, account: Account, credential_id: bytes, now: datetime, *, required: bool
) -> None:
    """Raises NotFound; Conflict for the last factor of somebody who must have one (`required`)."""
    await _keep_one(records, account, required=required)
    if not await records.second_factors.passkeys.remove(account.id, credential_id):
        raise NotFound
    await records.audit.append(now, account.id, "remove_passkey", account.id)
    await _forget_codes_of_nothing(records, account)


async def remove_app(records: Records, account: Account, now: datetime, *, required: bool) -> None:
    """Raises what `remove_passkey` raises."""
    await _keep_one(records, account, required=required)
    if not await records.second_factors.apps.remove(account.id):
        raise NotFound
    await records.audit.append(now, account.id, "remove_authenticator", account.id)
    await _forget_codes_of_nothing(records, account)


async def _keep_one(records: Records, account: Account, *, required: bool) -> None:
    if required and (await records.second_factors.of_account(account.id)).only_one:
        raise Conflict(REQUIRED)


async def _forget_codes_of_nothing(records: Records, account: Account) -> None:
    if not await records.second_factors.any_of(account.id):
        await records.second_factors.recovery_codes.replace(account.id, ())


async def replace_recovery_codes(
    records: Records, account: Account, codes: list[str], now: datetime
) -> None:
    """Raises NotFound for an account without a second factor, which they could not stand in for."""
    if not await records.second_factors.any_of(account.id):
        raise NotFound
    digests = map(recovery_digest, codes)
    await records.second_factors.recovery_codes.replace(account.id, digests)
    await records.audit.append(now, account.id, "make_recovery_codes", account.id)


async def reset_factors(records: Records, account_id: str, now: datetime, *, actor: str) -> Account:
    """Remove all second factors of somebody who has lost theirs, and sign them out everywhere.

    Returns the account, to be mailed. Raises NotFound; Conflict for one's own.
    """
    account = await records.accounts.get(account_id)
    if account is None:
        raise NotFound
    if account_id == actor:
        raise Conflict(OWN)
    await records.second_factors.remove_all_of(account_id)
    await sign_out_everywhere(records, account_id)
    await records.audit.append(now, actor, "reset_factors", account_id)
    return account
