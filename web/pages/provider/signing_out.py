"""Signing out at the provider, both ways: RP-Initiated Logout 1.0 and Back-Channel Logout 1.0."""

import json
import logging
from datetime import UTC, datetime, timedelta

from aiohttp import hdrs, web

from signaling.audit import SERVER
from signaling.identity import ProviderUnavailable, SignInRefused
from storage.store import Records
from web.http.forms import form_of
from web.http.request import by_link, show, viewer_of
from web.keys import CLOCK, PROVIDER, STORE
from web.markup.accounts.provider import signed_out_page
from web.pages.provider.configured import provider_of
from web.sign_in.leaving import FORGET

REMEMBERED = timedelta(days=1)
"How long the id of a logout token is kept at most; storage keeps none longer."
_log = logging.getLogger(__name__)


async def way_out(request: web.Request, began: str) -> web.Response | None:
    """The page from which a browser that has just signed out goes on to do so at the provider.

    `began` is the data of its web session. None if that did not begin at the provider, or if the
    provider cannot be reached. A redirect would not do: Chromium applies `form-action` to what the
    redirect of a form leads to as well (CSP Level 3, section 6.4.1), and the provider may lead on.
    """
    provider = request.app.get(PROVIDER)
    data = json.loads(began)
    if provider is None or data.get("way") != "provider":
        return None
    try:
        address = await provider.sign_out_address(str(data.get("id_token", "")))
    except ProviderUnavailable as error:
        _log.warning("Nobody can be signed out of the provider: %s", error.problem)
        return None
    if not address:
        return None
    viewer = by_link(await viewer_of(request))  # who signs out is still known to this request
    page = signed_out_page(viewer, provider.label, address)
    return show(page, headers=FORGET | {"Refresh": f"0; url={address}"})


async def receive_logout(request: web.Request) -> web.Response:
    """Take a logout token from the provider: what its session has begun here ends at once."""
    provider, now = provider_of(request), request.app[CLOCK].now()
    token = (await form_of(request)).get("logout_token", "")
    try:
        claims = await provider.signed_out(token)
    except ProviderUnavailable as error:
        _log.warning("A logout token cannot be checked: %s", error.problem)
        return _answer(error.status, "temporarily_unavailable", error.problem)
    except SignInRefused as error:
        _log.warning("A logout token was refused: %s", error.problem)
        return _answer(400, "invalid_request", error.problem)
    over = min(datetime.fromtimestamp(claims["exp"], UTC) + timedelta(minutes=2), now + REMEMBERED)

    async def work(records: Records) -> bool:
        if not await records.used_tokens.use(f"logout:{claims['jti']}", over, now):
            return False
        ended = await records.web_sessions.remove_of_provider(
            provider.settings.issuer, claims.get("sub"), claims.get("sid")
        )
        for account_id in ended:
            await records.audit.append(now, SERVER, "provider_sign_out", account_id)
        return True

    if not await request.app[STORE].write(work):
        _log.warning("A logout token was refused: it was used before")
        return _answer(400, "invalid_request", "the logout token was used before")
    return web.Response(headers={hdrs.CACHE_CONTROL: "no-store"})


def _answer(status: int, error: str, problem: str) -> web.Response:
    return web.json_response(
        {"error": error, "error_description": problem},
        status=status,
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )


async def show_signed_out(request: web.Request) -> web.Response:
    """Where the provider sends a browser that has signed out there."""
    provider = provider_of(request)
    return show(signed_out_page(await viewer_of(request), provider.label))
