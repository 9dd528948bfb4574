"""Choosing a password at a one-time address: by invitation, or to replace one."""

from dataclasses import replace

import htpy as h
from aiohttp import web

from signaling.account import Account
from signaling.errors import Conflict, InvalidInput, NotFound, TooManyRequests
from signaling.flows.people.accounts import set_password
from signaling.flows.people.password_links import Choice, look_up_choice
from storage.store import Records
from web.http.client_address import client_network
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.reader_language import keep_language
from web.http.request import show, time_zone_of, viewer_of
from web.keys import ACCOUNT_MAIL, CATALOGS, CLOCK, LIMITS, PASSWORDS, RUNTIME_SETTINGS, STORE
from web.markup.accounts.choose_password import choose_password_page, welcome_page
from web.sign_in.known_browsers import browser_of
from web.sign_in.second_factor import after_password
from web.view_models import Form


async def show_choice(request: web.Request) -> web.Response:
    """The form. Changes nothing, so that opening the link does not use it up."""
    return show(await _page(request, await _choice(request), Form()))


async def choose(request: web.Request) -> web.Response:
    """Set the password and sign in; the address works once."""
    choice, app = await _choice(request), request.app
    account = choice.account
    typed, known = (
        await form_of(request),
        (app[RUNTIME_SETTINGS].brand, account.email, account.name),
    )
    try:
        await app[LIMITS].hit("choose_password", account.id)
        password_hash = await app[PASSWORDS].choose(typed.get("password", ""), known)
    except (InvalidInput, TooManyRequests) as error:
        errors = form_errors(error, await viewer_of(request, account.language))
        form = Form({"language": typed.get("language", "")}, errors)
        return show(await _page(request, choice, form), error.status, retry_after(error))
    now, token = app[CLOCK].now(), request.match_info["token"]

    async def work(records: Records) -> Account:
        found = await look_up_choice(records, token, now)
        owner = found.account
        if found.link.kind == "invitation":
            owner = _as_typed(request, owner, typed)
        return await set_password(
            records, owner, password_hash, now,
            actor=owner.id, action="choose_password", mail=app[ACCOUNT_MAIL],
        )  # fmt: skip

    changed = await app[STORE].write(work)
    browser = await browser_of(request)
    answer = await after_password(request, browser, changed, way="link")
    if answer is None:
        raise Conflict
    if choice.link.kind == "invitation":
        keep_language(answer, changed.language)
    raise answer


def _as_typed(request: web.Request, account: Account, typed: dict[str, str]) -> Account:
    """The invited person in the language they chose, and in the time zone of their browser."""
    language, zone = typed.get("language", ""), time_zone_of(request)
    return replace(
        account,
        language=language if language in request.app[CATALOGS].languages else account.language,
        time_zone=account.time_zone if zone == "UTC" else zone,
    )


async def _page(request: web.Request, choice: Choice, form: Form) -> h.Element:
    viewer = await viewer_of(request, choice.account.language)
    if choice.link.kind == "invitation":
        return welcome_page(viewer, form, choice.account, request.path)
    return choose_password_page(viewer, form, choice.account.email, request.path)


async def _choice(request: web.Request) -> Choice:
    """Whose address it is. Raises NotFound; TooManyRequests for one that tries many."""
    app, token = request.app, request.match_info["token"]
    try:
        return await look_up_choice(app[STORE].read, token, app[CLOCK].now())
    except NotFound:
        await app[LIMITS].hit("unknown_link", client_network(request))
        raise
