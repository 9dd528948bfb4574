""" "Invites": the sessions that are planned or open, and their actions."""

import htpy as h

from web.markup.desk.new_invite import NOBODY, Interpreting, new_invite_dialog
from web.markup.desk.row_actions import (
    cancel_button,
    link_buttons,
    row_dialogs,
    send_again_button,
)
from web.markup.desk.sharing import held_line
from web.markup.desk.unread import unread_mark
from web.markup.shared.contact_fields import destination
from web.markup.shared.controls import action, field, go, select, submit
from web.markup.shared.document import document
from web.markup.shared.labels import (
    beside_name,
    channel_label,
    clock,
    consultation_label,
    delivery_words,
    filled,
    invite_label,
    joined,
    readiness_label,
    reason_sentence,
    zone_label,
)
from web.markup.shared.pager import pager
from web.routes import path
from web.view_models import Form, InviteList, InviteRow, Person, Viewer


def invites_page(
    viewer: Viewer, found: InviteList, interpreting: Interpreting = NOBODY
) -> h.Element:
    _ = viewer.translate
    ngettext = viewer.plural
    return document(
        viewer,
        _("Invites"),
        [
            h.div(".heading")[h.h1[_("Invites")], new_invite_link(viewer)],
            _filters(viewer, found),
            live(
                "sessions",
                h.ul(".list")[(invite_row(viewer, row) for row in found.rows)]
                if found.rows
                else _nothing(viewer, found),
                found.total > 0
                and h.p(".hint.count")[
                    ngettext("%(count)s session", "%(count)s sessions", found.total)
                    % {"count": found.total}
                ],
                pager(
                    viewer,
                    found.page,
                    found.pages,
                    lambda number: path(
                        "invites",
                        {"search": found.search, "state": found.state, "page": str(number)},
                    ),
                ),
            ),
            row_dialogs(viewer),
            new_invite_dialog(viewer, interpreting),
        ],
        module="js/pages/invites.js",
        stylesheets=("css/sessions.css",),
    )


def new_invite_link(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return go(path("new_invite"), _("New invite"), primary=True, id="open-new-invite")


def _nothing(viewer: Viewer, found: InviteList) -> h.Element:
    """What an empty list means, and what to do."""
    _ = viewer.translate
    if found.search or found.state:
        return h.p(".empty")[
            _("No session matches."), " ", h.a(href=path("invites"))[_("Show all sessions")]
        ]
    return h.p(".empty")[
        _("No open or planned sessions. Press the button at the top to invite somebody.")
    ]


def live(identifier: str, *content: h.Node) -> h.Element:
    """A part of the page that a script fetches again when something in it changes."""
    return h.div({"id": identifier, "data-live": True})[content]


def invite_row(viewer: Viewer, row: InviteRow, *, short: bool = False) -> h.Element:
    """One session with its people and actions; `short` for only the button that opens it."""
    _ = viewer.translate
    return h.li(".row.session", data_consultation_id=row.consultation_id)[
        h.div(".who")[
            h.p(".headline")[
                h.a(".name", href=path("case", consultation_id=row.consultation_id))[
                    h.bdi[row.name]
                ],
                row.planned_at is not None
                and [" ", h.span(".when")[clock(viewer, row.planned_at)]],
            ],
            there(viewer, row),
            state_line(viewer, row),
            held_line(viewer, row),
            closes(viewer, row),
            interpreting_line(viewer, row),
            (_person(viewer, person, named=number > 0) for number, person in enumerate(row.people)),
            replies(viewer, row),
        ],
        h.div(".actions")[
            way_in(viewer, row)
            or (
                row.interpreting == "unavailable"
                and without_interpreter_button(viewer, row, primary=True)
            ),
            not short and _actions(viewer, row),
        ],
    ]


def there(viewer: Viewer, row: InviteRow) -> h.Node:
    """The date as the awaited person's clock shows it, where that is another one."""
    _ = viewer.translate
    awaited = row.people[0] if row.people else None
    if row.planned_at is None or awaited is None or awaited.time_zone in (None, viewer.time_zone):
        return None
    return h.p(".hint")[
        filled(
            _("%(time)s for %(name)s (%(zone)s)"),
            time=clock(viewer, row.planned_at, zone=awaited.time_zone),
            name=h.bdi[awaited.name],
            zone=zone_label(viewer, row.planned_at, awaited.time_zone),
        )
    ]


def state_line(viewer: Viewer, row: InviteRow, *, device: bool = True) -> h.Element:
    """In words: how far the session is, whether somebody is there, and if their device is ready."""
    _ = viewer.translate
    invited = filled(_("Invited %(time)s"), time=clock(viewer, row.created_at))
    for_now = row.planned_at is None and row.may_notify
    only_invited = for_now and row.state == "planned"
    words: list[h.Node] = [
        h.span(data_state=row.state)[
            invited if only_invited else consultation_label(viewer, row.state)
        ],
        for_now and not only_invited and invited,
        row.online and h.span(".online")[_("Online")],
        unread_mark(viewer, row.unread),
        device
        and h.span(data_readiness=row.readiness)[
            filled(_("Device: %(state)s"), state=readiness_label(viewer, row.readiness))
        ],
    ]
    return h.p(".state")[joined(*words)]


def closes(viewer: Viewer, row: InviteRow) -> h.Node:
    """When a session that nobody uses will be closed; nothing while that is not soon."""
    _ = viewer.translate
    return (
        row.closes_at is not None
        and h.p(".hint", data_closes=True)[
            filled(
                _("Will be closed automatically unless somebody uses it: %(time)s"),
                time=clock(viewer, row.closes_at),
            )
        ]
    )


def replies(viewer: Viewer, row: InviteRow) -> h.Node:
    """What people wrote back, which only a person can answer."""
    _ = viewer.translate
    return [
        h.p(".reply")[filled(_("Reply: %(text)s"), text=h.q(dir="auto")[reply])]
        for reply in row.replies
    ]


def interpreting_line(viewer: Viewer, row: InviteRow) -> h.Node:
    """The state of the search for an interpreter."""
    _ = viewer.translate
    sentences = {
        "requested": _("Waiting for an interpreter. Nobody else has been invited yet."),
        "accepted": _("An interpreter will come."),
        "unavailable": _("No interpreter is available. Nobody has been invited yet."),
        "waived": _("Without interpreter."),
    }
    text = sentences.get(row.interpreting)
    return text and h.p(".hint", data_interpreting=row.interpreting)[text]


def way_in(viewer: Viewer, row: InviteRow) -> h.Node:
    """The main button: into the session, once somebody is there or it has begun."""
    _ = viewer.translate
    address = path("session", consultation_id=row.consultation_id)
    if row.state in ("active", "kept_open"):
        return go(address, _("Open"), primary=True)
    return row.online and go(address, _("Start"), primary=True)


def without_interpreter_button(
    viewer: Viewer, row: InviteRow, *, primary: bool = False, back: str = ""
) -> h.Node:
    _ = viewer.translate
    return row.interpreting in ("requested", "unavailable") and action(
        path(
            "invite_without_interpreter",
            {"back": back} if back else None,
            consultation_id=row.consultation_id,
        ),
        _("Invite without interpreter"),
        primary=primary,
    )


def _actions(viewer: Viewer, row: InviteRow) -> h.Node:
    """Quiet buttons; on narrow screens the rarer ones are behind "More"."""
    _ = viewer.translate
    # while an interpreter is looked for nobody is invited yet
    awaited = row.people[0] if row.invite_id and row.may_notify else None
    copy, show_code = link_buttons(viewer, row.invite_id, row.name) if awaited else (None, None)
    editable = row.state in ("planned", "waiting")
    return h.div(".quiet")[
        copy,
        editable and go(path("edit_session", consultation_id=row.consultation_id), _("Edit")),
        h.details(".more", id=f"more-{row.consultation_id}")[
            h.summary[_("More")],
            h.div[
                show_code,
                send_again_button(viewer, awaited) if awaited else None,
                # unless it is the main button
                (row.interpreting == "requested" or way_in(viewer, row))
                and without_interpreter_button(viewer, row),
                editable
                and row.scheduler_id == viewer.account_id
                and cancel_button(viewer, row.consultation_id, row.name),
            ],
        ],
    ]


def _person(viewer: Viewer, person: Person, *, named: bool) -> h.Element:
    return h.p(".hint")[
        joined(
            named and h.strong[h.bdi[person.name]],
            (named or person.role != "service_user")
            and beside_name(viewer, person.name, person.role),
            *delivered(viewer, person),
            person.language,
        ),
        reason(viewer, person.delivery_reason),
    ]


def delivered(viewer: Viewer, person: Person) -> list[h.Node]:
    """By what somebody was written to, where, and how far it got; and what they have done since."""
    _ = viewer.translate
    return [
        channel_label(viewer, person.channel),
        person.address and destination(viewer, person.address),
        delivery_words(viewer, person.delivery_state),
        _("Has opened the link, but is not connected.")
        if person.unconnected
        else invite_label(viewer, person.invite_state),
    ]


def reason(viewer: Viewer, code: str | None) -> h.Node:
    text = reason_sentence(viewer, code)
    return text and h.span(".error")[" ", text]


def _filters(viewer: Viewer, found: InviteList) -> h.Element:
    _ = viewer.translate
    form = Form({"search": found.search, "state": found.state})
    states = [("", _("All"))] + [
        (value, consultation_label(viewer, value))
        for value in ("planned", "waiting", "active", "kept_open")
    ]
    return h.form(".filters", action=path("invites"), role="search")[
        field(form, "search", _("Search"), kind="search"),
        select(form, "state", _("State"), states),
        submit(_("Show"), quiet=True),
    ]
