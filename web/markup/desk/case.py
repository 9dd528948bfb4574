"""The page of one session: its people, what was sent to them, its date, and what can be done."""

import htpy as h

from web.markup.desk.invites import invite_row, live, row_dialogs
from web.markup.shared.document import document
from web.view_models import InviteRow, Viewer


def case_page(viewer: Viewer, row: InviteRow) -> h.Element:
    name = row.people[0].name if row.people else ""
    return document(
        viewer,
        name,
        [
            h.h1[h.bdi[name]],
            live("case", h.ul(".list")[invite_row(viewer, row)]),
            row_dialogs(viewer),
        ],
        module="js/pages/invites.js",
    )
