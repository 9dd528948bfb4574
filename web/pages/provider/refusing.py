"""When the provider, or its answer, signs nobody in: a page, a line in the log, one in the audit log."""

import logging
from dataclasses import replace

from aiohttp import web

from signaling.identity import SignInRefused
from web.http.client_address import client_network
from web.http.request import account_of, show, viewer_of
from web.keys import FAILED_SIGN_IN_LOG
from web.markup.accounts.provider import refused_page
from web.pages.provider.configured import provider_of
from web.routes import path

_log = logging.getLogger(__name__)


async def refuse(request: web.Request, error: SignInRefused) -> web.Response:
    """The page that says what to do."""
    provider = provider_of(request)
    _log.warning("Nobody was signed in by the provider: %s", error.problem)
    await request.app[FAILED_SIGN_IN_LOG].note(None, client_network(request))
    # choosing a language there leads to the sign-in page: the same answer would not be taken again
    viewer = replace(await viewer_of(request), path=path("sign_in"))
    text = viewer.translate(error.sentence) % {"provider": provider.label}
    signed_in = await account_of(request) is not None
    page = refused_page(
        viewer, text, provider.label, signed_in=signed_in, only=provider.settings.only
    )
    return show(page, error.status)
