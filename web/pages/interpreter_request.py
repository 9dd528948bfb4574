"""Where an interpreting organization answers a request, or the scheduler goes on without one."""

from aiohttp import web

from signaling.errors import AlreadyAnswered, InvalidInput, InviteNotUsable, TooManyRequests
from signaling.flows.notices.interpreter_mail import USUAL_MINUTES
from signaling.invite import Person
from web.forms.invitation import answered, read_reachable
from web.http.client_address import client_network
from web.http.errors import sentence
from web.http.forms import form_of, reading_of, refused_form
from web.http.over_limit import check_limit
from web.http.request import by_link, show, signed_in, viewer_of
from web.keys import INTERPRETING, LIMITS, NOTICE_RENDERER
from web.markup.guests.interpreter_request import answered_page, request_page
from web.markup.guests.landing import closed_link_page
from web.routes import path
from web.view_models import Form, RequestView, Viewer


async def show_request(request: web.Request) -> web.Response:
    """The request. Changes nothing: mail scanners follow links."""
    return await _page(request, Form())


async def answer(request: web.Request) -> web.Response:
    """Accept with an interpreter's name and contact, or decline; the first answer counts."""
    app, typed = request.app, answered(await form_of(request))
    token = request.match_info["token"]
    interpreting = app[INTERPRETING]
    try:
        opened = await interpreting.open(token)
        scheduler = opened.scheduler
        check_limit(request)
        if typed.get("answer") == "decline":
            await interpreting.decline(opened)
        else:
            viewer = await viewer_of(request, scheduler.language)
            reading = reading_of(request, scheduler, viewer, typed)
            address, channel = read_reachable(typed.get("address", ""), "", "address", reading)
            person = Person.from_input(
                first_name=typed.get("name", ""),
                last_name="",
                channel=channel,
                address=address,
                language=scheduler.language,
            )
            await interpreting.accept(opened, person, typed.get("date"))
    except (InvalidInput, TooManyRequests) as error:
        viewer = await viewer_of(request, scheduler.language)
        named = isinstance(error, InvalidInput) and error.field == "first_name"
        at = error.at("name") if isinstance(error, InvalidInput) and named else error
        return await _page(request, refused_form(typed, at, viewer), error.status)
    except AlreadyAnswered:
        return await _page(request, Form(), AlreadyAnswered.status)
    except InviteNotUsable as error:
        return await _unknown(request, error)
    raise web.HTTPSeeOther(path("interpreter_request", token=token))


async def invite_without(request: web.Request) -> web.Response:
    account = await signed_in(request)
    app = request.app
    consultation_id = request.match_info["consultation_id"]
    await app[INTERPRETING].invite_without(consultation_id, account)
    if request.query.get("back") == "case":
        raise web.HTTPSeeOther(path("case", consultation_id=consultation_id))
    raise web.HTTPSeeOther(path("invites"))


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    app, token = request.app, request.match_info["token"]
    try:
        opened = await app[INTERPRETING].open(token)
    except InviteNotUsable as error:
        return await _unknown(request, error)
    asked, consultation, scheduler = opened.request, opened.consultation, opened.scheduler
    viewer = by_link(await viewer_of(request, scheduler.language, consultation.time_zone))
    view = RequestView(
        scheduler_name=scheduler.name,
        organization_name=opened.organization.name if opened.organization else "",
        languages=_languages(request, viewer, scheduler.language, asked.language),
        planned_at=consultation.planned_at,
        minutes=USUAL_MINUTES,
        date=str(consultation.calendar_sequence),
        state=asked.state,
        expires_at=asked.expires_at,
        answer_path=path("interpreter_request", token=token),
    )
    if asked.state != "sent":
        return show(answered_page(viewer, view), status)
    return show(request_page(viewer, view, form), status)


def _languages(request: web.Request, viewer: Viewer, *codes: str) -> str:
    wording = request.app[NOTICE_RENDERER]
    return ", ".join(wording.language_name(code, viewer.language) for code in codes)


async def _unknown(request: web.Request, error: InviteNotUsable) -> web.Response:
    await request.app[LIMITS].hit("unknown_link", client_network(request))
    viewer = by_link(await viewer_of(request))
    return show(closed_link_page(viewer, sentence(error, viewer.translate)), error.status)
