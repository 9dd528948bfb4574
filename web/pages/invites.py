""" "Invites": the list, the form "New invite", and the links of what was sent."""

from dataclasses import replace
from datetime import timedelta
from math import ceil

import segno
from aiohttp import hdrs, web

from signaling.consultation import OPEN_STATES
from signaling.errors import InvalidInput, TooManyRequests
from signaling.text import searched
from web.forms.contacts import contact_of, format_contact
from web.forms.invitation import answered, read_plan
from web.forms.once import ids_of
from web.http.errors import retry_after
from web.http.forms import form_of, interpreting_of, reading_of, refused_form
from web.http.paging import page_number
from web.http.request import show, signed_in, viewer_of
from web.keys import CLOCK, CONFIG, INTERPRETING, INVITING, LIMITS, PLANNING, RUNTIME_SETTINGS
from web.markup.desk.invite_sent import SentInvite, invite_sent_page
from web.markup.desk.invites import invites_page
from web.markup.desk.new_invite import new_invite_page
from web.markup.shared.labels import shown_name
from web.pages.list_rows import invite_rows
from web.routes import path, public_address
from web.view_models import Form, InviteList, InviteRow

PAGE = 20
"Sessions on one page of the list."
QR_SCALE = 6
"Pixels of one module: some 250 px for a link, large enough to scan from a screen."


async def show_invites(request: web.Request) -> web.Response:
    account, viewer = await signed_in(request), await viewer_of(request)
    rows = await invite_rows(request.app, account, viewer, OPEN_STATES)
    search = request.query.get("search", "")[:100]
    state = request.query.get("state", "")
    rows = [row for row in rows if _matches(row, search, state)]
    pages = max(1, ceil(len(rows) / PAGE))
    number = page_number(request, pages)
    shown = rows[(number - 1) * PAGE : number * PAGE]
    found = InviteList(shown, search, state, number, pages, total=len(rows))
    return show(invites_page(viewer, found, await interpreting_of(request)))


async def show_new_invite(request: web.Request) -> web.Response:
    await signed_in(request)
    kind = request.query.get("kind", "")
    form = Form({"kind": kind} if kind else {})
    return show(new_invite_page(await viewer_of(request), form, await interpreting_of(request)))


async def send_invite(request: web.Request) -> web.Response:
    """Create the session and queue its notices; a refusal shows the form with everything typed.

    Where the next page is, is told to the dialog as JSON: the browser would hide it from its script.
    """
    account, viewer = await signed_in(request), await viewer_of(request)
    app, typed = request.app, answered(await form_of(request))
    try:
        await app[LIMITS].hit("invite", account.id)
        plan = read_plan(typed, reading_of(request, account, viewer, typed))
        plan = replace(plan, ids=ids_of(typed, account.id, app[CLOCK].now()))
        consultation, invites = await app[INVITING].invite(account, plan, app[INTERPRETING].ask)
    except (InvalidInput, TooManyRequests) as error:
        form = refused_form(typed, error, viewer)
        page = new_invite_page(viewer, form, await interpreting_of(request))
        return show(page, error.status, retry_after(error))
    if consultation.interpreting != "none":
        await app[INTERPRETING].watch()
    sent = path("case", consultation_id=consultation.id)
    if invites:
        sent = path("invite_link", invite_id=invites[0].id)
    if _wants_json(request):
        return web.json_response({"location": sent})
    raise web.HTTPSeeOther(sent)


def _wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get(hdrs.ACCEPT, "")


async def show_link(request: web.Request) -> web.Response:
    """The link of one invite: as a page with its QR code, or as JSON for "Copy link"."""
    account, viewer = await signed_in(request), await viewer_of(request)
    app = request.app
    invite, token = await app[INVITING].link_of(request.match_info["invite_id"], account.id)
    link = public_address(app[CONFIG].public_url, "landing", token=token)
    if _wants_json(request):
        return web.json_response({"link": link})
    rows = await invite_rows(app, account, viewer, OPEN_STATES, invite.consultation_id)
    if not rows:
        raise web.HTTPSeeOther(path("invites"))
    code = segno.make(link, micro=False).svg_inline(scale=QR_SCALE)
    sent = SentInvite(
        row=rows[0],
        name=shown_name(viewer, invite.person.name, invite.role),
        link=link,
        qr_svg=code,
        reminders=app[RUNTIME_SETTINGS].reminders,
        early_entry=timedelta(minutes=app[CONFIG].early_entry_minutes),
    )
    return show(invite_sent_page(viewer, sent))


async def show_qr(request: web.Request) -> web.Response:
    """The QR code of a link; black on white in any theme, or scanners fail."""
    account = await signed_in(request)
    app = request.app
    _invite, token = await app[INVITING].link_of(request.match_info["invite_id"], account.id)
    link = public_address(app[CONFIG].public_url, "landing", token=token)
    code = segno.make(link, micro=False).svg_inline(scale=QR_SCALE, light="#fff")
    if 'xmlns="' not in code:
        code = code.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return web.Response(text=code, content_type="image/svg+xml")


async def send_again(request: web.Request) -> web.Response:
    """Queue the invitation again; scripts are told so without a page."""
    account = await signed_in(request)
    app = request.app
    await app[LIMITS].hit("invite", account.id)
    invite = await app[INVITING].send_again(request.match_info["invite_id"], account)
    if "application/json" in request.headers.get(hdrs.ACCEPT, ""):
        return web.Response(status=204)
    raise web.HTTPSeeOther(_back(request, invite.consultation_id) or path("invites"))


async def remove(request: web.Request) -> web.Response:
    """Uninvite one person; the page "Edit" or the session's own shows who is left."""
    account = await signed_in(request)
    app = request.app
    invite = await app[PLANNING].remove_person(request.match_info["invite_id"], account)
    edit = path("edit_session", consultation_id=invite.consultation_id)
    raise web.HTTPSeeOther(_back(request, invite.consultation_id) or edit)


def _back(request: web.Request, consultation_id: str) -> str:
    """The page on which the button was pressed: the session's, or the dashboard; empty for any other."""
    if request.query.get("back") == "dashboard":
        return path("dashboard")
    pages = {"edit": "edit_session", "session": "session", "case": "case"}
    name = pages.get(request.query.get("back", ""))
    return path(name, consultation_id=consultation_id) if name else ""


def _matches(row: InviteRow, search: str, state: str) -> bool:
    if state and row.state != state:
        return False
    wanted = searched(search)
    return not wanted or any(
        wanted in searched(f"{person.name} {person.address} {_shown(person.address)}")
        for person in row.people
    )


def _shown(address: str) -> str:
    return format_contact(contact_of(address)) if address else ""
