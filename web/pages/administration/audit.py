""" "Audit log": who did what when, newest first, and whether its hash chain holds."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

from aiohttp import web

from signaling.audit import asked_for
from storage.records.audit import Choice
from storage.store import Records
from web.csv_lines import AUDIT_HEADINGS, audit_row
from web.http.request import administrator, show, viewer_of
from web.keys import AUDIT_WATCH, CLOCK, STORE
from web.markup.administration.audit import AuditView, audit_page
from web.pages.administration.csv_download import send_csv
from web.routes import path
from web.view_models import Form, Viewer
from web.zones.names import zone_of

PAGE = 50
"Lines on one page."
DAY = timedelta(days=1)


async def show_audit(request: web.Request) -> web.Response:
    await administrator(request)
    viewer = await viewer_of(request)
    read, watch = request.app[STORE].read, request.app[AUDIT_WATCH]
    form, choice = _choice(request, viewer)
    finding = await watch.check()
    lines = await read.audit.page(_before(request), PAGE + 1, choice)
    people, organizations = await _names(request)
    view = AuditView(
        lines=lines[:PAGE],
        people=people,
        organizations=organizations,
        finding=finding,
        checked_at=watch.checked_at,
        older=lines[PAGE - 1].number if len(lines) > PAGE else None,
        newest=_before(request) is None,
        purged=await read.purged.totals(),
        filter=form,
    )
    return show(audit_page(viewer, view), 400 if form.errors else 200)


async def check(request: web.Request) -> web.Response:
    """Check every line of the log; the page then says what was found."""
    await administrator(request)
    await request.app[AUDIT_WATCH].check_all()
    raise web.HTTPSeeOther(path("admin_audit"))


async def export(request: web.Request) -> web.StreamResponse:
    """The chosen lines as a table, oldest first, with a line about this export."""
    account = await administrator(request)
    app = request.app
    _form, choice = _choice(request, await viewer_of(request))

    async def work(records: Records) -> None:
        await records.audit.append(app[CLOCK].now(), account.id, "export_audit", "")

    async def note() -> None:
        await app[STORE].write(work)

    people, organizations = await _names(request)
    names = organizations | people

    async def rows() -> AsyncIterator[list[tuple[object, ...]]]:
        yield [AUDIT_HEADINGS]
        async for lines in app[STORE].read.audit.every(choice):
            yield [audit_row(line, names) for line in lines]

    return await send_csv(request, "audit-log", note, rows())


async def _names(request: web.Request) -> tuple[dict[str, str], dict[str, str]]:
    """The names of accounts, and of organizations, by id."""
    read = request.app[STORE].read
    people = {account.id: account.name for account in await read.accounts.all()}
    return people, {each.id: each.name for each in await read.interpreters.organizations()}


def _choice(request: web.Request, viewer: Viewer) -> tuple[Form, Choice]:
    """What the query asks for; a date that is none is said at its field, and does not count."""
    _ = viewer.translate
    values = {name: request.query.get(name, "")[:100] for name in ("who", "what", "since", "until")}
    errors: dict[str, str] = {}
    days: dict[str, datetime | None] = {}
    for name, later in (("since", 0 * DAY), ("until", DAY)):
        try:
            days[name] = _beginning(values[name], later, viewer) if values[name] else None
        except (ValueError, OverflowError):
            days[name] = None
            errors[name] = _("This is not a date.")
    choice = Choice(values["who"], asked_for(values["what"]), days["since"], days["until"])
    return Form(values, errors), choice


def _beginning(text: str, later: timedelta, viewer: Viewer) -> datetime:
    """When a day begins for the viewer, or one `later`. Raises ValueError, OverflowError."""
    day = date.fromisoformat(text) + later
    if not 1970 <= day.year <= 9000:
        raise ValueError
    return datetime(day.year, day.month, day.day, tzinfo=zone_of(viewer.time_zone))


def _before(request: web.Request) -> int | None:
    asked = request.query.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None
