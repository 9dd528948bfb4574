""" "People": who can sign in."""

from dataclasses import replace

from aiohttp import web

from signaling.account import Account, AccountRole
from signaling.errors import InvalidInput, NotFound
from signaling.flows.people.accounts import (
    add_account,
    change_role,
    disable,
    make_password_link,
    new_account,
    sign_out_everywhere,
)
from storage.store import Records
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, CONFIG, PASSWORDS, RUNTIME_SETTINGS, STORE
from web.markup.administration.people import password_link_page, people_page
from web.routes import path, public_address
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form

STEPS = {
    "disable": "disable_account",
    "enable": "enable_account",
    "sign-out": "sign_out_everywhere",
}
"Last segment of the address -> action in the audit log."
ROLES: dict[str, AccountRole] = {
    "make-administrator": "administrator",
    "make-scheduler": "scheduler",
}
"Last segment of the address -> new role."


async def show_people(request: web.Request) -> web.Response:
    account = await administrator(request)
    accounts = await request.app[STORE].read.accounts.all()
    return show(people_page(await viewer_of(request), Form(), accounts, account.id))


async def create(request: web.Request) -> web.Response:
    """Create an account; a refusal keeps everything typed but the password."""
    actor = await administrator(request)
    app, viewer, typed = request.app, await viewer_of(request), await form_of(request)
    values = {name: typed.get(name, "") for name in ("name", "email", "role", "language")}
    role: AccountRole = "administrator" if values["role"] == "administrator" else "scheduler"
    try:
        known = (app[RUNTIME_SETTINGS].brand, values["email"], values["name"])
        account = new_account(
            email=values["email"],
            name=values["name"],
            role=role,
            password_hash=await app[PASSWORDS].choose(typed.get("password", ""), known),
            language=values["language"] if values["language"] in OWN_NAMES else viewer.language,
            time_zone=viewer.time_zone,
            now=app[CLOCK].now(),
        )

        async def work(records: Records) -> None:
            await add_account(records, account)
            await records.audit.append(app[CLOCK].now(), actor.id, "create_account", account.id)

        await app[STORE].write(work)
    except InvalidInput as error:
        form = Form(values, {error.field: sentence(error, viewer.translate)})
        accounts = await app[STORE].read.accounts.all()
        return show(people_page(viewer, form, accounts, actor.id), 400)
    raise web.HTTPSeeOther(path("admin_people"))


async def change(request: web.Request) -> web.Response:
    """Disable, enable, sign out everywhere, change the role, or make a link for a new password.

    Raises NotFound; Conflict for the last administrator and for one's own role.
    """
    actor = await administrator(request)
    account_id, step = request.match_info["account_id"], request.match_info["step"]
    if step == "password-link":
        return await _make_link(request, actor, account_id)
    now = request.app[CLOCK].now()

    async def work(records: Records) -> None:
        if step in ROLES:
            await change_role(records, account_id, ROLES[step], now, actor=actor.id)
            return
        account = await records.accounts.get(account_id)
        if account is None or step not in STEPS:
            raise NotFound
        if step == "disable":
            await disable(records, account, now)
        elif step == "enable":
            await records.accounts.change(replace(account, disabled_at=None))
        else:
            await sign_out_everywhere(records, account_id, now)
        await records.audit.append(now, actor.id, STEPS[step], account_id)

    await request.app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_people"))


async def _make_link(request: web.Request, actor: Account, account_id: str) -> web.Response:
    """The page that shows the one-time address, once: only its digest is stored."""
    app, now = request.app, request.app[CLOCK].now()
    token = await app[STORE].write(
        lambda records: make_password_link(records, account_id, now, actor=actor.id)
    )
    account = await app[STORE].read.accounts.get(account_id)
    if account is None:
        raise NotFound
    link = public_address(app[CONFIG].public_url, "choose_password", token=token)
    return show(password_link_page(await viewer_of(request), account, link))
