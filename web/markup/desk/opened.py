""" "Opened sessions": sessions that are started and not closed."""

from collections.abc import Sequence

import htpy as h

from web.markup.desk.invites import invite_row, live
from web.markup.shared.document import document
from web.view_models import InviteRow, Viewer


def opened_page(viewer: Viewer, rows: Sequence[InviteRow]) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Opened sessions"),
        [
            h.h1[_("Opened sessions")],
            live(
                "opened",
                h.ul(".list")[(invite_row(viewer, row, short=True) for row in rows)]
                if rows
                else h.p(".empty")[
                    _("No session is open. One that you start, or keep open, can be found here.")
                ],
            ),
        ],
        module="js/pages/opened.js",
        stylesheets=("css/sessions.css",),
    )
