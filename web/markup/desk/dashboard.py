"""The first page after signing in, to work from: who waits, what is unread, what failed, what is next."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from signaling.chat import UnreadSession
from web.markup.desk.invites import closes, live, new_invite_link
from web.markup.desk.new_invite import NOBODY, Interpreting, new_invite_dialog
from web.markup.desk.sharing import held_line
from web.markup.desk.unread import unread_mark, unread_section
from web.markup.desk.waiting_room import start_next, waiting_list
from web.markup.shared.contact_fields import destination
from web.markup.shared.controls import action, go
from web.markup.shared.document import document
from web.markup.shared.labels import (
    NOT_RECEIVED,
    channel_label,
    consultation_label,
    delivery_label,
    delivery_words,
    filled,
    joined,
    readiness_label,
    reason_sentence,
)
from web.markup.shared.today import days_from_today, time_of_day
from web.routes import path
from web.view_models import InviteRow, Person, Viewer, WaitingRow


@dataclass(frozen=True)
class Desk:
    """What there is to do for one scheduler."""

    waiting: Sequence[WaitingRow]
    unread: Sequence[UnreadSession]
    planned: Sequence[InviteRow]
    "Whatever has not begun, soonest first."
    opened: Sequence[InviteRow]


def dashboard_page(viewer: Viewer, desk: Desk, interpreting: Interpreting = NOBODY) -> h.Element:
    _ = viewer.translate
    waits = {row.consultation_id for row in desk.waiting}
    planned = [row for row in desk.planned if row.consultation_id not in waits]
    today = [row for row in planned if _is_today(viewer, row)]
    return document(
        viewer,
        _("Dashboard"),
        [
            h.div(".heading")[h.h1[_("Dashboard")], new_invite_link(viewer)],
            h.div(".dashboard")[
                h.section(".waits", aria_labelledby="waiting-title")[
                    h.div(".heading")[
                        h.h2("#waiting-title")[_("Waiting room")],
                        start_next(viewer, desk.waiting),
                    ],
                    waiting_list(viewer, desk.waiting),
                ],
                h.div(".attention")[
                    live("unread", unread_section(viewer, desk.unread)),
                    live("failed", _not_delivered(viewer, [*desk.planned, *desk.opened])),
                ],
                h.section(".today", aria_labelledby="today-title")[
                    h.h2("#today-title")[_("Today")],
                    live("planned", _today(viewer, today, later=len(planned) - len(today))),
                ],
                h.section(".open", aria_labelledby="opened-title")[
                    h.h2("#opened-title")[_("Opened sessions")],
                    live("opened", _opened(viewer, desk.opened)),
                ],
            ],
            new_invite_dialog(viewer, interpreting),
        ],
        module="js/pages/invites.js",
        stylesheets=("css/sessions.css",),
        wide=True,
    )


def _is_today(viewer: Viewer, row: InviteRow) -> bool:
    """Today or earlier; a session for now always is."""
    return row.planned_at is None or days_from_today(viewer, row.planned_at) <= 0


def _today(viewer: Viewer, rows: Sequence[InviteRow], *, later: int) -> h.Node:
    _ = viewer.translate
    more = viewer.plural(
        "%(count)s more session is planned.", "%(count)s more sessions are planned.", later
    )
    return [
        h.ul(".list")[(_coming(viewer, row) for row in rows)]
        if rows
        else h.p(".empty")[_("Nothing is planned for today. Press New invite to invite somebody.")],
        later > 0
        and h.p(".hint.later")[
            more % {"count": later}, " ", h.a(href=path("invites"))[_("All sessions")]
        ],
    ]


def _coming(viewer: Viewer, row: InviteRow) -> h.Element:
    """One session that has not begun."""
    _ = viewer.translate
    awaited = row.people[0] if row.people else None
    return h.li(".row", data_consultation_id=row.consultation_id)[
        h.div(".who")[
            _time(viewer, row),
            _name(row),
            h.p(".hint")[
                awaited is not None and [_delivered(viewer, awaited), " · "],
                h.span(".tag", data_readiness=row.readiness)[
                    readiness_label(viewer, row.readiness)
                ],
                row.online and [" ", h.span(".tag.online")[_("Online")]],
                " ",
                unread_mark(viewer, row.unread),
            ],
            awaited is not None
            and awaited.unconnected
            and h.p(".error")[_("Has opened the link, but is not connected.")],
            held_line(viewer, row),
        ],
        h.div(".actions")[
            go(path("session", consultation_id=row.consultation_id), _("Start"), primary=True)
            if row.online
            else go(path("case", consultation_id=row.consultation_id), _("Details"))
        ],
    ]


def _time(viewer: Viewer, row: InviteRow) -> h.Node:
    """The time of day, large; of a session for now, when it was invited."""
    _ = viewer.translate
    if row.planned_at is None:
        invited = time_of_day(viewer, row.created_at)
        return h.p(".hint.at")[filled(_("Invited %(time)s"), time=invited)]
    return h.p(".at")[time_of_day(viewer, row.planned_at)]


def _name(row: InviteRow) -> h.Element:
    name = row.people[0].name if row.people else ""
    return h.a(".name", href=path("case", consultation_id=row.consultation_id))[h.bdi[name]]


def _delivered(viewer: Viewer, person: Person) -> h.Node:
    return joined(
        channel_label(viewer, person.channel), delivery_words(viewer, person.delivery_state)
    )


def _opened(viewer: Viewer, rows: Sequence[InviteRow]) -> h.Node:
    _ = viewer.translate
    if not rows:
        return h.p(".empty")[
            _("No session is open. One that you start, or keep open, can be found here.")
        ]
    return h.ul(".list")[
        (
            h.li(".row", data_consultation_id=row.consultation_id)[
                h.div(".who")[
                    _name(row),
                    h.p(".hint")[
                        h.span(".tag", data_state=row.state)[consultation_label(viewer, row.state)],
                        row.online and [" ", h.span(".tag.online")[_("Online")]],
                        " ",
                        unread_mark(viewer, row.unread),
                    ],
                    closes(viewer, row),
                    held_line(viewer, row),
                ],
                h.div(".actions")[
                    go(
                        path("session", consultation_id=row.consultation_id),
                        _("Open"),
                        primary=row.online,
                    )
                ],
            ]
            for row in rows
        )
    ]


def _not_delivered(viewer: Viewer, rows: Sequence[InviteRow]) -> h.Node:
    """Whoever may not know of their session; nothing if everybody does."""
    _ = viewer.translate
    failed = [
        (row, person)
        for row in rows
        for person in row.people
        if person.delivery_state in NOT_RECEIVED and person.invite_state in ("created", "sent")
    ]
    if not failed:
        return None
    return h.section(aria_labelledby="failed-title")[
        h.h2("#failed-title")[_("Not delivered")],
        h.ul(".list")[(_failed(viewer, row, person) for row, person in failed)],
    ]


def _failed(viewer: Viewer, row: InviteRow, person: Person) -> h.Element:
    _ = viewer.translate
    return h.li(".row", data_consultation_id=row.consultation_id)[
        h.div(".who")[
            h.a(".name", href=path("case", consultation_id=row.consultation_id))[
                h.bdi[person.name]
            ],
            h.p(".hint")[
                channel_label(viewer, person.channel),
                person.address and [" · ", destination(viewer, person.address)],
            ],
            h.p(".error")[
                delivery_label(viewer, person.delivery_state),
                ". ",
                reason_sentence(viewer, person.delivery_reason),
            ],
        ],
        h.div(".actions")[
            # sent again, it would be kept again
            go(path("invite_link", invite_id=person.invite_id), _("Copy link"))
            if person.delivery_state == "kept"
            else action(
                path("invite_send_again", {"back": "dashboard"}, invite_id=person.invite_id),
                _("Send again"),
            )
        ],
    ]
