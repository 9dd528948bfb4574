"""The report of a session: a PDF that is drawn when it is asked for and never kept."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime
from functools import partial

from aiohttp import hdrs, web

from signaling.access import owned
from signaling.account import Account
from signaling.chat import ChatMessage
from signaling.consultation import Consultation
from signaling.errors import NotFound
from signaling.report import Parts, Report, ReportLine
from storage.store import Records
from web.access.revocation import Grant
from web.http.errors import has_left
from web.http.request import show, signed_in, viewer_of, web_session_digest
from web.keys import CLOCK, CONFIG, REPORT_WORKERS, REVOCATION, STORE
from web.markup.desk.report_parts import report_parts_page
from web.report.process import Order

LOOK_SECONDS = 1.0
"How often it is looked whether the browser is still there: aiohttp does not tell by itself."
CLIENT_GONE = 499
"Nobody reads this status; it stands in the log, by the name that nginx gave it."


async def report(request: web.Request) -> web.Response:
    """The PDF of a consultation, drawn in a process of its own while the browser waits.

    A long one comes in parts: without `part` in the query, a page leads to them.
    """
    account, consultation = await _own(request)
    app, viewer = request.app, await viewer_of(request)
    parts = await _parts(request, consultation)
    wanted = request.query.get("part", "1" if parts == 1 else "")
    if not wanted:
        return show(report_parts_page(viewer, consultation.id, parts))
    part = _one_of(parts, wanted)
    facts = Report(
        viewer.language, viewer.time_zone, consultation.started_at, part=part, parts=parts
    )
    order = Order(facts, brand=app[CONFIG].brand, made_at=app[CLOCK].now())
    lines = _lines(request, account, consultation, part)
    grant = Grant(await web_session_digest(request), held=(consultation.id, account.id))
    async with app[REVOCATION].cancelled_when_revoked(grant):
        drawn = await _while_there(request, app[REPORT_WORKERS].draw(account.id, order, lines))
    if drawn is None:
        return web.Response(status=CLIENT_GONE)
    await app[STORE].write(partial(_log, account.id, consultation.id, app[CLOCK].now()))
    name = f"session-{consultation.id}" + (f"-{part}" if parts > 1 else "")
    return web.Response(
        body=drawn,
        content_type="application/pdf",
        headers={
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.pdf"',
            hdrs.CACHE_CONTROL: "no-store",
        },
    )


async def _log(account_id: str, consultation_id: str, now: datetime, records: Records) -> None:
    """Raises NotFound if the session was deleted meanwhile."""
    owned(await records.consultations.get(consultation_id), account_id, "export")
    await records.audit.append(now, account_id, "export", consultation_id)


async def _own(request: web.Request) -> tuple[Account, Consultation]:
    """The scheduler and their consultation. Anybody else's does not exist (NotFound)."""
    account = await signed_in(request)
    consultation = await request.app[STORE].read.consultations.get(
        request.match_info["consultation_id"]
    )
    return account, owned(consultation, account.id, "export")


async def _messages(
    request: web.Request, consultation: Consultation
) -> AsyncIterator[tuple[ChatMessage, int]]:
    """What was written, in order, with the part it belongs to.

    It is read page by page: a long chat is never in memory as a whole.
    """
    parts = Parts()
    async for page in request.app[STORE].read.chat.pages(consultation.id):
        for message in page:
            if message.kind == "text":
                yield message, parts.part_of(message.text)


async def _parts(request: web.Request, consultation: Consultation) -> int:
    """How many parts the report has."""
    parts = 1
    async for _message, part in _messages(request, consultation):
        parts = part
    return parts


def _one_of(parts: int, wanted: str) -> int:
    """The number of a part, as an address has it. Raises NotFound."""
    if wanted not in map(str, range(1, parts + 1)):
        raise NotFound
    return int(wanted)


async def _lines(
    request: web.Request, account: Account, consultation: Consultation, part: int
) -> AsyncIterator[ReportLine]:
    """The lines of one part."""
    invites = await request.app[STORE].read.invites.of_consultation(consultation.id)
    authors = {invite.id: invite.person.name for invite in invites} | {account.id: account.name}
    async for message, place in _messages(request, consultation):
        if place == part:
            author = authors.get(message.participant_id, "")
            yield ReportLine(author, message.sent_at, message.text)


async def _while_there(request: web.Request, work: Coroutine[None, None, bytes]) -> bytes | None:
    """Wait for `work`; None, and it is ended, when the browser has left."""
    task = asyncio.create_task(work)
    try:
        while not task.done():
            if has_left(request):
                return None
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
