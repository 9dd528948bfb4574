"""The waiting room, longest wait first. Its first rows are rendered, later ones live."""

from collections.abc import Sequence

import htpy as h

from web.markup.shared.controls import action, go
from web.markup.shared.document import document
from web.markup.shared.labels import filled, readiness_label
from web.routes import path
from web.view_models import Viewer, WaitingRow


def waiting_room_page(viewer: Viewer, waiting: Sequence[WaitingRow]) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Waiting room"),
        [
            h.div(".heading")[h.h1[_("Waiting room")], start_next(viewer, waiting)],
            waiting_list(viewer, waiting),
        ],
    )


def start_next(viewer: Viewer, waiting: Sequence[WaitingRow]) -> h.Element:
    """The button that goes to whoever has waited longest."""
    _ = viewer.translate
    return h.div("#start-next", hidden=not waiting)[
        action(path("start_next"), _("Start next consultation"))
    ]


def waiting_list(viewer: Viewer, waiting: Sequence[WaitingRow]) -> h.Element:
    """The list with its row template."""
    _ = viewer.translate
    return h.section("#waiting", aria_label=_("People waiting"))[
        h.ul("#waiting-list.list")[(_row(viewer, row) for row in waiting)],
        h.div("#nobody-waits.empty", hidden=bool(waiting))[
            h.p[_("Nobody is waiting.")],
            h.p[_("When somebody opens their link, it rings and they appear here.")],
        ],
        h.template("#waiting-row")[_row(viewer, None)],
    ]


def waits_for(viewer: Viewer, whose: str) -> h.Node:
    """Of a colleague's session: whom somebody waits for."""
    _ = viewer.translate
    return filled(_("Waits for %(name)s"), name=h.bdi[whose])


def _row(viewer: Viewer, row: WaitingRow | None) -> h.Element:
    """One person; without `row` an empty template that the browser fills."""
    _ = viewer.translate
    since = str(int(row.waiting_since.timestamp() * 1000)) if row else None
    held = row.consultation_id if row else ""
    session = path("session", consultation_id=held) if row else ""
    # By its key the browser finds the row again, instead of adding another one.
    return h.li(".row", data_key=held or None, data_consultation_id=held or None)[
        h.div(".who")[
            h.a(".name", href=path("case", consultation_id=held) if row else "")[
                h.bdi[row.name if row else ""]
            ],
            h.p(".since", data_since=since),
            h.p(".whose", hidden=row is None or not row.whose)[
                waits_for(viewer, row.whose) if row else ""
            ],
            h.p(".wants-phone", hidden=row is None or not row.asks_for_phone_call)[
                h.span(".tag.warning")[_("Asks for a call by phone")]
            ],
            h.p(".hint")[
                h.span(".tag.speaks")[row.language if row else ""],
                " ",
                h.span(".tag.readiness", data_readiness=row.readiness if row else None)[
                    readiness_label(viewer, row.readiness) if row else ""
                ],
            ],
        ],
        h.div(".actions")[
            go(session, _("Start with video"), primary=True, name="start", value="video"),
            go(session, _("Start with chat"), name="start", value="chat"),
        ],
    ]
