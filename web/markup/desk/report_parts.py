"""The parts of a long report, each a file of its own."""

import htpy as h

from web.markup.desk.history import export_dialog
from web.markup.shared.controls import go
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def report_parts_page(viewer: Viewer, consultation_id: str, parts: int) -> h.Element:
    _ = viewer.translate
    address = path("report", consultation_id=consultation_id)
    return document(
        viewer,
        _("Consultation report"),
        [
            h.h1[_("Consultation report")],
            h.p[_("The chat of this session is long, so its report comes in several files.")],
            h.ul(".list")[
                (
                    h.li(".row")[
                        go(
                            address,
                            _("Part %(part)s of %(parts)s") % {"part": part, "parts": parts},
                            name="part",
                            value=str(part),
                            data_export=True,
                        )
                    ]
                    for part in range(1, parts + 1)
                )
            ],
            export_dialog(viewer),
        ],
        module="js/pages/history.js",
    )
