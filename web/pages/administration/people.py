""" "People": who can sign in."""

from collections.abc import Container
from dataclasses import replace
from math import ceil

from aiohttp import web

from signaling.account import Account, AccountRole
from signaling.errors import InvalidInput, NotFound
from signaling.flows.people.accounts import (
    add_account,
    change_role,
    make_password_link,
    new_account,
    sign_out_everywhere,
    suspend,
)
from signaling.text import searched
from storage.store import Records
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.paging import page_number
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, CONFIG, PASSWORDS, STORE
from web.markup.administration.people import (
    PeopleList,
    PersonRow,
    password_link_page,
    people_page,
)
from web.routes import path, public_address
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form

PAGE = 25
"Accounts on one page."
STEPS = {
    "suspend": "suspend_account",
    "let-in": "let_in_account",
    "sign-out": "sign_out_everywhere",
}
"Last segment of the address -> action in the audit log."
ROLES: dict[str, AccountRole] = {
    "make-administrator": "administrator",
    "make-scheduler": "scheduler",
}
"Last segment of the address -> new role."


async def show_people(request: web.Request) -> web.Response:
    await administrator(request)
    return show(people_page(await viewer_of(request), Form(), await _people(request)))


async def _people(request: web.Request) -> PeopleList:
    """The page of accounts that the query asks for."""
    read = request.app[STORE].read
    search, state = request.query.get("search", "")[:100], request.query.get("state", "")
    asked = await read.accounts.deletion_requests()
    found = [
        account
        for account in await read.accounts.all()
        if _matches(account, search) and _is_in(account, state, asked)
    ]
    pages = max(1, ceil(len(found) / PAGE))
    number = page_number(request, pages)
    rows = [
        PersonRow(account, await read.audit.last(account.id, "sign_in"), asked.get(account.id))
        for account in found[(number - 1) * PAGE : number * PAGE]
    ]
    return PeopleList(rows, search, state, number, pages, total=len(found))


def _matches(account: Account, search: str) -> bool:
    wanted = searched(search)
    return not wanted or wanted in searched(f"{account.name} {account.email}")


def _is_in(account: Account, state: str, asked: Container[str]) -> bool:
    """Whether an account is among those of a state of the filter; `asked` are to be deleted."""
    return {
        "active": account.suspended_at is None,
        "suspended": account.suspended_at is not None,
        "deletion": account.id in asked,
    }.get(state, True)


async def create(request: web.Request) -> web.Response:
    """Create an account; a refusal keeps everything typed but the password."""
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
            time_zone=viewer.time_zone,
            now=app[CLOCK].now(),
        )

        async def work(records: Records) -> None:
            await add_account(records, account)
            await records.audit.append(app[CLOCK].now(), actor.id, "create_account", account.id)

        await app[STORE].write(work)
    except InvalidInput as error:
        form = Form(values, {error.field: sentence(error, viewer.translate)})
        return show(people_page(viewer, form, await _people(request)), 400)
    raise web.HTTPSeeOther(path("admin_people"))


async def change(request: web.Request) -> web.Response:
    """Suspend, let in again, sign out everywhere, change the role, or make a link for a new password.

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
        if step == "suspend":
            await suspend(records, account, now)
        elif step == "let-in":
            await records.accounts.change(replace(account, suspended_at=None))
        else:
            await sign_out_everywhere(records, account_id, now)
        await records.audit.append(now, actor.id, STEPS[step], account_id)

    await request.app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_person", account_id=account_id))


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
