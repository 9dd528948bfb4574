"""The page of one session: its people, what was sent to them, its date, and what can be done.

The conversation itself is `web/markup/room`.
"""

import htpy as h

from signaling.consultation import OPEN_STATES
from web.markup.desk.history import export_button, export_dialog, listed
from web.markup.desk.invites import (
    closes,
    delivered,
    live,
    reason,
    replies,
    state_line,
    there,
    way_in,
    without_interpreter_button,
)
from web.markup.desk.row_actions import (
    cancel_button,
    link_buttons,
    remove_button,
    remove_dialog,
    row_dialogs,
    send_again_button,
)
from web.markup.desk.sharing import Sharing, sharing_section
from web.markup.shared.controls import action, go, notice
from web.markup.shared.document import document
from web.markup.shared.labels import (
    beside_name,
    channel_label,
    clock,
    delivery_words,
    filled,
    joined,
    readiness_label,
)
from web.markup.shared.notice_labels import occasion_label
from web.routes import path
from web.view_models import AskedOrganization, CaseView, Message, Person, Viewer

EDITABLE = ("planned", "waiting")


def case_page(viewer: Viewer, view: CaseView, sharing: Sharing) -> h.Element:
    return document(
        viewer,
        view.row.name,
        [
            live(
                "case",
                _head(viewer, view),
                _question(viewer, view),
                _people(viewer, view),
                _interpreter(viewer, view),
                _messages(viewer, view),
            ),
            sharing_section(viewer, sharing),
            row_dialogs(viewer),
            remove_dialog(viewer),
            export_dialog(viewer),
        ],
        module="js/pages/case.js",
        stylesheets=("css/sessions.css",),
    )


def _head(viewer: Viewer, view: CaseView) -> list[h.Node]:
    """Name, date and state, with the main button."""
    _, row = viewer.translate, view.row
    return [
        h.div(".heading")[h.h1[h.bdi[row.name]], h.div(".actions")[_main(viewer, view)]],
        row.planned_at is not None and h.p(".when")[clock(viewer, row.planned_at)],
        there(viewer, row),
        # what is over says so with its time, below
        row.state in OPEN_STATES and state_line(viewer, row, device=False),
        closes(viewer, row),
        _ended(viewer, view),
        view.note
        and h.p(".reply")[
            filled(_("Note for the invitation: %(text)s"), text=h.q(dir="auto")[view.note])
        ],
        row.state in EDITABLE
        and h.div(".actions")[
            go(path("edit_session", consultation_id=row.consultation_id), _("Move")),
            view.own and not _undecided(view) and _cancel(viewer, view),
        ],
    ]


def _main(viewer: Viewer, view: CaseView) -> h.Node:
    """The way in, the largest button; what is over is exported or reopened instead."""
    _, row = viewer.translate, view.row
    if row.state == "closed":
        return [
            action(path("reopen_session", consultation_id=row.consultation_id), _("Reopen")),
            export_button(viewer, row.consultation_id, primary=True),
        ]
    if row.state not in OPEN_STATES:
        return None
    # before anybody is there one may already write
    return way_in(viewer, row) or go(
        path("session", consultation_id=row.consultation_id), _("Open")
    )


def _ended(viewer: Viewer, view: CaseView) -> h.Node:
    """When it ended, and until when anything of it is left."""
    _ = viewer.translate
    if view.closed_at is None or view.purge_at is None:
        return None
    until = clock(viewer, view.purge_at)
    if view.row.state == "canceled":
        return h.p(".hint")[
            filled(_("Canceled %(time)s"), time=clock(viewer, view.closed_at)),
            ". ",
            filled(_("Everything about it will be deleted %(time)s."), time=until),
        ]
    return h.p(".hint")[
        view.started_at is not None
        and [filled(_("Started %(time)s"), time=clock(viewer, view.started_at)), ". "],
        filled(_("Closed %(time)s"), time=clock(viewer, view.closed_at)),
        ". ",
        filled(
            _("You can export and reopen it until %(time)s; then everything is deleted."),
            time=until,
        ),
    ]


def _undecided(view: CaseView) -> bool:
    """Whether nobody can interpret, and the scheduler has to say how to go on."""
    return view.row.interpreting == "unavailable" and view.row.state in EDITABLE


def _cancel(viewer: Viewer, view: CaseView, label: str = "") -> h.Element:
    return cancel_button(viewer, view.row.consultation_id, view.row.name, label)


def _question(viewer: Viewer, view: CaseView) -> h.Node:
    """The question that only the scheduler can answer."""
    _ = viewer.translate
    if not _undecided(view):
        return None
    return notice(
        [
            h.p[h.strong[_("No interpreter is available. Nobody has been invited yet.")]],
            h.p[_("Do you want to go on without an interpreter?")],
            h.div(".actions")[
                without_interpreter_button(viewer, view.row, primary=True, back="case"),
                view.own and _cancel(viewer, view, _("Cancel")),
            ],
        ],
        kind="warning",
    )


def _people(viewer: Viewer, view: CaseView) -> list[h.Node]:
    _, row = viewer.translate, view.row
    count = len(row.people)
    return [
        h.h2[filled(_("People (%(count)s)"), count=str(count))],
        h.ul(".list")[(_person(viewer, view, person) for person in row.people)],
        replies(viewer, row),
    ]


def _person(viewer: Viewer, view: CaseView, person: Person) -> h.Element:
    """Who, whether they are there, whether they have got their link, and what helps if not."""
    _ = viewer.translate
    return h.li(".row.session", data_invite_id=person.invite_id)[
        h.div(".who")[
            h.p(".headline")[
                joined(
                    h.strong(".name")[h.bdi[person.name]],
                    beside_name(viewer, person.name, person.role),
                    person.language,
                    person.online and h.strong(".online")[_("Online")],
                )
            ],
            h.p(".state")[
                joined(*delivered(viewer, person)), reason(viewer, person.delivery_reason)
            ],
            h.p(".hint")[
                h.span(data_readiness=person.readiness)[
                    filled(_("Device: %(state)s"), state=readiness_label(viewer, person.readiness))
                ]
            ],
        ],
        h.div(".actions")[_person_actions(viewer, view, person)],
    ]


def _person_actions(viewer: Viewer, view: CaseView, person: Person) -> h.Node:
    """Only while the link works: before the end, and unless they were removed."""
    _, row = viewer.translate, view.row
    if row.state not in OPEN_STATES or not person.usable:
        return None
    edit = (
        path("edit_session", consultation_id=row.consultation_id)
        if person.role == "service_user"
        else path("edit_invite", invite_id=person.invite_id)
    )
    removable = person.role != "service_user" and len(row.people) > 1
    return h.div(".quiet")[
        # while an interpreter is looked for nobody is invited yet
        row.may_notify
        and [
            link_buttons(viewer, person.invite_id, person.name),
            send_again_button(viewer, person, back="case"),
        ],
        row.state in EDITABLE
        and [
            go(edit, _("Edit")),
            removable and remove_button(viewer, person.invite_id, person.name, back="case"),
        ],
    ]


def _interpreter(viewer: Viewer, view: CaseView) -> h.Node:
    """Who was asked, what they said, and what is next."""
    _, row = viewer.translate, view.row
    if row.interpreting == "none":
        return None
    sentences = {
        "requested": _("Waiting for an interpreter. Nobody else has been invited yet."),
        "accepted": _("An interpreter will come."),
        "waived": _("Without interpreter."),
    }
    return [
        h.h2[_("Interpreter")],
        h.p(".hint")[view.interpreting_language],
        row.interpreting in sentences
        and h.p(data_interpreting=row.interpreting)[sentences[row.interpreting]],
        h.ul(".lines")[(_organization(viewer, asked) for asked in view.asked)],
        row.interpreting == "requested"
        and row.state in EDITABLE
        and [
            h.p(".hint")[_next(viewer, view)],
            h.div(".actions")[without_interpreter_button(viewer, row, back="case")],
        ],
    ]


def _organization(viewer: Viewer, asked: AskedOrganization) -> h.Element:
    _ = viewer.translate
    sentences = {
        "sent": _("No answer yet. Asked %(asked)s, has until %(until)s to answer."),
        "accepted": _("Accepted %(decided)s"),
        "refused": _("Declined %(decided)s"),
        "expired": _("No answer by %(until)s"),
        "withdrawn": _("Request withdrawn %(decided)s"),
    }
    return h.li(data_request=asked.state)[
        h.strong[h.bdi[asked.name or _("An organization that was removed since")]],
        h.span[
            filled(
                sentences[asked.state],
                asked=clock(viewer, asked.asked_at),
                until=clock(viewer, asked.expires_at),
                decided=clock(viewer, asked.decided_at or asked.expires_at),
            )
        ],
    ]


def _next(viewer: Viewer, view: CaseView) -> h.Node:
    _ = viewer.translate
    if view.next_organization:
        at, until = view.row.planned_at, view.asked[-1].expires_at if view.asked else None
        # nobody is asked for a session that should have begun
        last = at is not None and until is not None and until >= at
        sentence = (
            _(
                "If they decline, %(name)s is asked next."
                " If they do not answer before the session, you will get a mail."
            )
            if last
            else _("If they decline or do not answer, %(name)s is asked next.")
        )
        return filled(sentence, name=h.bdi[view.next_organization])
    return _("If they decline or do not answer, nobody else can be asked. You will get a mail.")


def _messages(viewer: Viewer, view: CaseView) -> list[h.Node]:
    """Everything that was sent, and what still will be."""
    _ = viewer.translate
    return [
        h.h2[_("Messages sent")],
        h.ol(".lines.messages")[(_message(viewer, each) for each in view.messages)]
        if view.messages
        else h.p(".empty")[
            _("Nothing was sent. Use “Copy link” or “Show QR code” to pass on a link.")
            if view.row.may_notify
            else _("Nothing was sent yet.")
        ],
    ]


def _message(viewer: Viewer, message: Message) -> h.Element:
    _ = viewer.translate
    return h.li[
        h.span(".at")[clock(viewer, message.at)],
        h.span[
            joined(
                occasion_label(viewer, message.occasion),
                listed(message.to) if message.to else _("to you"),
                message.channel and channel_label(viewer, message.channel),
                delivery_words(viewer, message.state) or _("Will be sent"),
            ),
            reason(viewer, message.reason),
        ],
    ]
