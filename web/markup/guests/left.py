"""The page after leaving a browser, which its next user may see."""

import htpy as h

from web.markup.shared.document import message_page
from web.view_models import Viewer


def left_page(viewer: Viewer) -> h.Element:
    """Does not reveal the session that was left, nor whether there was one."""
    _ = viewer.translate
    return message_page(
        viewer,
        _("You have left"),
        _("Nothing from the session can be read in this browser any more."),
        _("To come back, open your link again."),
        data={"forget": ""},
    )
