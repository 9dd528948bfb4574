""" "Edit" and "Cancel session": changes before a session starts."""

from dataclasses import replace
from datetime import datetime

import htpy as h
from aiohttp import hdrs, web

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import Conflict, InvalidInput, TooManyRequests
from signaling.flows.sessions.planning import EDITABLE_STATES
from signaling.invite import Invite, Person
from web.forms.faults import Faults
from web.forms.invitation import answered, read_moment, read_person
from web.forms.merging import merged, with_shown
from web.http.errors import retry_after
from web.http.forms import form_of, reading_of, refused_form
from web.http.request import own_consultation, show, viewer_of
from web.keys import INTERPRETING, LIMITS, PLANNING, STORE
from web.markup.desk.edit_session import edit_session_page
from web.markup.shared.labels import shown_name
from web.pages.session_people import invite_more
from web.routes import path
from web.texts import dates
from web.view_models import Form, InvitedPerson, Viewer
from web.zones.names import todays_name

_MOMENT = ("plan_later", "date", "time", "time_zone", "occurrence")
_ANSWERS = (("first_name",), ("last_name",), ("address", "channel"), ("language",), _MOMENT)
"Fields of the form that are changed together."


async def show_edit(request: web.Request) -> web.Response:
    account, consultation, invites = await _editable(request, "edit")
    form = Form(with_shown(_values(consultation, invites[0])))
    viewer = await viewer_of(request)
    return show(_page(viewer, form, account, consultation, invites))


async def edit(request: web.Request) -> web.Response:
    """Correct the awaited person and move the session; a refusal keeps everything typed.

    What was left as the form showed it stays as it is now, even if another page has changed it since.
    """
    account, consultation, invites = await _editable(request, "edit")
    before = _values(consultation, invites[0])
    viewer = await viewer_of(request)
    typed = merged(answered(await form_of(request)), before, _ANSWERS)
    reading = reading_of(request, account, viewer, typed, invites[0].person.address)
    planning = request.app[PLANNING]
    try:
        await request.app[LIMITS].hit("invite", account.id)
        person: Person | None = None
        faults = Faults()
        with faults.caught():
            if invites[0].role == "service_user":
                person = read_person(typed, reading)
        planned_at: datetime | None = None  # which keeps the date
        time_zone = consultation.time_zone
        own_zone = invites[0].person.time_zone
        if any(typed.get(name, "") != before.get(name, "") for name in _MOMENT):
            # only a changed date must lie ahead: a late correction of a name does not change it
            with faults.caught():
                planned_at, time_zone = read_moment(typed, reading)
            own_zone = own_zone if planned_at is None else time_zone
        faults.settle()
        person = person and replace(person, time_zone=own_zone)
        await planning.edit(consultation.id, account, planned_at, time_zone, person)
        await request.app[INTERPRETING].watch()  # a request may have another deadline now
    except (InvalidInput, TooManyRequests) as error:
        form = refused_form(typed, error, viewer)
        page = _page(viewer, form, account, consultation, invites)
        return show(page, error.status, retry_after(error))
    raise web.HTTPSeeOther(path("invites"))


async def add_people(request: web.Request) -> web.Response:
    """Invite a companion or colleagues; a refusal keeps everything typed."""
    account, consultation, invites = await _editable(request, "invite")
    viewer, typed = await viewer_of(request), answered(await form_of(request))
    try:
        await invite_more(request, typed)
    except (InvalidInput, TooManyRequests) as error:
        values = typed | with_shown(_values(consultation, invites[0]))
        form = refused_form(values, error, viewer)
        page = _page(viewer, form, account, consultation, invites)
        return show(page, error.status, retry_after(error))
    raise web.HTTPSeeOther(path("edit_session", consultation_id=consultation.id))


async def cancel(request: web.Request) -> web.Response:
    """Cancel the session; pressed again, as on a second page, it is canceled already."""
    account, consultation = await own_consultation(request, "cancel")
    if consultation.state != "canceled":
        await request.app[PLANNING].cancel(consultation.id, account)
    raise web.HTTPSeeOther(path("invites"))


def _page(
    viewer: Viewer, form: Form, account: Account, consultation: Consultation, invites: list[Invite]
) -> h.Element:
    own = account.id == consultation.scheduler_id
    return edit_session_page(viewer, form, consultation.id, _people(viewer, invites), own=own)


def _values(consultation: Consultation, invite: Invite) -> dict[str, str]:
    """The form's values before any change."""
    person = invite.person
    values = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "address": person.address,
        "channel": person.channel if person.channel != "email" else "",
        "language": person.language,
    }
    if consultation.planned_at is not None:
        local = dates.local(consultation.planned_at, consultation.time_zone)
        values |= {
            "plan_later": "on",
            "date": local.date().isoformat(),
            "time": local.strftime("%H:%M"),
            "time_zone": todays_name(consultation.time_zone) or "UTC",
        }
    return values


def _people(viewer: Viewer, invites: list[Invite]) -> list[InvitedPerson]:
    """All who are invited now, the awaited person first."""
    usable = [invite for invite in invites if invite.usable]
    return [
        InvitedPerson(
            invite.id,
            shown_name(viewer, invite.person.name, invite.role),
            invite.role,
            removable=invite.role != "service_user" and len(usable) > 1,
            address=invite.person.address,
        )
        for invite in usable
    ]


async def _editable(
    request: web.Request, action: str
) -> tuple[Account, Consultation, list[Invite]]:
    account, consultation = await own_consultation(request, action)
    if consultation.state not in EDITABLE_STATES:
        if request.method == hdrs.METH_POST:
            raise Conflict  # what was typed is lost, which must not look as if it had been saved
        raise web.HTTPSeeOther(path("invites"))
    invites = await request.app[STORE].read.invites.of_consultation(consultation.id)
    return account, consultation, invites
