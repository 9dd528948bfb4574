"""The page after signing in again beside another one."""

import htpy as h

from web.markup.shared.controls import go
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def signed_in_page(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("You are signed in again"),
        h.div(".narrow")[
            h.h1[_("You are signed in again")],
            h.p[_("You can close this page and go on where you were.")],
            h.p[go(path("dashboard"), _("Back to the dashboard"))],
        ],
        module="js/pages/signed-in.js",
    )
