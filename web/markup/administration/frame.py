"""What every page under Administration has around it."""

import htpy as h

from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def administration_frame(viewer: Viewer, title: str, *body: h.Node) -> h.Element:
    """One page under Administration, with the way back."""
    _ = viewer.translate
    return document(
        viewer,
        title,
        [
            h.nav(aria_label=_("Where you are"))[
                h.a(href=path("admin"))[_("Administration")], " › ", title
            ],
            h.h1[title],
            *body,
        ],
    )
