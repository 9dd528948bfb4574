"""Sharing a session with colleagues, and handing it over to one."""

from aiohttp import web

from signaling.consultation import OPEN_STATES, Consultation
from web.http.request import signed_in
from web.keys import STORE
from web.markup.desk.sharing import Sharing


async def sharing_of(request: web.Request, consultation: Consultation) -> Sharing:
    """Who holds this session, for the page of somebody who holds it."""
    viewer = await signed_in(request)
    scheduler = await request.app[STORE].read.accounts.get(consultation.scheduler_id)
    return Sharing(
        consultation.id,
        scheduler.name if scheduler else "",
        own=consultation.scheduler_id == viewer.id,
        open=consultation.state in OPEN_STATES,
    )
