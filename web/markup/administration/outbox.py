"""The notices in the outbox folder, where they go while no mail server is set."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import field, submit
from web.markup.shared.labels import clock, delivery_words, filled
from web.markup.shared.pager import pager
from web.routes import path
from web.view_models import Form, OutboxNotice, Viewer


@dataclass(frozen=True)
class OutboxView:
    """One page of notices, newest first."""

    notices: Sequence[OutboxNotice]
    search: str
    "What address, subject or text has to contain; empty: everything."
    page: int
    pages: int


def outbox_page(viewer: Viewer, view: OutboxView) -> h.Element:
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("Outbox"),
        h.p(".hint")[_("Messages that were not sent because no provider is set up.")],
        h.form(".filters", action=path("admin_outbox"), role="search")[
            field(Form({"search": view.search}), "search", _("Search"), kind="search"),
            submit(_("Show"), quiet=True),
        ],
        h.div(".list")[(_notice(viewer, notice) for notice in view.notices)]
        if view.notices
        else h.p(".empty")[_("Nothing was found.") if view.search else _("No messages yet.")],
        pager(viewer, view.page, view.pages, lambda number: _address(view, number)),
    )


def _address(view: OutboxView, number: int) -> str:
    query = {"search": view.search} if view.search else {}
    return path("admin_outbox", query | {"page": str(number)})


def _notice(viewer: Viewer, notice: OutboxNotice) -> h.Element:
    _ = viewer.translate
    return h.article(".card")[
        h.h2[h.bdi[notice.subject]],
        h.p(".hint")[
            filled(_("To %(address)s"), address=h.bdi[notice.to]), " · ", clock(viewer, notice.at)
        ],
        h.p[delivery_words(viewer, "kept")],
        h.pre(dir="auto")[notice.text],
    ]
