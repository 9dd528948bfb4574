"""What somebody sees who has left a browser, and whoever uses it next."""

import htpy as h

from web.markup.document import document
from web.views import Viewer


def left_page(viewer: Viewer) -> h.Element:
    """Says nothing of the session that was left, nor whether there was one."""
    _ = viewer.translate
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow")[
            h.h1[_("You have left")],
            h.p[_("Nothing of a session can be read in this browser any more.")],
            h.p[_("To come back, open your link again.")],
        ],
        service_user=True,
        data={"forget": ""},
    )
