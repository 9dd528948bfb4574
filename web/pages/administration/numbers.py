""" "Numbers": how much happened, week by week, as charts and as a table to download."""

from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from signaling.numbers import weeks_until
from storage.store import Records
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, STORE
from web.markup.administration.numbers import NumbersView, numbers_page
from web.pages.administration.csv_download import send_csv

SPANS = (12, 26, 52)
"Weeks on the page."
HEADINGS = ("week", "kind", "label", "count")
"Of the table; for programs, so not translated."


async def show_numbers(request: web.Request) -> web.Response:
    await administrator(request)
    asked = request.query.get("weeks", "")
    span = int(asked) if asked in map(str, SPANS) else SPANS[0]
    weeks = weeks_until(request.app[CLOCK].now(), span)
    counted = await request.app[STORE].read.numbers.since(weeks[0])
    view = NumbersView(weeks, {(week, number): count for week, number, count in counted})
    return show(numbers_page(await viewer_of(request), view, SPANS))


async def export(request: web.Request) -> web.StreamResponse:
    """Every count since the first as a table."""
    account = await administrator(request)
    app = request.app

    async def note() -> None:
        await app[STORE].write(partial(_log, app, account.id))

    async def rows() -> AsyncIterator[list[tuple[object, ...]]]:
        counted = await app[STORE].read.numbers.since("")
        yield [HEADINGS, *((week, each.kind, each.label, count) for week, each, count in counted)]

    return await send_csv(request, "numbers", note, rows())


async def _log(app: web.Application, account_id: str, records: Records) -> None:
    await records.audit.append(app[CLOCK].now(), account_id, "export_numbers", "")
