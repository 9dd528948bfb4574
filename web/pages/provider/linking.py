"""Linking: whoever comes by the provider for the first time, and whose address an account has already,
enters that account's password once, and takes its second step."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import htpy as h
from aiohttp import web

from signaling.account import Account
from signaling.errors import N_, Conflict, TooManyRequests
from signaling.flows.people.admitting import link
from signaling.identity import Identity, Person, SignInRefused
from storage.store import Records
from web.http.client_address import client_network
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.request import show, viewer_of
from web.keys import CLOCK, FAILED_SIGN_IN_LOG, GUESSING_ALARM, STORE
from web.markup.accounts.provider import link_page
from web.pages.provider.configured import provider_of
from web.pages.provider.refusing import refuse
from web.routes import path
from web.sign_in.known_browsers import Browser, browser_of, keeps_cookies
from web.sign_in.oidc.provider import Answer
from web.sign_in.pending_answers import change_stored, still_begun
from web.sign_in.pending_step import PendingStep, begin_step
from web.sign_in.proof import proved_at
from web.sign_in.second_factor import renew_hash
from web.sign_in.session_start import ProviderSession, start_web_session
from web.sign_in.throttling import check_network, check_password
from web.view_models import Form

KEY = "linking"
"In the data of a web session: who came by the provider, and to which account they may be linked."
LASTS = timedelta(minutes=15)
WRONG = N_("That is not the password of this account. Please try again.")
OVER = N_("This took too long, or the account has changed meanwhile. Please sign in again.")


async def sign_in(
    request: web.Request, browser: Browser, account: Account, answer: Answer, back_to: str
) -> web.HTTPSeeOther:
    """The redirect that signs in. Raises SignInRefused if the account has just changed."""
    identity = answer.person.identity
    kept = await still_begun(request) | {"id_token": answer.id_token}
    if answer.auth_time is not None:
        kept |= proved_at(answer.auth_time, request.app[CLOCK].now())
    session = ProviderSession(identity.issuer, identity.subject, answer.session_id, kept)
    redirect = await start_web_session(
        request, browser, account, way="provider", back_to=back_to, provider=session
    )
    if redirect is None:
        raise SignInRefused("the account changed during the sign-in", OVER)
    return redirect


async def ask_for_password(
    request: web.Request, account: Account, answer: Answer, back_to: str
) -> web.HTTPSeeOther:
    """The redirect to the page that asks for the account's password."""
    entry = {
        "answer": asdict(answer),
        "account_id": account.id,
        "back_to": back_to,
        "at": request.app[CLOCK].now().isoformat(),
    }
    await change_stored(request, lambda data: data.update({KEY: entry}))
    return web.HTTPSeeOther(path("provider_link"))


async def show_link(request: web.Request) -> web.Response:
    try:
        account, *_ = await _due(request)
    except SignInRefused as error:
        return await refuse(request, error)
    return show(await _page(request, Form(), account))


async def link_account(request: web.Request) -> web.Response:
    """Verify the password, link the account, and sign in; after the second step, if there is one."""
    browser = await browser_of(request)
    check_network(request, browser)
    password = (await form_of(request)).get("password", "")
    viewer = await viewer_of(request)
    try:
        account, answer, back_to = await _due(request)
        try:
            right = await check_password(request, browser, account, account.email, password)
        except TooManyRequests as error:
            page = await _page(request, Form({}, form_errors(error, viewer)), account)
            return show(page, error.status, retry_after(error))
        if not right:
            await request.app[FAILED_SIGN_IN_LOG].note(account.id, client_network(request))
            request.app[GUESSING_ALARM].note(account.id, client_network(request))
            form = Form({}, {"password": viewer.translate(WRONG)})
            return show(await _page(request, form, account), 401)
        account = await renew_hash(request, account, password)
        if await request.app[STORE].read.second_factors.any_of(account.id):
            raise await _to_second_step(request, account, answer, back_to)
        linked = await _link(request, account, answer)
        raise await sign_in(request, browser, linked, answer, back_to)
    except SignInRefused as error:
        return await refuse(request, error)


async def _page(request: web.Request, form: Form, account: Account) -> h.Element:
    provider = provider_of(request)
    viewer, only = await viewer_of(request), provider.settings.only
    return link_page(viewer, form, account.email, provider.label, only=only)


async def _to_second_step(
    request: web.Request, account: Account, answer: Answer, back_to: str
) -> web.HTTPSeeOther:
    """The redirect to it: without, the password alone would go around it, now and from then on."""
    entry = asdict(answer)
    if not await begin_step(request, account, way="provider", back_to=back_to, link=entry):
        raise SignInRefused("the account changed before it was linked", OVER)
    known = {} if keeps_cookies(request) else {"kept": "?"}
    return web.HTTPSeeOther(path("sign_in_code", known))


async def link_after_step(
    request: web.Request, browser: Browser, step: PendingStep, back_to: str
) -> web.HTTPSeeOther:
    """Link the account whose second step was taken, and sign in. Raises SignInRefused."""
    answer = _answer(step.link)
    linked = await _link(request, step.account, answer)
    return await sign_in(request, browser, linked, answer, back_to)


async def _link(request: web.Request, account: Account, answer: Answer) -> Account:
    """Raises SignInRefused if the account, or the identity, is not what it was."""
    admission, now = provider_of(request).settings.admission, request.app[CLOCK].now()

    async def work(records: Records) -> Account:
        return await link(records, admission, answer.person, account, now)

    try:
        linked = await request.app[STORE].write(work)
    except Conflict:
        raise SignInRefused("the account changed before it was linked", OVER) from None
    await change_stored(request, lambda data: data.pop(KEY, None))
    return linked


async def _due(request: web.Request) -> tuple[Account, Answer, str]:
    """The account, who came by the provider, and where to go on. Raises SignInRefused."""
    entry: Any = await change_stored(request, lambda data: data.get(KEY))
    now, read = request.app[CLOCK].now(), request.app[STORE].read
    provider_of(request)
    if not isinstance(entry, Mapping) or now > datetime.fromisoformat(entry["at"]) + LASTS:
        raise SignInRefused("nobody is to be linked, or no more", OVER)
    account = await read.accounts.get(entry["account_id"])
    if account is None or account.suspended_at is not None or account.password_hash is None:
        raise SignInRefused("the account cannot be linked any more", OVER)
    return account, _answer(entry["answer"]), entry["back_to"]


def _answer(stored: Any) -> Answer:
    """The answer of the provider that a web session holds."""
    person = Person(**stored["person"] | {"identity": Identity(**stored["person"]["identity"])})
    return Answer(person, stored["session_id"], stored["id_token"], stored["auth_time"])
