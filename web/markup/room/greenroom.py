"""The stage before a call: a look at oneself. A script adds what it needs once somebody wants one."""

import htpy as h

from web.markup.shared.controls import button
from web.view_models import Viewer


def greenroom(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div("#greenroom.greenroom", hidden=True)[
        h.div("#own-picture.own-picture")[
            button("see-yourself", _("See yourself")),
            h.p("#own-hint.hint")[_("Only you see and hear this.")],
        ]
    ]
