"""The waiting room: who waits, longest first. Rows come from the server once, then live."""

from collections.abc import Sequence

import htpy as h

from web.markup.shared.controls import action, go
from web.markup.shared.document import document
from web.markup.shared.labels import readiness_label
from web.routes import path
from web.view_models import Viewer, WaitingRow


def waiting_room_page(viewer: Viewer, waiting: Sequence[WaitingRow]) -> h.Element:
    _ = viewer.translate
    return document(
        viewer, _("Waiting room"), [h.h1[_("Waiting room")], waiting_list(viewer, waiting)]
    )


def waiting_list(viewer: Viewer, waiting: Sequence[WaitingRow]) -> h.Element:
    """The list with its row template and the button for whoever has waited longest."""
    _ = viewer.translate
    return h.section("#waiting", aria_label=_("People waiting"))[
        h.div("#start-next", hidden=not waiting)[
            action(path("start_next"), _("Start next consultation"), primary=True)
        ],
        h.ul("#waiting-list.list")[(_row(viewer, row) for row in waiting)],
        h.p("#nobody-waits.empty", hidden=bool(waiting))[_("Nobody is waiting.")],
        h.template("#waiting-row")[_row(viewer, None)],
    ]


def _row(viewer: Viewer, row: WaitingRow | None) -> h.Element:
    """One person; without `row` the empty shape that the browser fills."""
    _ = viewer.translate
    since = str(int(row.waiting_since.timestamp() * 1000)) if row else None
    address = path("session", consultation_id=row.consultation_id) if row else ""
    return h.li(".row", data_consultation_id=row.consultation_id if row else None)[
        h.div(".who")[
            h.strong(".name", dir="auto")[row.name if row else ""],
            h.p(".hint")[
                h.span(".since", data_since=since),
                " ",
                h.span(".tag.language")[row.language if row else ""],
                " ",
                h.span(".tag.readiness", data_readiness=row.readiness if row else None)[
                    readiness_label(viewer, row.readiness) if row else ""
                ],
            ],
        ],
        h.div(".actions")[go(address, _("Start"))],
    ]
