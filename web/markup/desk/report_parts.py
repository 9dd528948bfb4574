"""The parts of a long report, a file each; the password with which one is to open."""

import htpy as h

from web.markup.desk.history import export_dialog
from web.markup.shared.controls import error_summary, field, go
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer

PASSWORD = "report_password"
"The field of a report's password."


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


def report_password_page(viewer: Viewer, form: Form, consultation_id: str, part: int) -> h.Element:
    _ = viewer.translate
    address = path("report", {"part": str(part)}, consultation_id=consultation_id)
    return document(
        viewer,
        _("Consultation report"),
        [
            h.div(".narrow")[
                h.h1[_("Consultation report")],
                error_summary(viewer, form, [(PASSWORD, _("Password of the report"))]),
                h.form(".card", method="post", action=address)[
                    field(
                        form,
                        PASSWORD,
                        _("Password of the report"),
                        hint=_(
                            "The file opens with it only. Write it down, and send it to nobody"
                            " together with the file: it is not kept here."
                        ),
                        required=True,
                        direction="ltr",
                    ),
                    h.button(".primary", type="submit", data_export=True)[_("Export")],
                ],
            ],
            export_dialog(viewer),
        ],
        module="js/pages/history.js",
    )
