""" "People": who can sign in."""

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from signaling.account import Account, AccountRole
from signaling.errors import NotFound
from signaling.flows.people.accounts import (
    change_role,
    make_password_link,
    sign_out_everywhere,
    still_administrator,
    suspend,
)
from signaling.text import searched
from storage.store import Records
from web.http.paging import page_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, CONFIG, STORE
from web.markup.administration.people import (
    PeopleList,
    PersonRow,
    password_link_page,
    people_page,
)
from web.routes import path, public_address

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
    return show(people_page(await viewer_of(request), await _people(request)))


async def _people(request: web.Request) -> PeopleList:
    """The page of accounts that the query asks for."""
    read = request.app[STORE].read
    search, state = request.query.get("search", "")[:100], request.query.get("state", "")
    found = [
        account
        for account in await read.accounts.all()
        if _matches(account, search) and _is_in(account, state)
    ]
    shown, number, pages = page_of(request, found, PAGE)
    rows = await person_rows(read, shown)
    return PeopleList(rows, search, state, number, pages, total=len(found))


async def person_rows(read: Records, accounts: Sequence[Account]) -> list[PersonRow]:
    """What administrators see of these accounts."""
    invited = await read.password_links.invited()
    problems = await read.account_mails.problems("invitation")
    return [
        PersonRow(
            account,
            await read.audit.last(account.id, "sign_in"),
            (invited[account.id], problems.get(account.id, "")) if account.id in invited else None,
        )
        for account in accounts
    ]


def _matches(account: Account, search: str) -> bool:
    wanted = searched(search)
    return not wanted or wanted in searched(f"{account.name} {account.email}")


def _is_in(account: Account, state: str) -> bool:
    """Whether an account is among those of a state of the filter."""
    return {
        "active": account.suspended_at is None,
        "suspended": account.suspended_at is not None,
        "deletion": account.deletion_requested_at is not None,
    }.get(state, True)


async def change(request: web.Request) -> web.Response:
    """Suspend, let in again, sign out everywhere, change the role, or make a link for a new password.

    Raises NotFound; Conflict for the last administrator, and for suspending oneself or one's own role.
    """
    actor = await administrator(request)
    account_id, step = request.match_info["account_id"], request.match_info["step"]
    if step == "password-link":
        return await _make_link(request, actor, account_id)
    now = request.app[CLOCK].now()

    async def work(records: Records) -> None:
        await still_administrator(records, actor.id)
        if step in ROLES:
            await change_role(records, account_id, ROLES[step], now, actor=actor.id)
            return
        account = await records.accounts.get(account_id)
        if account is None or step not in STEPS:
            raise NotFound
        if step == "suspend":
            await suspend(records, account, now, actor=actor.id)
        elif step == "let-in":
            await records.accounts.change(replace(account, suspended_at=None))
        else:
            await sign_out_everywhere(records, account_id)
        await records.audit.append(now, actor.id, STEPS[step], account_id)

    await request.app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_person", account_id=account_id))


async def _make_link(request: web.Request, actor: Account, account_id: str) -> web.Response:
    """The page that shows the one-time address, once: only its digest is stored."""
    app, now = request.app, request.app[CLOCK].now()

    async def work(records: Records) -> str:
        await still_administrator(records, actor.id)
        return await make_password_link(records, account_id, now, actor=actor.id)

    token = await app[STORE].write(work)
    account = await app[STORE].read.accounts.get(account_id)
    if account is None:
        raise NotFound
    link = public_address(app[CONFIG].public_url, "choose_password", token=token)
    return show(password_link_page(await viewer_of(request), account, link))
