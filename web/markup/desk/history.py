""" "History": sessions that are closed and not yet purged."""

from collections.abc import Sequence

import htpy as h

from web.markup.desk.invites import live
from web.markup.shared.controls import action, go
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import HistoryRow, Viewer


def history_page(viewer: Viewer, rows: Sequence[HistoryRow]) -> h.Element:
    _, ngettext = viewer.translate, viewer.plural
    hours = viewer.retention_hours
    return document(
        viewer,
        _("History"),
        [
            h.h1[_("History")],
            h.p(".hint")[
                ngettext(
                    "Closed sessions stay here for %(count)s hour. "
                    "Then everything about them is deleted.",
                    "Closed sessions stay here for %(count)s hours. "
                    "Then everything about them is deleted.",
                    hours,
                )
                % {"count": hours}
            ],
            live(
                "history",
                h.ul(".list")[(_row(viewer, row) for row in rows)]
                if rows
                else h.p(".empty")[
                    ngettext(
                        "No session was closed in the last hour.",
                        "No session was closed in the last %(count)s hours.",
                        hours,
                    )
                    % {"count": hours},
                    " ",
                    _("To close one, open it and press Terminate the session."),
                ],
            ),
            export_dialog(viewer),
        ],
        module="js/pages/history.js",
        stylesheets=("css/sessions.css",),
    )


def _row(viewer: Viewer, row: HistoryRow) -> h.Element:
    _ = viewer.translate
    closed = filled(_("Closed %(time)s"), time=clock(viewer, row.closed_at))
    return h.li(".row.session")[
        h.div(".who")[
            h.p(".headline")[
                h.a(".name", href=path("case", consultation_id=row.consultation_id))[
                    listed(row.names)
                ],
                " ",
                h.span(".when")[closed],
            ],
            row.started_at is not None
            and h.p(".hint")[filled(_("Started %(time)s"), time=clock(viewer, row.started_at))],
            h.p(".state")[_content(viewer, row)],
            h.p(".hint")[
                filled(
                    _("You can export and reopen it until %(time)s; then everything is deleted."),
                    time=clock(viewer, row.purge_at),
                )
            ],
        ],
        h.div(".actions")[
            export_button(viewer, row.consultation_id, primary=True),
            action(path("reopen_session", consultation_id=row.consultation_id), _("Reopen")),
        ],
    ]


def listed(names: Sequence[str]) -> list[h.Node]:
    """Names with commas between them, each in its own direction."""
    return [[index > 0 and ", ", h.bdi[name]] for index, name in enumerate(names)]


def _content(viewer: Viewer, row: HistoryRow) -> str:
    """What an export or a reopened session lets one read again."""
    _, ngettext = viewer.translate, viewer.plural
    if not row.messages:
        return _("Nothing was written.")
    messages = ngettext("%(count)s message", "%(count)s messages", row.messages) % {
        "count": row.messages
    }
    files = ngettext(
        "%(count)s of them a photo or PDF", "%(count)s of them photos or PDFs", row.files
    ) % {"count": row.files}
    return f"{messages}, {files}" if row.files else messages


def export_button(viewer: Viewer, consultation_id: str, *, primary: bool = False) -> h.Element:
    """A plain download; a script shows the reminder."""
    _ = viewer.translate
    address = path("report", consultation_id=consultation_id)
    return go(address, _("Export"), primary=primary, data_export=True)


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
        h.form(method="dialog")[
            h.button(".primary", type="submit")[_("OK, I will delete it afterwards")]
        ],
    ]
