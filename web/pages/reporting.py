"""The report of a session: a PDF that is drawn when it is asked for and never kept."""

import asyncio
from collections.abc import AsyncIterator, Coroutine

from aiohttp import hdrs, web

from signaling.access import owned
from signaling.account import Account
from signaling.consultation import Consultation
from signaling.report import Report, ReportLine
from storage.store import Records
from web.keys import CLOCK, CONFIG, LIVE, REPORT_WORKERS, STORE
from web.live_access import Grounds
from web.report_process import Order
from web.viewing import signed_in, viewer_of, web_session_digest

LOOK_SECONDS = 1.0
"How often it is looked whether the browser is still there: aiohttp does not tell by itself."
CLIENT_GONE = 499
"Nobody reads this status; it stands in the log, by the name that nginx gave it."


async def report(request: web.Request) -> web.Response:
    """The PDF of a consultation, drawn in a process of its own while the browser waits."""
    account, consultation = await _own(request)
    app, viewer = request.app, await viewer_of(request)
    order = Order(
        Report(viewer.language, viewer.time_zone, consultation.started_at),
        brand=app[CONFIG].brand,
        made_at=app[CLOCK].now(),
    )
    lines = _lines(request, account, consultation)
    grounds = Grounds(await web_session_digest(request), held=(consultation.id, account.id))
    async with app[LIVE].only_while(grounds):
        drawn = await _while_there(request, app[REPORT_WORKERS].draw(account.id, order, lines))
    if drawn is None:
        return web.Response(status=CLIENT_GONE)

    async def log(records: Records) -> None:
        owned(await records.consultations.get(consultation.id), account.id, "export")
        await records.audit.append(app[CLOCK].now(), account.id, "export", consultation.id)

    await app[STORE].write(log)
    return web.Response(
        body=drawn,
        content_type="application/pdf",
        headers={
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="session-{consultation.id}.pdf"',
            hdrs.CACHE_CONTROL: "no-store",
        },
    )


async def _own(request: web.Request) -> tuple[Account, Consultation]:
    """The scheduler and their consultation. Anybody else's does not exist (NotFound)."""
    account = await signed_in(request)
    consultation = await request.app[STORE].read.consultations.get(
        request.match_info["consultation_id"]
    )
    return account, owned(consultation, account.id, "export")


async def _lines(
    request: web.Request, account: Account, consultation: Consultation
) -> AsyncIterator[ReportLine]:
    """What was written, in order, read page by page: a long chat is never in memory as a whole."""
    read = request.app[STORE].read
    invites = await read.invites.of_consultation(consultation.id)
    authors = {invite.id: invite.person.name for invite in invites} | {account.id: account.name}
    async for page in read.chat.pages(consultation.id):
        for message in page:
            if message.kind == "text":
                author = authors.get(message.participant_id, "")
                yield ReportLine(author, message.sent_at, message.text)


async def _while_there(request: web.Request, work: Coroutine[None, None, bytes]) -> bytes | None:
    """Wait for `work`; None, and it is ended, when the browser has left."""
    task = asyncio.create_task(work)
    try:
        while not task.done():
            if request.transport is None or request.transport.is_closing():
                return None
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
