""" "Invites": the sessions that are planned or open, and their actions."""

import htpy as h

from web.markup.desk.new_invite import NOBODY, Interpreting, new_invite_dialog
from web.markup.desk.unread import unread_mark
from web.markup.shared.contact_fields import destination
from web.markup.shared.controls import action, field, go, select, submit
from web.markup.shared.document import document
from web.markup.shared.labels import (
    channel_label,
    clock,
    consultation_label,
    delivery_label,
    filled,
    invite_label,
    readiness_label,
    reason_sentence,
    role_label,
)
from web.markup.shared.pager import pager
from web.routes import path
from web.view_models import Form, InviteList, InviteRow, Person, Viewer


def invites_page(
    viewer: Viewer, found: InviteList, interpreting: Interpreting = NOBODY
) -> h.Element:
    _ = viewer.translate
    ngettext = viewer.plural
    return document(
        viewer,
        _("Invites"),
        [
            h.div(".heading")[h.h1[_("Invites")], new_invite_link(viewer)],
            _filters(viewer, found),
            live(
                "sessions",
                h.p(".hint")[
                    ngettext("%(count)s session", "%(count)s sessions", found.total)
                    % {"count": found.total}
                ],
                h.ul(".list")[(invite_row(viewer, row) for row in found.rows)]
                if found.rows
                else h.p(".empty")[_("No sessions here.")],
                pager(
                    viewer,
                    found.page,
                    found.pages,
                    lambda number: path(
                        "invites",
                        {"search": found.search, "state": found.state, "page": str(number)},
                    ),
                ),
            ),
            row_dialogs(viewer),
            new_invite_dialog(viewer, interpreting),
        ],
        module="js/pages/invites.js",
    )


def new_invite_link(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return go(path("new_invite"), _("New invite"), primary=True, id="open-new-invite")


def live(identifier: str, *content: h.Node) -> h.Element:
    """A part of the page that a script fetches again when something in it changes."""
    return h.div({"id": identifier, "data-live": True})[content]


def row_dialogs(viewer: Viewer) -> h.Node:
    """The dialogs of the rows' buttons, outside of the live parts, which are replaced."""
    _ = viewer.translate
    return [
        h.dialog("#qr-dialog", aria_label=_("QR code"))[
            h.img("#qr-image.qr", alt=_("QR code of the link"), width="280", height="280"),
            h.form(method="dialog")[h.button(type="submit")[_("Done")]],
        ],
        # Filled only when the browser refuses to copy by itself.
        h.dialog("#link-dialog", aria_label=_("Link"))[
            h.output("#link-text.link-text", dir="ltr"),
            h.form(method="dialog")[h.button(type="submit")[_("Done")]],
        ],
        h.p("#row-status.unseen", role="status"),
        cancel_dialog(viewer),
    ]


def cancel_dialog(viewer: Viewer) -> h.Element:
    """The question before a session is canceled; without scripts the button cancels at once."""
    _ = viewer.translate
    return h.dialog("#cancel-dialog", aria_labelledby="cancel-title")[
        h.h2("#cancel-title")[_("Cancel session")],
        h.p[h.bdi("#cancel-who.name")],
        h.p[_("Everybody invited is told, and their links stop working.")],
        h.form(".actions", method="dialog")[
            h.button(".bad", type="submit", value="yes")[_("Cancel session")],
            h.button(".primary", type="submit", value="", autofocus=True)[_("Keep the session")],
        ],
    ]


def cancel_button(viewer: Viewer, consultation_id: str, name: str) -> h.Element:
    _ = viewer.translate
    return h.form(
        ".inline",
        method="post",
        action=path("cancel_session", consultation_id=consultation_id),
        data_confirm="cancel-dialog",
        data_who=name,
    )[submit(_("Cancel session"), quiet=True)]


def invite_row(viewer: Viewer, row: InviteRow, *, short: bool = False) -> h.Element:
    """One session with its people and actions; `short` for only the button that opens it."""
    _ = viewer.translate
    awaited = row.people[0] if row.people else None
    return h.li(".row", data_consultation_id=row.consultation_id)[
        h.div(".who")[
            h.strong(".name", dir="auto")[awaited.name if awaited else ""],
            h.p(".hint")[
                h.span(".tag", data_state=row.state)[consultation_label(viewer, row.state)],
                " ",
                row.online and h.span(".tag.online")[_("Online")],
                " ",
                unread_mark(viewer, row.unread),
                " ",
                h.span(".tag", data_readiness=row.readiness)[
                    readiness_label(viewer, row.readiness)
                ],
            ],
            h.p(".hint")[_when(viewer, row, awaited)],
            row.closes_at is not None
            and h.p(".hint", data_closes=True)[
                filled(
                    _("Will be closed automatically unless somebody uses it: %(time)s"),
                    time=clock(viewer, row.closes_at),
                )
            ],
            _interpreting(viewer, row),
            (_person(viewer, person, named=number > 0) for number, person in enumerate(row.people)),
            (
                h.p(".reply")[filled(_("Reply: %(text)s"), text=h.q(dir="auto")[reply])]
                for reply in row.replies
            ),
        ],
        h.div(".actions")[
            _way_in(viewer, row),
            not short and _actions(viewer, row),
        ],
    ]


def _interpreting(viewer: Viewer, row: InviteRow) -> h.Node:
    """The state of the search for an interpreter."""
    _ = viewer.translate
    sentences = {
        "requested": _("An interpreter was asked for. Nobody else has been written to yet."),
        "accepted": _("An interpreter will come."),
        "unavailable": _("No interpreter is available. Nobody has been written to yet."),
        "waived": _("Without interpreter."),
    }
    text = sentences.get(row.interpreting)
    return text and h.p(".hint", data_interpreting=row.interpreting)[text]


def _way_in(viewer: Viewer, row: InviteRow) -> h.Node:
    _ = viewer.translate
    address = path("session", consultation_id=row.consultation_id)
    if row.state in ("active", "kept_open"):
        return go(address, _("Open"), primary=True)
    return row.online and go(address, _("Start"), primary=True)


def _actions(viewer: Viewer, row: InviteRow) -> list[h.Node]:
    _ = viewer.translate
    return [
        row.invite_id
        and [
            go(path("invite_link", invite_id=row.invite_id), _("Copy link"), data_copy_link=True),
            go(path("invite_qr", invite_id=row.invite_id), _("Show QR code"), data_show_qr=True),
        ],
        row.invite_id
        and row.may_notify
        and action(path("invite_send_again", invite_id=row.invite_id), _("Send again")),
        row.interpreting in ("requested", "unavailable")
        and action(
            path("invite_without_interpreter", consultation_id=row.consultation_id),
            _("Invite without interpreter"),
        ),
        row.state in ("planned", "waiting")
        and [
            go(path("edit_session", consultation_id=row.consultation_id), _("Edit")),
            cancel_button(viewer, row.consultation_id, row.people[0].name if row.people else ""),
        ],
    ]


def _when(viewer: Viewer, row: InviteRow, awaited: Person | None) -> h.Node:
    _ = viewer.translate
    if row.planned_at is None:
        return filled(_("Invited %(time)s"), time=clock(viewer, row.created_at))
    zone = awaited.time_zone if awaited else None
    differs = zone is not None and zone != viewer.time_zone
    return [
        clock(viewer, row.planned_at),
        differs
        and [
            " · ",
            filled(_("there: %(time)s"), time=clock(viewer, row.planned_at, zone=zone)),
        ],
    ]


def _person(viewer: Viewer, person: Person, *, named: bool) -> h.Element:
    _ = viewer.translate
    words = [
        role_label(viewer, person.role),
        channel_label(viewer, person.channel),
        delivery_label(viewer, person.delivery_state),
        _("Has opened the link, but is not connected.")
        if person.unconnected
        else invite_label(viewer, person.invite_state),
        person.language,
    ]
    reason = reason_sentence(viewer, person.delivery_reason)
    return h.p(".hint")[
        named and [h.strong(dir="auto")[person.name], " · "],
        " · ".join(word for word in words if word),
        person.address and [" · ", destination(viewer, person.address)],
        reason and h.span(".error")[" ", reason],
    ]


def _filters(viewer: Viewer, found: InviteList) -> h.Element:
    _ = viewer.translate
    form = Form({"search": found.search, "state": found.state})
    states = [("", _("All"))] + [
        (value, consultation_label(viewer, value))
        for value in ("planned", "waiting", "active", "kept_open")
    ]
    return h.form(".filters", action=path("invites"), role="search")[
        field(form, "search", _("Search"), kind="search"),
        select(form, "state", _("State"), states),
        submit(_("Show"), quiet=True),
    ]
