"""The first page after signing in: who is waiting, the next sessions, the open ones."""

from collections.abc import Sequence

import htpy as h

from web.markup.desk.invites import invite_row, live, new_invite_link
from web.markup.desk.new_invite import NOBODY, Interpreting, new_invite_dialog
from web.markup.desk.waiting_room import waiting_list
from web.markup.shared.document import document
from web.view_models import InviteRow, Viewer, WaitingRow


def dashboard_page(
    viewer: Viewer,
    waiting: Sequence[WaitingRow],
    planned: Sequence[InviteRow],
    opened: Sequence[InviteRow],
    interpreting: Interpreting = NOBODY,
) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Dashboard"),
        [
            h.div(".heading")[h.h1[_("Dashboard")], new_invite_link(viewer)],
            h.h2[_("Waiting room")],
            waiting_list(viewer, waiting),
            h.h2[_("Next sessions")],
            live("planned", _rows(viewer, planned, _("No session is planned."))),
            h.h2[_("Opened sessions")],
            live("opened", _rows(viewer, opened, _("No session is open."))),
            new_invite_dialog(viewer, interpreting),
        ],
        module="js/pages/invites.js",
        stylesheets=("css/sessions.css",),
    )


def _rows(viewer: Viewer, rows: Sequence[InviteRow], nothing: str) -> h.Element:
    if not rows:
        return h.p(".empty")[nothing]
    return h.ul(".list")[(invite_row(viewer, row, short=True) for row in rows)]
