"""Inviting colleagues by mail: they choose their password themselves."""

from dataclasses import replace

from aiohttp import web

from signaling.account import Account, AccountRole
from signaling.errors import InvalidInput, NotFound
from signaling.flows.people.accounts import new_account
from storage.store import Records
from web.forms.once import ids_of
from web.http.forms import form_errors, form_of
from web.http.request import administrator, show, viewer_of
from web.keys import ACCOUNT_INVITATIONS, ACCOUNT_MAIL_SENDING, CLOCK, MAIL_REACH, STORE
from web.markup.administration.invite_account import invite_page, invited_page
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form

FIELDS = ("name", "email", "role", "language")


async def show_invite(request: web.Request) -> web.Response:
    await administrator(request)
    return show(invite_page(await viewer_of(request), Form()))


async def invite(request: web.Request) -> web.Response:
    """Make an account without a password, and write to its owner; a refusal keeps everything."""
    actor = await administrator(request)
    app, viewer, typed = request.app, await viewer_of(request), await form_of(request)
    values = {name: typed.get(name, "") for name in FIELDS}
    role: AccountRole = "administrator" if values["role"] == "administrator" else "scheduler"
    by_mail = await app[MAIL_REACH].state() == "works"
    try:
        account = new_account(
            email=values["email"][:1024],
            name=values["name"],
            role=role,
            password_hash=None,
            language=values["language"] if values["language"] in OWN_NAMES else viewer.language,
            time_zone=viewer.time_zone,
            now=app[CLOCK].now(),
        )
        if ids := ids_of(typed, actor.id, app[CLOCK].now()):
            account = replace(account, id=ids[0])
        link = await app[STORE].write(
            lambda records: app[ACCOUNT_INVITATIONS].invite(
                records, account, ids, actor=actor, by_mail=by_mail
            )
        )
    except InvalidInput as error:
        form = Form(values, form_errors(error, viewer))
        return show(invite_page(viewer, form), 400)
    return await _sent(request, account, link)


async def change(request: web.Request) -> web.Response:
    """Send an invitation again, or withdraw it. Raises NotFound; Conflict if it was accepted."""
    actor = await administrator(request)
    app, step = request.app, request.match_info["step"]
    account_id, invitations = request.match_info["account_id"], app[ACCOUNT_INVITATIONS]
    if step == "withdraw":
        mails = await app[STORE].write(
            lambda records: invitations.withdraw(records, account_id, actor=actor)
        )
        await app[ACCOUNT_MAIL_SENDING].forget(mails)
        raise web.HTTPSeeOther(path("admin_people"))
    if step != "again":
        raise NotFound

    async def work(records: Records) -> tuple[Account | None, str]:
        link = await invitations.invite_again(records, account_id, actor=actor)
        return await records.accounts.get(account_id), link

    account, link = await app[STORE].write(work)
    if account is None:
        raise NotFound
    return await _sent(request, account, link)


async def _sent(request: web.Request, account: Account, link: str) -> web.Response:
    """The page that says so; it shows the link, once, where no mail can take it."""
    by_mail = await request.app[MAIL_REACH].state() == "works"
    return show(invited_page(await viewer_of(request), account, "" if by_mail else link))
