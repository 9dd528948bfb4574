"""What a page says until its scripts run: what is going on, and what to do; css/base.css shows which.

Nothing here needs a script or a style sheet of today: it is for browsers that have neither.
"""

import htpy as h

from signaling.errors import N_
from web.markup.shared.phone_call import ask_by_phone
from web.markup.shared.ways_out import ways_out
from web.routes import path
from web.view_models import Viewer

SIMPLE_PAGE = N_("You can wait, read and write on a simple page, which works in every browser.")


def no_scripts(
    viewer: Viewer, *, invite_id: str | None = None, link: str | None = None
) -> h.Element:
    """What a browser is told in which scripts are switched off, or that has none.

    `invite_id` is that of the reader's seat, if the page is of one; `link` the reader's own, if the
    page is behind it: that page works.
    """
    _ = viewer.translate
    if link:
        return h.noscript[h.div(".notice.info")[h.p[_(SIMPLE_PAGE)]]]
    return h.noscript[
        h.div(".notice.warning")[
            h.p[
                _(
                    "JavaScript is switched off in this browser, and this page needs it. Please "
                    "switch it on and reload the page, or use another browser."
                )
            ],
            invite_id and simple_page(viewer, invite_id),
        ]
    ]


def until_scripts_run(
    viewer: Viewer, *, invite_id: str | None = None, link: str | None = None
) -> h.Element:
    """`invite_id` and `link` are as in `no_scripts`: the page has ways that work anyway.

    What may not be true is written by the style sheet: a browser without one shows all that is here.
    """
    _ = viewer.translate
    return h.div("#starting.notice.warning")[
        h.div(role="status")[
            h.p(
                ".slow",
                data_says=_(
                    "This is taking long. If it goes on, try again, allow JavaScript in this"
                    " browser, or use another one."
                ),
            ),
            h.p(".failed", data_says=_("A part of this page could not be started.")),
            h.p(
                ".too-old",
                data_says=_("Your browser is too old for this page. Please use a newer one."),
            ),
        ],
        h.p[h.a(".button", href="", data_says=_("Try again"))],
        invite_id and ways_that_work(viewer, invite_id),
        link and ways_out(viewer, link=link),
    ]


def ways_that_work(viewer: Viewer, invite_id: str) -> h.Node:
    """To write and read without scripts, to be called by phone, and to another browser."""
    return [
        simple_page(viewer, invite_id),
        ask_by_phone(viewer, invite_id, full=True, typed_in="chat-form"),
        ways_out(viewer, link=None),
    ]


def simple_page(viewer: Viewer, invite_id: str) -> h.Element:
    """Where somebody waits, reads and writes without scripts, and without a WebSocket."""
    _ = viewer.translate
    return h.p[
        _(SIMPLE_PAGE),
        " ",
        h.a(href=path("seat_plain", invite_id=invite_id))[_("Open the simple page")],
    ]
