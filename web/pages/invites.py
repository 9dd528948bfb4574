""" "Invites": the list, the form behind "New invite", and what follows sending."""

from collections.abc import Sequence
from math import ceil

import segno
from aiohttp import web

from signaling.consultation import OPEN_STATES
from signaling.errors import InvalidInput
from web.errors import sentence
from web.forms.invitation import read_plan
from web.keys import CLOCK, CONFIG, INVITING, LIMITS, NOTIFYING
from web.listing import invite_rows
from web.markup.invite_sent import invite_sent_page
from web.markup.invites import invites_page
from web.markup.new_invite import new_invite_page
from web.routes import path, public_address
from web.viewing import form_of, show, signed_in, time_zone_of, viewer_of
from web.views import Form, InviteRow

PAGE = 20
"Sessions on one page of the list."


async def show_invites(request: web.Request) -> web.Response:
    account, viewer = await signed_in(request), await viewer_of(request)
    rows = await invite_rows(request.app, account, viewer, OPEN_STATES)
    search = request.query.get("search", "")[:100]
    state = request.query.get("state", "")
    rows = [row for row in rows if _matches(row, search, state)]
    pages = max(1, ceil(len(rows) / PAGE))
    asked = request.query.get("page", "1")
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() else 1
    shown: Sequence[InviteRow] = rows[(number - 1) * PAGE : number * PAGE]
    return show(
        invites_page(
            viewer,
            shown,
            search=search,
            state=state,
            page=number,
            pages=pages,
            total=len(rows),
        )
    )


async def show_new_invite(request: web.Request) -> web.Response:
    await signed_in(request)
    kind = request.query.get("kind", "")
    return show(new_invite_page(await viewer_of(request), Form({"kind": kind} if kind else {})))


async def send_invite(request: web.Request) -> web.Response:
    """Make the session and queue its notices; a refusal shows the form with all that was typed."""
    account, viewer = await signed_in(request), await viewer_of(request)
    app, typed = request.app, await form_of(request)
    await app[LIMITS].hit("invite", account.id)
    try:
        plan = read_plan(
            typed, account=account, time_zone=time_zone_of(request), now=app[CLOCK].now()
        )
        _consultation, invites = await app[INVITING].invite(account, plan)
    except InvalidInput as error:
        form = Form(typed, {error.field: sentence(error, viewer.translate)})
        return show(new_invite_page(viewer, form), 400)
    app[NOTIFYING].wake()
    raise web.HTTPSeeOther(path("invite_link", invite_id=invites[0].id))


async def show_link(request: web.Request) -> web.Response:
    """The link of one invite with its QR code, for its scheduler."""
    account, viewer = await signed_in(request), await viewer_of(request)
    app = request.app
    invite, token = await app[INVITING].link_of(request.match_info["invite_id"], account.id)
    rows = await invite_rows(app, account, viewer, OPEN_STATES)
    row = next((row for row in rows if row.consultation_id == invite.consultation_id), None)
    if row is None:
        raise web.HTTPSeeOther(path("invites"))
    link = public_address(app[CONFIG].public_url, "landing", token=token)
    code = segno.make(link, micro=False).svg_inline(scale=6)
    return show(invite_sent_page(viewer, row, link, code))


def _matches(row: InviteRow, search: str, state: str) -> bool:
    if state and row.state != state:
        return False
    wanted = search.casefold()
    return not wanted or any(
        wanted in f"{person.name} {person.address}".casefold() for person in row.people
    )
