"""The page of one session: its people, what was sent to them, its date, and what can be done."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from aiohttp import web

from signaling.consultation import Consultation
from signaling.errors import NotFound
from signaling.interpreter_request import (
    InterpreterRequest,
    InterpretingOrganization,
    next_to_ask,
)
from signaling.notices.delivery import Delivery
from web.http.request import own_consultation, show, viewer_of
from web.keys import CLOCK, RUNNING, STORE
from web.markup.desk.case import case_page
from web.pages.list_rows import invite_row
from web.pages.sharing import lead_to_taking_part, sharing_of
from web.texts.catalogs import OWN_NAMES
from web.view_models import AskedOrganization, CaseView, Message


async def show_case(request: web.Request) -> web.Response:
    try:
        account, consultation = await own_consultation(request, "see_links")
    except NotFound:
        await lead_to_taking_part(request)
        raise
    view = await _view(request.app, consultation, own=consultation.scheduler_id == account.id)
    sharing = await sharing_of(request, consultation)
    return show(case_page(await viewer_of(request), view, sharing))


async def _view(app: web.Application, consultation: Consultation, *, own: bool) -> CaseView:
    read = app[STORE].read
    organizations = await read.interpreters.organizations()
    requests = await read.interpreters.requests_of(consultation.id)
    called = {each.id: each.name for each in organizations}
    names = {
        invite.id: invite.person.name
        for invite in await read.invites.of_consultation(consultation.id)
    } | {asked.id: called.get(asked.organization_id, "") for asked in requests}
    language = consultation.interpreting_language
    return CaseView(
        row=await invite_row(app, consultation),
        messages=_messages(
            await read.deliveries.of_consultation(consultation.id), names, app[CLOCK].now()
        ),
        note=consultation.note,
        interpreting_language=OWN_NAMES.get(language, language),
        asked=tuple(_asked(each, called) for each in requests),
        next_organization=_next(organizations, requests, language),
        started_at=consultation.started_at,
        closed_at=consultation.closed_at,
        purge_at=consultation.purge_at(app[RUNNING].retention),
        own=own,
    )


def _asked(asked: InterpreterRequest, called: Mapping[str, str]) -> AskedOrganization:
    return AskedOrganization(
        name=called.get(asked.organization_id, ""),
        state=asked.state,
        asked_at=asked.created_at,
        expires_at=asked.expires_at,
        decided_at=asked.decided_at,
    )


def _next(
    organizations: Sequence[InterpretingOrganization],
    requests: Sequence[InterpreterRequest],
    language: str,
) -> str:
    """Who is asked if nobody of those who were accepts; empty: nobody."""
    found = next_to_ask(organizations, language, (each.organization_id for each in requests))
    return found.name if found else ""


def _messages(
    deliveries: Sequence[Delivery], names: Mapping[str, str], now: datetime
) -> tuple[Message, ...]:
    """A line for each try, and for what waits for its time; earliest first."""
    lines = [line for each in deliveries for line in _lines(each, names, now)]
    return tuple(sorted(lines, key=lambda line: line.at))


def _lines(delivery: Delivery, names: Mapping[str, str], now: datetime) -> Iterator[Message]:
    to = names.get(delivery.recipient_id, "")
    for attempt in delivery.attempts:
        yield Message(
            occasion=delivery.occasion,
            to=to,
            at=attempt.first_try_at or delivery.queued_at,
            channel=attempt.channel,
            state=attempt.state,
            reason=attempt.reason,
        )
    if not delivery.attempts and delivery.state == "failed":
        # there was no way to reach them
        yield Message(delivery.occasion, to, delivery.due_at, state="abandoned")
    elif not delivery.attempts and delivery.state == "pending":
        waits = delivery.due_at > now
        yield Message(delivery.occasion, to, delivery.due_at, state=None if waits else "queued")
