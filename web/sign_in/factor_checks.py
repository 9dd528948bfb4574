"""Checking a second factor: a code of the app, a recovery code, or a passkey's answer.

What is right is used up at once, so that it serves once. Wrong codes are limited for each account: by
each browser that has signed in to it before, and by all others together, so that nobody who guesses
keeps the owner out.
"""

import logging
from typing import Any

import msgspec
from aiohttp import web

from signaling.account import Account
from signaling.errors import N_, InvalidInput, TooLarge
from signaling.flows.people.second_factors import (
    COPIED,
    take_code,
    take_passkey,
    take_recovery_code,
)
from signaling.second_factor import typed_code
from web.access import authenticator
from web.access.passkeys import PasskeyRefused, Purpose, credential_id
from web.http.client_address import client_network
from web.keys import ACCOUNT_MAIL, CLOCK, FAILED_SIGN_IN_LOG, LIMITS, PASSKEYS, STORE
from web.sign_in.known_browsers import Browser, code_guesses

NO_CODE = N_("Please type the six digits that the app shows.")
WRONG = N_(
    "This code is wrong or too old. Please type the newest one. If that fails too, let your phone set"
    " its date and time by itself."
)
SLOW = N_(
    "Your phone's clock differs from ours by %(minutes)s min. Please let the phone set its date and time"
    " by itself, and type a new code."
)
REFUSED = N_("This passkey could not be checked. Please try again.")
MAX_ANSWER_BYTES = 64 * 2**10
"Of a browser's answer; with an attestation some 6 KB."
_log = logging.getLogger(__name__)


async def check_code(request: web.Request, browser: Browser, account: Account, typed: str) -> None:
    """Raises InvalidInput for the field `code`, or TooManyRequests."""
    app, code, who = request.app, typed_code(typed), _who(browser, account, "code")
    if not authenticator.is_code(code):
        raise InvalidInput("code", NO_CODE)
    await app[LIMITS].hit("guess_code", who)
    factors, now = await app[STORE].read.second_factors.of_account(account.id), app[CLOCK].now()
    secret = factors.app.secret if factors.app else authenticator.new_secret()
    step = authenticator.step_of(secret, code, now)
    if step is None:
        await app[FAILED_SIGN_IN_LOG].note(account.id, client_network(request))
        if minutes := authenticator.minutes_behind(secret, code, now):
            raise InvalidInput("code", SLOW, minutes=minutes)
        raise InvalidInput("code", WRONG)
    await app[STORE].write(lambda records: take_code(records, account, step))
    _succeeded(request, browser, account, "code")


async def check_recovery_code(
    request: web.Request, browser: Browser, account: Account, typed: str
) -> None:
    """Raises InvalidInput for the field `recovery`, or TooManyRequests."""
    app, who = request.app, _who(browser, account, "recovery")
    await app[LIMITS].hit("guess_code", who)
    mail, now = app[ACCOUNT_MAIL], app[CLOCK].now()
    try:
        await app[STORE].write(
            lambda records: take_recovery_code(records, account, typed, mail, now)
        )
    except InvalidInput:
        await app[FAILED_SIGN_IN_LOG].note(account.id, client_network(request))
        raise
    _succeeded(request, browser, account, "recovery")


async def check_passkey(
    request: web.Request, purpose: Purpose, answer: Any, account_id: str = ""
) -> Account:
    """Whose passkey has answered. Raises InvalidInput for the field `passkey`."""
    app = request.app
    await app[LIMITS].hit("passkey", client_network(request))
    account = None
    try:
        passkey = await app[STORE].read.second_factors.passkeys.get(credential_id(answer))
        if passkey is None or account_id not in ("", passkey.account_id):
            raise PasskeyRefused("an unknown passkey, or that of another account")
        account = await app[STORE].read.accounts.get(passkey.account_id)
        count = app[PASSKEYS].answered(purpose, account_id, passkey, answer)
    except PasskeyRefused as error:
        _log.info("passkey refused", extra={"reason": str(error)})
        if account is not None:
            await app[FAILED_SIGN_IN_LOG].note(account.id, client_network(request))
        raise InvalidInput("passkey", REFUSED) from None
    now = app[CLOCK].now()
    if not await app[STORE].write(lambda records: take_passkey(records, passkey, count, now)):
        raise InvalidInput("passkey", COPIED)
    if account is None or account.suspended_at is not None:
        raise InvalidInput("passkey", REFUSED)
    return account


async def json_of(request: web.Request) -> dict[str, Any]:
    """The object that a script has posted. Raises InvalidInput, TooLarge."""
    body = await request.read()
    if len(body) > MAX_ANSWER_BYTES:
        raise TooLarge
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise InvalidInput("body") from None


def _who(browser: Browser, account: Account, what: str) -> str:
    return code_guesses(account.id, _known(browser, account), what)


def _known(browser: Browser, account: Account) -> bytes | None:
    return browser.digest if account.id in browser.accounts else None


def _succeeded(request: web.Request, browser: Browser, account: Account, what: str) -> None:
    """A known browser's wrong codes are forgotten; what strangers have tried is not."""
    limits, who = request.app[LIMITS], _who(browser, account, what)
    if _known(browser, account):
        limits.forget("guess_code", who)
    else:
        limits.give_back("guess_code", who)
