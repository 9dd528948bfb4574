"""What somebody has not read: how much, from whom and since when, never what it says."""

from collections.abc import Sequence

import htpy as h

from signaling.chat import UnreadSession
from web.markup.shared.controls import go
from web.markup.shared.labels import filled, shown_name
from web.markup.shared.today import time_of_day
from web.routes import path
from web.view_models import Viewer


def unread_mark(viewer: Viewer, unread: UnreadSession | None) -> h.Node:
    """The mark in the row of a session; nothing if nothing is unread."""
    if unread is None:
        return None
    text = viewer.plural("%(count)s unread", "%(count)s unread", unread.count)
    return h.strong(".tag.unread")[text % {"count": unread.count}]


def unread_section(viewer: Viewer, unread: Sequence[UnreadSession]) -> h.Node:
    """The sessions with something unread, oldest first; nothing if there are none."""
    _ = viewer.translate
    if not unread:
        return None
    return h.section(aria_labelledby="unread-title")[
        h.h2("#unread-title")[_("Unread")],
        h.ul(".list")[(_row(viewer, each) for each in unread)],
    ]


def _row(viewer: Viewer, unread: UnreadSession) -> h.Element:
    _ = viewer.translate
    return h.li(".row", data_consultation_id=unread.consultation_id)[
        h.div(".who")[
            h.a(".name", href=path("case", consultation_id=unread.consultation_id))[
                h.bdi[", ".join(shown_name(viewer, *author) for author in unread.authors)]
            ],
            h.p(".hint")[
                unread_mark(viewer, unread),
                " ",
                filled(_("since %(time)s"), time=time_of_day(viewer, unread.since)),
            ],
        ],
        h.div(".actions")[
            go(path("session", consultation_id=unread.consultation_id), _("Open"), primary=True)
        ],
    ]
