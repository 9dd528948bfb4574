"""Choosing a new password at a one-time address from an administrator."""

from aiohttp import web

from signaling.account import Account
from signaling.errors import Conflict, InvalidInput, NotFound
from signaling.flows.people.accounts import look_up_link, set_password
from storage.store import Records
from web.http.client_address import client_network
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.request import show, viewer_of
from web.keys import CLOCK, LIMITS, PASSWORDS, RUNTIME_SETTINGS, STORE
from web.markup.accounts.choose_password import choose_password_page
from web.sign_in.known_browsers import browser_of
from web.sign_in.session_start import start_web_session
from web.view_models import Form


async def show_choice(request: web.Request) -> web.Response:
    """The form. Changes nothing, so that opening the link does not use it up."""
    account = await _account(request)
    page = choose_password_page(await viewer_of(request), Form(), account.email, request.path)
    return show(page)


async def choose(request: web.Request) -> web.Response:
    """Set the password and sign in; the address works once."""
    account, app, viewer = await _account(request), request.app, await viewer_of(request)
    await app[LIMITS].hit("choose_password", account.id)
    typed, known = (
        await form_of(request),
        (app[RUNTIME_SETTINGS].brand, account.email, account.name),
    )
    try:
        password_hash = await app[PASSWORDS].choose(typed.get("password", ""), known)
    except InvalidInput as error:
        form = Form({}, {error.field: sentence(error, viewer.translate)})
        return show(choose_password_page(viewer, form, account.email, request.path), 400)
    now, token = app[CLOCK].now(), request.match_info["token"]

    async def work(records: Records) -> Account:
        found = await look_up_link(records, token, now)
        return await set_password(
            records, found, password_hash, now, actor=found.id, action="choose_password"
        )

    changed = await app[STORE].write(work)
    raise await start_web_session(request, await browser_of(request), changed) or Conflict


async def _account(request: web.Request) -> Account:
    """The account of the address. Raises NotFound; TooManyRequests for one that tries many."""
    app, token = request.app, request.match_info["token"]
    try:
        return await look_up_link(app[STORE].read, token, app[CLOCK].now())
    except NotFound:
        await app[LIMITS].hit("unknown_link", client_network(request))
        raise
