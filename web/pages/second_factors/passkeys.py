"""Adding a passkey."""

import logging

from aiohttp import web

from signaling.errors import N_, InvalidInput, NotAllowed
from signaling.flows.people.second_factors import add_passkey
from signaling.text import typed_name
from web.access.passkeys import PasskeyRefused
from web.http.request import entered, show, viewer_of
from web.keys import ACCOUNT_MAIL, CLOCK, PASSKEYS, STORE
from web.markup.accounts.passkeys import new_passkey_page
from web.pages.second_factors.factors import require_proof
from web.pages.second_factors.recovery_codes import after_adding
from web.sign_in.factor_checks import json_of
from web.sign_in.proof import is_proved

NOT_ADDED = N_("This passkey could not be added. Please try again.")
PROVE = N_("Please confirm again that it is you: go back, and choose “Add a passkey” once more.")
_log = logging.getLogger(__name__)


async def show_new_passkey(request: web.Request) -> web.Response:
    await entered(request)
    await require_proof(request, "new_passkey")
    return show(new_passkey_page(await viewer_of(request)))


async def passkey_options(request: web.Request) -> web.Response:
    """Options for the browser to make a passkey, but not on a device that has one."""
    account = await entered(request)
    await _require_proof(request)
    factors = await request.app[STORE].read.second_factors.of_account(account.id)
    return web.json_response(request.app[PASSKEYS].adding(account, factors.passkeys))


async def add(request: web.Request) -> web.Response:
    """Store the passkey that the browser has made. The answer says where to go on."""
    account, app, posted = await entered(request), request.app, await json_of(request)
    await _require_proof(request)
    name = typed_name("name", str(posted.get("name", "")), required=True)
    now, mail = app[CLOCK].now(), app[ACCOUNT_MAIL]
    try:
        passkey = app[PASSKEYS].added(account, posted.get("credential"), name, now)
    except PasskeyRefused as error:
        _log.info("passkey not added", extra={"reason": str(error)})
        raise InvalidInput("passkey", NOT_ADDED) from None
    await app[STORE].write(lambda records: add_passkey(records, account, passkey, mail, now))
    return web.json_response({"next": await after_adding(request, account)})


async def _require_proof(request: web.Request) -> None:
    if not await is_proved(request):
        raise NotAllowed(PROVE)
