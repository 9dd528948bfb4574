"""The error page: one sentence, and a link on."""

import htpy as h

from web.markup.shared.controls import go
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def error_page(viewer: Viewer, status: int, sentence: str) -> h.Element:
    """`sentence` is already translated."""
    _ = viewer.translate
    heading = _("Not found") if status == 404 else _("That did not work")
    return document(
        viewer,
        heading,
        h.div(".narrow")[
            h.h1[heading],
            h.p[sentence],
            viewer.account_name
            and h.p[go(path("dashboard"), _("Back to the dashboard"), primary=True)],
        ],
        service_user=viewer.account_name is None,
    )
