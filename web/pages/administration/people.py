""" "People": who can sign in."""

from dataclasses import replace

from aiohttp import web

from signaling.account import Account, AccountRole
from signaling.errors import N_, Conflict, InvalidInput, NotFound
from signaling.flows.accounting import new_account
from storage.store import Records
from web.errors import sentence
from web.keys import CLOCK, CONFIG, PASSWORDS, STORE
from web.markup.administration.people import people_page
from web.routes import path
from web.texts import OWN_NAMES
from web.viewing import administrator, form_of, show, viewer_of
from web.views import Form

LAST = N_("The last administrator cannot be disabled.")


async def show_people(request: web.Request) -> web.Response:
    account = await administrator(request)
    accounts = await request.app[STORE].read.accounts.all()
    return show(people_page(await viewer_of(request), Form(), accounts, account.id))


async def create(request: web.Request) -> web.Response:
    """Make an account; a refusal keeps everything typed but the password."""
    actor = await administrator(request)
    app, viewer, typed = request.app, await viewer_of(request), await form_of(request)
    values = {name: typed.get(name, "") for name in ("name", "email", "role", "language")}
    role: AccountRole = "administrator" if values["role"] == "administrator" else "scheduler"
    try:
        known = (app[CONFIG].brand, values["email"], values["name"])
        account = new_account(
            email=values["email"],
            name=values["name"],
            role=role,
            password_hash=await app[PASSWORDS].choose(typed.get("password", ""), known),
            language=values["language"] if values["language"] in OWN_NAMES else viewer.language,
            time_zone=actor.time_zone,
            now=app[CLOCK].now(),
        )

        async def work(records: Records) -> None:
            await records.accounts.add(account)
            await records.audit.append(app[CLOCK].now(), actor.id, "create", account.id)

        await app[STORE].write(work)
    except InvalidInput as error:
        form = Form(values, {error.field: sentence(error, viewer.translate)})
        accounts = await app[STORE].read.accounts.all()
        return show(people_page(viewer, form, accounts, actor.id), 400)
    raise web.HTTPSeeOther(path("admin_people"))


async def change(request: web.Request) -> web.Response:
    """Disable, enable, or sign out everywhere. Raises NotFound; Conflict for the last one."""
    actor = await administrator(request)
    app, now = request.app, request.app[CLOCK].now()
    account_id, step = request.match_info["account_id"], request.match_info["step"]
    if step not in ("disable", "enable", "sign-out"):
        raise NotFound

    async def work(records: Records) -> None:
        account = await records.accounts.get(account_id)
        if account is None:
            raise NotFound
        if step == "disable":
            if not await _another_administrator(records, account):
                raise Conflict(LAST)
            await records.accounts.change(replace(account, disabled_at=now))
        elif step == "enable":
            await records.accounts.change(replace(account, disabled_at=None))
        if step != "enable":
            await records.web_sessions.remove_all_of(account_id)
            await records.known_browsers.remove_all_of(account_id)
        await records.audit.append(now, actor.id, step, account_id)

    await app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_people"))


async def _another_administrator(records: Records, account: Account) -> bool:
    """Whether somebody can still administer this server without this account."""
    return any(
        other.role == "administrator" and other.disabled_at is None and other.id != account.id
        for other in await records.accounts.all()
    )
