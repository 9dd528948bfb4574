"""What somebody sees who has left a browser, and whoever uses it next."""

import htpy as h

from web.markup.shared.document import message_page
from web.view_models import Viewer


def left_page(viewer: Viewer) -> h.Element:
    """Says nothing of the session that was left, nor whether there was one."""
    _ = viewer.translate
    return message_page(
        viewer,
        _("You have left"),
        _("Nothing of a session can be read in this browser any more."),
        _("To come back, open your link again."),
        data={"forget": ""},
    )
