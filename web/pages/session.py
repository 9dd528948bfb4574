"""The scheduler's session page, and reopening a session."""

from aiohttp import web

from signaling.errors import NotFound
from signaling.flows.sessions.planning import EDITABLE_STATES
from signaling.invite import Invite
from web.http.request import own_consultation, saves_data, show, viewer_of
from web.keys import PLANNING, RUNNING, STORE
from web.markup.room.page import session_page
from web.markup.shared.labels import shown_name
from web.pages.sharing import lead_to_taking_part
from web.routes import path
from web.view_models import SessionView, Viewer


async def show_session(request: web.Request) -> web.Response:
    try:
        account, consultation = await own_consultation(request, "enter")
    except NotFound:
        await lead_to_taking_part(request)
        raise
    viewer = await viewer_of(request)
    invites = await request.app[STORE].read.invites.of_consultation(consultation.id)
    view = SessionView(
        consultation_id=consultation.id,
        invite_id=None,
        participant_id=account.id,
        title=_name(viewer, invites[0]) if invites else "",
        state=consultation.state,
        scheduler_name=account.name,
        planned_at=consultation.planned_at,
        saves_data=saves_data(request),
        may_invite=consultation.state in EDITABLE_STATES
        or await request.app[PLANNING].may_add_in_progress(),
        reachable=tuple(
            (invite.id, _name(viewer, invite))
            for invite in invites
            if invite.usable and invite.person.address
        ),
    )
    return show(session_page(viewer, view))


def _name(viewer: Viewer, invite: Invite) -> str:
    return shown_name(viewer, invite.person.name, invite.role)


async def reopen(request: web.Request) -> web.Response:
    account, consultation = await own_consultation(request, "reopen")
    await request.app[RUNNING].reopen(consultation.id, account.id)
    raise web.HTTPSeeOther(path("session", consultation_id=consultation.id))
