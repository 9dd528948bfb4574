"""The list of accounts, and a new password link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import htpy as h

from signaling.account import Account
from web.markup.administration.frame import administration_frame
from web.markup.administration.invite_account import invitation_state, invite_link, roles
from web.markup.shared.controls import button, field, go, select, submit
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.markup.shared.pager import pager
from web.routes import path
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class PersonRow:
    """One account, as administrators see it."""

    account: Account
    signed_in_at: datetime | None
    "When they last signed in."
    invitation: tuple[datetime, str] | None = None
    """Until when they can accept their invitation, and why its mail has not been delivered; None: they
    have accepted it."""


@dataclass(frozen=True)
class PeopleList:
    """One page of the accounts, and how they were filtered."""

    rows: Sequence[PersonRow]
    search: str
    state: str
    page: int
    pages: int
    total: int
    "Accounts on all pages."


def people_page(viewer: Viewer, found: PeopleList) -> h.Element:
    _ = viewer.translate
    ngettext = viewer.plural
    return administration_frame(
        viewer,
        _("People"),
        viewer.passwords and h.div(".actions")[invite_link(viewer)],
        _filters(viewer, found),
        h.p(".hint")[
            ngettext("%(count)s person", "%(count)s people", found.total) % {"count": found.total}
        ],
        h.ul(".list")[(_person(viewer, row) for row in found.rows)]
        if found.rows
        else h.p(".empty")[_("Nobody matches. Clear the search to see everybody.")],
        pager(
            viewer,
            found.page,
            found.pages,
            lambda number: path(
                "admin_people",
                {"search": found.search, "state": found.state, "page": str(number)},
            ),
        ),
    )


def tags(viewer: Viewer, row: PersonRow) -> h.Node:
    """What has to be noticed about somebody."""
    _ = viewer.translate
    return [
        row.account.suspended_at is not None and [" ", h.span(".tag")[_("Suspended")]],
        row.account.deletion_requested_at is not None
        and [" ", h.span(".tag")[_("Asked to be deleted")]],
    ]


def last_sign_in(viewer: Viewer, row: PersonRow) -> h.Node:
    """When somebody was last here, or what became of their invitation."""
    _ = viewer.translate
    if row.signed_in_at is not None:
        said = filled(_("Last signed in: %(time)s"), time=clock(viewer, row.signed_in_at))
        return h.p(".hint")[said]
    if row.invitation is not None:
        return invitation_state(viewer, *row.invitation)
    return h.p(".hint")[_("Never signed in")]


def _person(viewer: Viewer, row: PersonRow) -> h.Element:
    account = row.account
    return h.li(".row")[
        h.div(".who")[
            h.a(href=path("admin_person", account_id=account.id))[
                h.strong(".name", dir="auto")[account.name]
            ],
            h.p(".hint")[
                dict(roles(viewer))[account.role],
                " · ",
                h.bdi[account.email],
                tags(viewer, row),
            ],
            last_sign_in(viewer, row),
        ],
    ]


def _filters(viewer: Viewer, found: PeopleList) -> h.Element:
    _ = viewer.translate
    form = Form({"search": found.search, "state": found.state})
    states = [
        ("", _("All")),
        ("active", _("Not suspended")),
        ("suspended", _("Suspended")),
        ("deletion", _("Asked to be deleted")),
    ]
    return h.form(".filters", action=path("admin_people"), role="search")[
        field(form, "search", _("Name or email"), kind="search"),
        select(form, "state", _("State"), states),
        submit(_("Show"), quiet=True),
    ]


def password_link_page(viewer: Viewer, account: Account, link: str) -> h.Element:
    """The one-time address, which is not shown again."""
    _ = viewer.translate
    return document(
        viewer,
        _("A new password"),
        h.div(".narrow")[
            h.h1[_("A new password")],
            h.p[h.strong(dir="auto")[account.name], " · ", h.bdi[account.email]],
            h.p[
                _("Give this link only to the person whose account this is. It is shown only once.")
            ],
            h.div(".card")[
                h.p("#password-link.link-text", dir="ltr")[link],
                button("copy-link", _("Copy link"), data_copy="#password-link"),
                h.p("#copy-status", role="status"),
            ],
            h.p(".hint")[
                _(
                    "Whoever opens it within 24 hours can choose a new password and is then signed in."
                    " It works once, and only until you create another link."
                )
            ],
            h.div(".actions")[go(path("admin_people"), _("People"), primary=True)],
        ],
        module="js/pages/copy-link.js",
    )
