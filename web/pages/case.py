"""The page of one session: its people, what was sent to them, its date, and what can be done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from aiohttp import web

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import NotFound
from signaling.interpreter_request import (
    InterpreterRequest,
    InterpretingOrganization,
    next_to_ask,
)
from signaling.notices.delivery_summary import Delivery
from signaling.notices.notice import Occasion
from web.http.request import own_consultation, show, viewer_of
from web.keys import CLOCK, RUNNING, STORE, UNREAD
from web.markup.desk.case import case_page
from web.markup.shared.labels import shown_name
from web.pages.list_rows import invite_row
from web.pages.sharing import lead_to_taking_part, sharing_of
from web.texts.catalogs import OWN_NAMES
from web.view_models import AskedOrganization, CaseView, Message, Viewer


async def show_case(request: web.Request) -> web.Response:
    try:
        account, consultation = await own_consultation(request, "see_links")
    except NotFound:
        await lead_to_taking_part(request)
        raise
    viewer = await viewer_of(request)
    view = await _view(request.app, account, viewer, consultation)
    sharing = await sharing_of(request, consultation)
    return show(case_page(viewer, view, sharing))


async def _view(
    app: web.Application, account: Account, viewer: Viewer, consultation: Consultation
) -> CaseView:
    """The session as this account sees it."""
    read = app[STORE].read
    unread = {each.consultation_id: each for each in await app[UNREAD].of(account.id)}
    organizations = await read.interpreters.organizations()
    requests = await read.interpreters.requests_of(consultation.id)
    called = {each.id: each.name for each in organizations}
    names = {
        invite.id: shown_name(viewer, invite.person.name, invite.role)
        for invite in await read.invites.of_consultation(consultation.id)
    } | {asked.id: called.get(asked.organization_id, "") for asked in requests}
    language = consultation.interpreting_language
    return CaseView(
        row=replace(
            await invite_row(app, viewer, consultation), unread=unread.get(consultation.id)
        ),
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
        own=consultation.scheduler_id == account.id,
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
    """A line for each try, and one for all who get the same later; earliest first."""
    lines = [line for each in deliveries for line in _tries(each, names)]
    later: dict[tuple[Occasion, datetime], list[str]] = {}
    for each in deliveries:
        if not each.attempts and each.state == "pending":
            later.setdefault((each.occasion, each.due_at), []).extend(_to(each, names))
    for (occasion, at), to in later.items():
        lines.append(Message(occasion, tuple(to), at, state=None if at > now else "queued"))
    return tuple(sorted(lines, key=lambda line: line.at))


def _tries(delivery: Delivery, names: Mapping[str, str]) -> Iterator[Message]:
    for attempt in delivery.attempts:
        yield Message(
            occasion=delivery.occasion,
            to=_to(delivery, names),
            at=attempt.first_try_at or delivery.queued_at,
            channel=attempt.channel,
            state=attempt.shown_state,
            reason=attempt.reason,
        )
    if not delivery.attempts and delivery.state == "failed":
        # there was no way to reach them
        yield Message(delivery.occasion, _to(delivery, names), delivery.due_at, state="abandoned")


def _to(delivery: Delivery, names: Mapping[str, str]) -> tuple[str, ...]:
    name = names.get(delivery.recipient_id)
    return (name,) if name else ()
