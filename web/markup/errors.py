"""One sentence about what went wrong, and the way on."""

import htpy as h

from web.markup.shared.controls import go
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def error_page(viewer: Viewer, status: int, sentence: str) -> h.Element:
    """`sentence` is translated already: it comes with the error."""
    _ = viewer.translate
    heading = _("Not found") if status == 404 else _("This did not work")
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
