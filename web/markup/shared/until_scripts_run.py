"""What a page says until its scripts run: what is going on, and what to do; css/base.css shows which.

Nothing here needs a script or a style sheet of today: it is for browsers that have neither.
"""

import htpy as h

from web.markup.shared.phone_call import ask_by_phone
from web.markup.shared.ways_out import ways_out
from web.routes import path
from web.view_models import Viewer


def until_scripts_run(
    viewer: Viewer, *, invite_id: str | None = None, link: str | None = None
) -> h.Node:
    """`invite_id` is that of the reader's seat, if the page is of one: it has ways that work anyway.

    `link` is the reader's own, if the page is behind it.
    """
    _ = viewer.translate
    return [
        h.noscript[
            h.div(".notice.warning")[
                h.p[
                    _(
                        "JavaScript is switched off in this browser, and this page needs it. Please "
                        "switch it on and reload the page, or use another browser."
                    )
                ],
                invite_id and simple_page(viewer, invite_id),
            ]
        ],
        h.div("#starting.notice.warning")[
            h.div(role="status")[
                h.p(".slow")[
                    _(
                        "This is taking long. If it goes on, try again, allow JavaScript in this"
                        " browser, or use another one."
                    )
                ],
                h.p(".failed")[_("A part of this page could not be started.")],
                h.p(".too-old")[
                    _("Your browser is too old for this page. Please use a newer one.")
                ],
            ],
            h.p[h.a(".button", href="")[_("Try again")]],
            invite_id and ways_that_work(viewer, invite_id),
            link and ways_out(viewer, link=link),
        ],
    ]


def ways_that_work(viewer: Viewer, invite_id: str) -> h.Node:
    """To write and read without scripts, to be called by phone, and to another browser."""
    return [
        simple_page(viewer, invite_id),
        ask_by_phone(viewer, invite_id, full=True),
        ways_out(viewer, link=None),
    ]


def simple_page(viewer: Viewer, invite_id: str) -> h.Element:
    """Where somebody waits, reads and writes without scripts, and without a WebSocket."""
    _ = viewer.translate
    return h.p[
        _("You can wait, read and write on a simple page, which works in every browser."),
        " ",
        h.a(href=path("seat_plain", invite_id=invite_id))[_("Open the simple page")],
    ]
