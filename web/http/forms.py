"""Posted forms: what was typed, what reading it needs of the request, and the refused form again."""

from typing import Any

from aiohttp import web

from signaling.account import Account
from signaling.errors import DoubtfulContact, InvalidInput, TooManyRequests
from web.forms.contacts import contact_of, format_contact
from web.forms.faults import faults_of
from web.forms.invitation import Reading, Typed
from web.http.errors import sentence
from web.http.request import time_zone_of
from web.keys import CLOCK, CONFIG, INTERPRETING, NOTICE_ROUTING
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form, Offer, Question, Viewer


async def form_of(request: web.Request) -> dict[str, str]:
    """The text fields of a posted form; no form has files or repeated fields.

    Raises InvalidInput if the body is not a form.
    """
    try:
        posted: Any = await request.post()
    except (ValueError, LookupError, AssertionError):
        # not UTF-8, an unknown charset, a multipart body without its boundary
        raise InvalidInput("form") from None
    return {key: value for key, value in posted.items() if isinstance(value, str)}


async def interpreting_of(request: web.Request) -> dict[str, bool]:
    """Language code -> whether an organization interprets it, for the forms that invite."""
    spoken = await request.app[INTERPRETING].languages()
    return {code: code in spoken for code in OWN_NAMES}


def reading_of(
    request: web.Request, account: Account, viewer: Viewer, typed: Typed, *taken: str
) -> Reading:
    """What reading one of the forms needs to know of this request.

    Addresses that were accepted before (`taken`) are not questioned again.
    """
    app = request.app
    return Reading(
        account=account,
        time_zone=viewer.time_zone if time_zone_of(request) == "UTC" else time_zone_of(request),
        now=app[CLOCK].now(),
        ways=app[NOTICE_ROUTING],
        default_region=app[CONFIG].default_region,
        translate=viewer.translate,
        language=viewer.language,
        confirmed=frozenset((*typed.get("confirmed", "").split(), *taken)),
    )


def form_errors(error: InvalidInput | TooManyRequests, viewer: Viewer) -> dict[str, str]:
    """What is wrong with a refused form: at its field, or above all of them ('')."""
    if isinstance(error, InvalidInput):
        faults = faults_of(error)
        return {each.field: sentence(each, viewer.translate, viewer.plural) for each in faults}
    return {"": sentence(error, viewer.translate, viewer.plural)}


def refused_form(
    typed: dict[str, str], error: InvalidInput | TooManyRequests, viewer: Viewer
) -> Form:
    """The refused form again: everything typed, what is wrong, and what is asked about numbers."""
    faults = faults_of(error) if isinstance(error, InvalidInput) else ()
    doubts = [fault for fault in faults if isinstance(fault, DoubtfulContact)]
    questions = {doubt.field: question(doubt) for doubt in doubts}
    return Form(typed, form_errors(error, viewer), questions)


def question(error: DoubtfulContact) -> Question:
    """How a doubtful number can be answered: as it is, or by one of the offers."""
    return Question(error.understood, tuple(map(_offer, error.offers)))


def _offer(address: str) -> Offer:
    return Offer(address, format_contact(contact_of(address)))
