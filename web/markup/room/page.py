"""The session page: waiting, chat and call. Everything live comes over the socket."""

import htpy as h
from markupsafe import Markup

from web.hello import socket_path
from web.markup.desk.history import export_dialog
from web.markup.room.call import call, call_markup, incoming, tile, ways_to_call
from web.markup.room.chat import chat
from web.markup.room.ending import after_closing, leave_call_dialog, link_again, terminate_dialog
from web.markup.room.greenroom import greenroom
from web.markup.room.lead import connection, lead
from web.markup.room.saving import saving
from web.markup.room.templates import templates
from web.markup.shared.document import (
    body_attributes,
    document,
    end_of_page,
    message_page,
    whole_page,
)
from web.markup.shared.header import leave
from web.markup.shared.phone_call import ask_by_phone, write_number
from web.markup.shared.until_scripts_run import simple_page
from web.markup.shared.ways_out import ways_out
from web.routes import path
from web.static_files import FIRST_SHEET, SEAT_SHEET, text_digest
from web.view_models import SessionView, Viewer

FIRST_SCRIPT = "js/first.js"
"In the head of a guest's page."
MODULE = "js/pages/session.js"


def files_of_a_seat(viewer: Viewer) -> list[str]:
    """Addresses of what a guest's page loads before it is live, besides its styles."""
    scripts = viewer.scripts([MODULE])
    return [*scripts, *([viewer.catalog] if viewer.catalog and not viewer.held_catalog else [])]


def session_page(viewer: Viewer, view: SessionView) -> h.Element:
    scheduler = view.invite_id is None
    return document(
        viewer,
        view.title,
        _room(viewer, view),
        module=MODULE,
        first=_first_script(viewer, view),
        service_user=not scheduler,
        wide=True,
        stylesheets=("css/room.css",),
        sheet=None if scheduler else SEAT_SHEET,
        inline=None if scheduler else FIRST_SHEET,
        data=_data(viewer, view),
    )


def session_part(viewer: Viewer, view: SessionView) -> h.Element:
    """What of a guest's page takes the place of the landing page's content, which has the rest already.

    `js/room/joining.js` puts it there, and says the hello.
    """
    data = {
        **_data(viewer, view),
        "hello": view.first_words,
        "next-files": " ".join(files_of_a_seat(viewer)),
    }
    return h.html(lang=viewer.language)[
        h.body({"class": "wide", **body_attributes(viewer, signed_in=False, data=data)})[
            leave(viewer), h.main("#main", tabindex="-1")[_room(viewer, view)], end_of_page()
        ]
    ]


def _room(viewer: Viewer, view: SessionView) -> h.Element:
    _ = viewer.translate
    scheduler = view.invite_id is None
    return h.div("#room.room.scripted")[
        connection(viewer, offline=view.offline),
        view.invite_id
        and h.div("#no-line-ways.notice", hidden=True)[simple_page(viewer, view.invite_id)],
        h.section(".stage", aria_label=_("Session"))[
            lead(viewer, view, scheduler),
            scheduler and after_closing(viewer, view),
            h.p("#notice.notice.warning", role="alert", hidden=True),
            scheduler and incoming(viewer.translate),
            greenroom(viewer),
            scheduler and call(viewer.translate),
            h.p("#no-calls.notice.warning", role="status", hidden=True),
            view.invite_id and _instead_of_calls(viewer, view.invite_id, view),
            scheduler and ways_to_call(viewer.translate),
            saving(viewer, view),
            scheduler and link_again(viewer, view),
        ],
        chat(viewer, scheduler=scheduler, invite_id=view.invite_id, offline=view.offline),
        scheduler and terminate_dialog(viewer),
        scheduler and leave_call_dialog(viewer),
        scheduler and export_dialog(viewer),
        templates(viewer),
        scheduler and tile(),
    ]


def _data(viewer: Viewer, view: SessionView) -> dict[str, str | None]:
    """Of the body, for the scripts."""
    uploads, files = _file_addresses(view)
    return {
        "socket": socket_path(view.consultation_id),
        "consultation-id": view.consultation_id,
        "invite-id": view.invite_id,
        "participant-id": view.participant_id,
        "role": "scheduler" if view.invite_id is None else "guest",
        "icons": viewer.static("icons.svg"),
        "retention-hours": str(viewer.retention_hours),
        "uploads": uploads,
        "files": files,
        **(_of_guest(viewer, view) if view.invite_id is not None else {}),
        "save-data": "on" if view.saves_data else None,
    }


def _instead_of_calls(viewer: Viewer, invite_id: str, view: SessionView) -> h.Element:
    return h.div("#no-calls-ways.notice", hidden=True)[
        ask_by_phone(viewer, invite_id, full=True),
        view.number_unknown and write_number(viewer),
        ways_out(viewer, link=None),
    ]


def _of_guest(viewer: Viewer, view: SessionView) -> dict[str, str | None]:
    """Of what is loaded when there is a call, and of the worker that opens this page without a line."""
    parts = {"invite_id": view.invite_id or ""}
    logo = viewer.logo.address if viewer.logo else ""
    of_page = (
        viewer.static("js/pages/session.js"),
        viewer.catalog,
        viewer.colors,
        logo,
        viewer.brand,
    )
    calls = text_digest(call_markup(viewer.translate))
    return {
        "call-markup": path("call_markup", digest=calls, language=viewer.language),
        "worker": path("seat_worker", **parts),
        "worker-scope": path("seat", **parts),
        "worker-version": text_digest("\n".join(of_page)),
        "offline": "" if view.offline else None,
    }


def _first_script(viewer: Viewer, view: SessionView) -> h.Node:
    """Opens the socket while the rest of the page is on its way, where there is a line."""
    if view.invite_id is None or view.offline:
        return None
    opening = h.script(
        data_seat=path("seat", invite_id=view.invite_id),
        data_socket=socket_path(view.consultation_id),
        data_hello=view.first_words,
    )[Markup(viewer.inline(FIRST_SCRIPT))]
    scripts = [opening, whole_page(viewer)]
    if not viewer.catalog or viewer.held_catalog:
        return scripts
    # found by a script otherwise, which is a round trip later
    return *scripts, h.link(rel="preload", as_="fetch", href=viewer.catalog, crossorigin=True)


def _file_addresses(view: SessionView) -> tuple[str, str]:
    """Where this page sends files, and below what it fetches them."""
    if view.invite_id is None:
        parts = {"consultation_id": view.consultation_id}
        return path("session_uploads", **parts), path("session_files", **parts)
    parts = {"invite_id": view.invite_id}
    return path("seat_uploads", **parts), path("seat_files", **parts)


def moved_page(viewer: Viewer) -> h.Element:
    """For a device whose seat another one has taken."""
    _ = viewer.translate
    return message_page(
        viewer,
        _("This session continues on another device"),
        _("To come back to this one, open your link again."),
    )


def no_place_page(viewer: Viewer) -> h.Element:
    """For a browser without a cookie of a seat: it was not kept, or has expired."""
    _ = viewer.translate
    return message_page(
        viewer,
        _("This browser has no place in the session"),
        _("To come in, please open your link again."),
        _(
            "If this page comes back after you have joined, your browser keeps no cookies. "
            "Please allow them for this page, or open the link in another browser."
        ),
    )
