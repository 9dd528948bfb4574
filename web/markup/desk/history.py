""" "History": what was closed and is not purged yet."""

from collections.abc import Sequence

import htpy as h

from web.markup.desk.invites import live
from web.markup.shared.controls import action, go
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import HistoryRow, Viewer


def history_page(viewer: Viewer, rows: Sequence[HistoryRow]) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("History"),
        [
            h.h1[_("History")],
            h.p(".hint")[
                _("Closed sessions stay here for a while. Then every trace of them is deleted.")
            ],
            live(
                "history",
                h.ul(".list")[(_row(viewer, row) for row in rows)]
                if rows
                else h.p(".empty")[_("No session was closed lately.")],
            ),
            export_dialog(viewer),
        ],
        module="js/pages/history.js",
    )


def _row(viewer: Viewer, row: HistoryRow) -> h.Element:
    _ = viewer.translate
    return h.li(".row")[
        h.div(".who")[
            h.strong(".name", dir="auto")[row.names],
            row.started_at is not None
            and h.p(".hint")[filled(_("Started %(time)s"), time=clock(viewer, row.started_at))],
            h.p(".hint")[filled(_("Closed %(time)s"), time=clock(viewer, row.closed_at))],
            h.p(".hint")[filled(_("Will be deleted %(time)s"), time=clock(viewer, row.purge_at))],
        ],
        h.div(".actions")[
            action(path("reopen_session", consultation_id=row.consultation_id), _("Reopen")),
            export_button(viewer, row.consultation_id),
        ],
    ]


def export_button(viewer: Viewer, consultation_id: str) -> h.Element:
    """A plain download; a module shows the reminder beside it."""
    _ = viewer.translate
    address = path("report", consultation_id=consultation_id)
    return go(address, _("Export"), data_export=True)


def export_dialog(viewer: Viewer) -> h.Element:
    """The reminder to delete what was downloaded."""
    _ = viewer.translate
    return h.dialog("#export-dialog", aria_labelledby="export-title")[
        h.h2("#export-title")[_("The report is being downloaded")],
        h.p[
            _(
                "Once you have added it to the record, delete it from the download folder "
                "of this device, and clear the cache of your browser from time to time."
            )
        ],
        h.form(method="dialog")[h.button(".primary", type="submit")[_("I will delete it")]],
    ]
