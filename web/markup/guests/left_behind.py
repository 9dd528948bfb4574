"""What somebody wrote in a session that is over, and what was never sent; `js/shared/left-behind.js` shows it."""

import htpy as h

from web.view_models import Viewer


def left_behind(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.section("#left-behind", hidden=True)[
        # browsers without styles show what is hidden
        h.p(
            data_says=_(
                "You wrote this, and it was not sent. It is shown only once: copy it if you need it."
            )
        ),
        h.ul("#left-behind-texts"),
    ]
