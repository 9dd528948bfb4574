"""The session page of the scheduler, reopening, and the report."""

import asyncio

from aiohttp import hdrs, web

from signaling.access import owned
from signaling.account import Account
from signaling.consultation import Consultation
from signaling.flows.planning import EDITABLE_STATES
from signaling.report import Report, ReportLine, reduce_report
from storage.store import Records
from web.keys import CLOCK, CONFIG, HOLDING, LIVE, PLANNING, STORE
from web.live_access import Grounds
from web.markup.session import session_page
from web.report_pdf import draw
from web.routes import path
from web.viewing import show, signed_in, viewer_of, web_session_digest
from web.views import SessionView


async def show_session(request: web.Request) -> web.Response:
    account, consultation = await _own(request, "enter")
    invites = await request.app[STORE].read.invites.of_consultation(consultation.id)
    view = SessionView(
        consultation_id=consultation.id,
        invite_id=None,
        participant_id=account.id,
        title=invites[0].person.name if invites else "",
        state=consultation.state,
        scheduler_name=account.name,
        planned_at=consultation.planned_at,
        may_invite=consultation.state in EDITABLE_STATES
        or await request.app[PLANNING].may_add_in_progress(),
    )
    return show(session_page(await viewer_of(request), view))


async def reopen(request: web.Request) -> web.Response:
    account, consultation = await _own(request, "reopen")
    await request.app[HOLDING].reopen(consultation.id, account.id)
    raise web.HTTPSeeOther(path("session", consultation_id=consultation.id))


async def report(request: web.Request) -> web.Response:
    """The PDF of a consultation, drawn in a thread; never kept."""
    account, consultation = await _own(request, "export")
    app, viewer = request.app, await viewer_of(request)
    grounds = Grounds(await web_session_digest(request), held=(consultation.id, account.id))
    async with app[LIVE].only_while(grounds):
        drawn = await asyncio.to_thread(
            draw,
            await _facts(request, account, consultation, viewer.language, viewer.time_zone),
            viewer.translate,
            brand=app[CONFIG].brand,
            made_at=app[CLOCK].now(),
        )

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


async def _facts(
    request: web.Request,
    account: Account,
    consultation: Consultation,
    language: str,
    time_zone: str,
) -> Report:
    read = request.app[STORE].read
    invites = await read.invites.of_consultation(consultation.id)
    authors = {invite.id: invite.person.name for invite in invites} | {account.id: account.name}
    lines = tuple(
        ReportLine(authors.get(message.participant_id, ""), message.sent_at, message.text)
        for message in await read.chat.of_consultation(consultation.id)
        if message.kind == "text"
    )
    return reduce_report(Report(language, time_zone, consultation.started_at, lines))


async def _own(request: web.Request, action: str) -> tuple[Account, Consultation]:
    """The scheduler and their consultation. Anybody else's does not exist (NotFound)."""
    account = await signed_in(request)
    consultation = await request.app[STORE].read.consultations.get(
        request.match_info["consultation_id"]
    )
    return account, owned(consultation, account.id, action)
