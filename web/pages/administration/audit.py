""" "Audit log": who did what when, newest first, and whether its hash chain holds."""

from aiohttp import web

from web.http.request import administrator, show, viewer_of
from web.keys import AUDIT_WATCH, STORE
from web.markup.administration.audit import AuditView, audit_page

PAGE = 50
"Lines on one page."


async def show_audit(request: web.Request) -> web.Response:
    await administrator(request)
    read, watch = request.app[STORE].read, request.app[AUDIT_WATCH]
    finding = await watch.check()
    lines = await read.audit.page(_before(request), PAGE + 1)
    accounts = {account.id: account.name for account in await read.accounts.all()}
    organizations = {each.id: each.name for each in await read.interpreters.organizations()}
    view = AuditView(
        lines=lines[:PAGE],
        names=organizations | accounts,
        finding=finding,
        checked_at=watch.checked_at,
        older=lines[PAGE - 1].number if len(lines) > PAGE else None,
        newest=_before(request) is None,
        purged=await read.purged.totals(),
    )
    return show(audit_page(await viewer_of(request), view))


def _before(request: web.Request) -> int | None:
    asked = request.query.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None
