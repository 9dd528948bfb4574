"""The notices in the outbox folder, where they go while no mail server is set."""

from collections.abc import Sequence

import htpy as h

from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.view_models import OutboxNotice, Viewer


def outbox_page(viewer: Viewer, notices: Sequence[OutboxNotice]) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Outbox"),
        [
            h.h1[_("Outbox")],
            h.p(".hint")[_("Messages that were not sent because no provider is set up.")],
            h.div(".list")[(_notice(viewer, notice) for notice in notices)]
            if notices
            else h.p(".empty")[_("No messages yet.")],
        ],
    )


def _notice(viewer: Viewer, notice: OutboxNotice) -> h.Element:
    _ = viewer.translate
    return h.article(".card")[
        h.h2[h.bdi[notice.subject]],
        h.p(".hint")[
            filled(_("To %(address)s"), address=h.bdi[notice.to]), " · ", clock(viewer, notice.at)
        ],
        h.pre(dir="auto")[notice.text],
    ]
