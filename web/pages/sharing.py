"""Sharing a session with colleagues, handing it over to one, and taking part in one of a team's."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from aiohttp import web

from signaling.access import owned
from signaling.account import Account
from signaling.consultation import OPEN_STATES, Consultation
from signaling.errors import InvalidInput, NotFound
from signaling.text import searched
from web.http.forms import form_errors, form_of
from web.http.request import own_consultation, show, signed_in, viewer_of
from web.keys import ROOMS, STORE
from web.keys import SHARING as FLOW
from web.markup.desk.sharing import (
    SEARCHED_FROM,
    Choice,
    Sharing,
    choice_page,
    take_part_page,
)
from web.markup.shared.labels import shown_name
from web.routes import path
from web.view_models import Form

STARTS = ("video", "chat")
"What may be started at once."


async def sharing_of(request: web.Request, consultation: Consultation) -> Sharing:
    """Who holds this session, for the page of somebody who holds it."""
    viewer, read = await signed_in(request), request.app[STORE].read
    scheduler = await read.accounts.get(consultation.scheduler_id)
    shared = [await read.accounts.get(each) for each in consultation.shared_with]
    return Sharing(
        consultation.id,
        scheduler.name if scheduler else "",
        own=consultation.scheduler_id == viewer.id,
        open=consultation.state in OPEN_STATES,
        colleagues=sorted(
            ((each.id, each.name) for each in shared if each is not None),
            key=lambda colleague: colleague[1].casefold(),
        ),
    )


async def show_share(request: web.Request) -> web.Response:
    await own_consultation(request, "share")
    return await _choice(request, "share_session", Form())


async def share(request: web.Request) -> web.Response:
    return await _change(request, "share_session")


async def show_hand_over(request: web.Request) -> web.Response:
    await own_consultation(request, "hand_over")
    return await _choice(request, "hand_over", Form())


async def hand_over(request: web.Request) -> web.Response:
    return await _change(request, "hand_over")


async def end_share(request: web.Request) -> web.Response:
    """Take the session from a colleague, or give it back oneself."""
    account = await signed_in(request)
    consultation_id = request.match_info["consultation_id"]
    colleague_id = request.match_info["account_id"]
    try:
        await request.app[FLOW].end_share(consultation_id, account, colleague_id)
    except NotFound:
        if colleague_id != account.id or not await _held_once(request, account):
            raise
    if colleague_id == account.id:
        raise web.HTTPSeeOther(path("dashboard"))
    raise web.HTTPSeeOther(path("case", consultation_id=consultation_id))


async def _change(
    request: web.Request, step: Literal["share_session", "hand_over"]
) -> web.Response:
    account, consultation_id = await signed_in(request), request.match_info["consultation_id"]
    flow, colleague = request.app[FLOW], (await form_of(request)).get("colleague", "")
    act = flow.share if step == "share_session" else flow.hand_over
    try:
        await act(consultation_id, account, colleague)
    except InvalidInput as error:
        errors = form_errors(error, await viewer_of(request))
        return await _choice(request, step, Form({"colleague": colleague}, errors))
    except NotFound:
        if step != "hand_over" or not await _held_once(request, account, now_of=colleague):
            raise
    if step == "share_session":
        raise web.HTTPSeeOther(path("case", consultation_id=consultation_id))
    raise web.HTTPSeeOther(path("dashboard"))


async def _held_once(request: web.Request, account: Account, now_of: str = "") -> bool:
    """Whether somebody has passed this session on already: the button was pressed twice.

    With `now_of` only if this colleague has it.
    """
    read, consultation_id = request.app[STORE].read, request.match_info["consultation_id"]
    found = await read.consultations.get(consultation_id)
    if found is None or now_of not in ("", found.scheduler_id):
        return False
    return account.id in await read.consultations.former_schedulers(consultation_id)


async def _choice(
    request: web.Request, step: Literal["share_session", "hand_over"], form: Form
) -> web.Response:
    action = "share" if step == "share_session" else step
    _account, consultation = await own_consultation(request, action)
    everybody = await request.app[FLOW].colleagues(consultation, action)
    search = request.query.get("search", "")[:100]
    wanted = searched(search)
    found = [each for each in everybody if wanted in searched(each.name)]
    choice = Choice(
        consultation.id,
        step,
        search,
        _named(found[:SEARCHED_FROM]),
        more=len(found) > SEARCHED_FROM,
        searched=len(everybody) > SEARCHED_FROM,
    )
    return show(choice_page(await viewer_of(request), form, choice), 400 if form.errors else 200)


def _named(accounts: Sequence[Account]) -> list[tuple[str, str]]:
    """(id, name); colleagues of the same name are told apart by their addresses."""
    names = Counter(account.name for account in accounts)
    return [
        (each.id, each.name if names[each.name] == 1 else f"{each.name} ({each.email})")
        for each in accounts
    ]


async def lead_to_taking_part(request: web.Request) -> None:
    """Redirect to the question whether somebody takes part, if the session is of their team."""
    consultation_id = request.match_info["consultation_id"]
    try:
        await _of_team(request)
    except NotFound:
        return
    query = {"start": request.query["start"]} if request.query.get("start") in STARTS else {}
    raise web.HTTPSeeOther(path("take_part", query, consultation_id=consultation_id))


async def show_take_part(request: web.Request) -> web.Response:
    account, consultation = await _of_team(request)
    app = request.app
    if account.id in consultation.holders:
        raise web.HTTPSeeOther(path("session", consultation_id=consultation.id))
    scheduler = await app[STORE].read.accounts.get(consultation.scheduler_id)
    viewer = await viewer_of(request)
    waiting = next(
        (
            shown_name(viewer, each.seat.name, each.seat.role)
            for each in app[ROOMS].hub.waiting(account.id)
            if each.consultation.id == consultation.id
        ),
        "",
    )
    start = request.query.get("start", "")
    page = take_part_page(
        viewer,
        consultation.id,
        scheduler.name if scheduler else "",
        waiting,
        start if start in STARTS else "",
    )
    return show(page)


async def take_part(request: web.Request) -> web.Response:
    """Come to hold the session too, and go there."""
    account, consultation_id = await signed_in(request), request.match_info["consultation_id"]
    start = (await form_of(request)).get("start", "")
    await request.app[FLOW].take_part(consultation_id, account)
    query = {"start": start} if start in STARTS else {}
    raise web.HTTPSeeOther(path("session", query, consultation_id=consultation_id))


async def _of_team(request: web.Request) -> tuple[Account, Consultation]:
    """The session of a colleague in a team. Raises NotFound for any other."""
    account = await signed_in(request)
    mates = request.app[ROOMS].hub.mates.get(account.id, frozenset())
    found = await request.app[STORE].read.consultations.get(request.match_info["consultation_id"])
    return account, owned(found, account.id, "take_part", mates)
