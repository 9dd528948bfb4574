"""Inviting more people to a session that is planned or, if allowed, in progress."""

from dataclasses import replace

from aiohttp import web

from signaling.errors import N_, InvalidInput, TooManyRequests
from signaling.invite import Invite
from web.forms.invitation import Typed, answered, read_other, read_others
from web.forms.merging import merged, with_shown
from web.forms.once import ids_of
from web.http.errors import retry_after
from web.http.forms import form_of, reading_of, refused_form
from web.http.request import own_consultation, show, signed_in, viewer_of
from web.keys import CLOCK, INVITING, LIMITS, PLANNING
from web.markup.desk.session_people import edit_invite_page, session_people_page
from web.routes import path
from web.view_models import Form

_ANSWERS = (("name",), ("address",), ("language",))


async def show_add(request: web.Request) -> web.Response:
    return await _page(request, Form({"colleague": "on"}))


async def add(request: web.Request) -> web.Response:
    typed, viewer = answered(await form_of(request)), await viewer_of(request)
    try:
        await invite_more(request, typed)
    except (InvalidInput, TooManyRequests) as error:
        answer = await _page(request, refused_form(typed, error, viewer), error.status)
        answer.headers.update(retry_after(error))
        return answer
    raise web.HTTPSeeOther(path("session", consultation_id=request.match_info["consultation_id"]))


async def invite_more(request: web.Request, typed: Typed) -> None:
    """Invite everybody named in `typed` to the session of this address.

    Raises InvalidInput, TooManyRequests.
    """
    account, viewer, app = await signed_in(request), await viewer_of(request), request.app
    consultation_id = request.match_info["consultation_id"]
    await app[LIMITS].hit("invite", account.id)
    people = read_others(typed, reading_of(request, account, viewer, typed))
    if not people:
        raise InvalidInput(
            "colleague_1_address", N_("Please enter an email address or a mobile number.")
        )
    now = app[CLOCK].now()
    ids = [
        ids_of(typed, account.id, now, within=consultation_id, number=number)
        for number in range(len(people))
    ]
    await app[PLANNING].add_people(consultation_id, account, people, ids)


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    _account, consultation = await own_consultation(request, "invite")
    started = consultation.state not in ("planned", "waiting")
    page = session_people_page(
        await viewer_of(request), form, consultation.id, companions=not started
    )
    return show(page, status)


async def show_edit(request: web.Request) -> web.Response:
    invite = await _invite(request)
    viewer, form = await viewer_of(request), Form(with_shown(_values(invite)))
    return show(edit_invite_page(viewer, form, invite.id, invite.consultation_id))


async def edit(request: web.Request) -> web.Response:
    """Correct one invited person; a refusal keeps everything typed."""
    account, viewer, invite = (
        await signed_in(request), await viewer_of(request), await _invite(request)
    )  # fmt: skip
    typed = merged(answered(await form_of(request)), _values(invite), _ANSWERS)
    try:
        await request.app[LIMITS].hit("invite", account.id)
        reading = reading_of(request, account, viewer, typed, invite.person.address)
        person = read_other(typed, reading)
        person = replace(person, time_zone=invite.person.time_zone)
        await request.app[PLANNING].change_person(invite.id, account, person)
    except (InvalidInput, TooManyRequests) as error:
        form = refused_form(typed, error, viewer)
        page = edit_invite_page(viewer, form, invite.id, invite.consultation_id)
        return show(page, error.status, retry_after(error))
    raise web.HTTPSeeOther(path("edit_session", consultation_id=invite.consultation_id))


def _values(invite: Invite) -> dict[str, str]:
    """The values of the form "Edit" before any change."""
    person = invite.person
    return {"name": person.name, "address": person.address, "language": person.language}


async def _invite(request: web.Request) -> Invite:
    """An invite of the signed-in scheduler. Raises NotFound for anybody else's."""
    account = await signed_in(request)
    return await request.app[INVITING].invited(request.match_info["invite_id"], account.id)
