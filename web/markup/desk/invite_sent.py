"""After sending: to whom, by what, when, and what happens next; and the link, to pass it on by hand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import htpy as h
from markupsafe import Markup

from web.markup.desk.invites import live
from web.markup.desk.new_invite import STYLES
from web.markup.desk.plan_fields import both_clocks
from web.markup.shared.contact_fields import destination
from web.markup.shared.controls import button, go, notice
from web.markup.shared.document import document
from web.markup.shared.labels import (
    NOT_RECEIVED,
    beside_name,
    channel_label,
    clock,
    delivery_label,
    delivery_words,
    filled,
    joined,
    reason_sentence,
)
from web.routes import path
from web.texts.dates import amounts
from web.view_models import InviteRow, Person, Viewer


class SentInvite(NamedTuple):
    """One invite of a session, whose link this page passes on."""

    row: InviteRow
    name: str
    "Of the person whose link it is."
    link: str
    qr_svg: str
    "Made by the server, and not escaped."
    reminders: Sequence[timedelta]
    early_entry: timedelta


def invite_sent_page(viewer: Viewer, sent: SentInvite) -> h.Element:
    _ = viewer.translate
    row = sent.row
    return document(
        viewer,
        _("Invitation"),
        h.div(".narrow.sent")[
            h.h1[filled(_("Invitation of %(name)s"), name=h.bdi[sent.name])],
            live("sent", _outcome(viewer, row), [_person(viewer, each) for each in row.people]),
            h.h2[_("What happens next")],
            _when(viewer, row),
            _next(viewer, sent),
            h.div(".actions")[
                go(
                    path("case", consultation_id=row.consultation_id),
                    _("See this session"),
                    primary=True,
                ),
                go(path("new_invite"), _("Invite another person")),
                row.state in ("planned", "waiting")
                and go(path("edit_session", consultation_id=row.consultation_id), _("Edit")),
            ],
            row.may_notify and _link(viewer, sent),
        ],
        module="js/pages/invite-sent.js",
        stylesheets=(STYLES,),
    )


def _outcome(viewer: Viewer, row: InviteRow) -> h.Element:
    """What is known of the message to the awaited person."""
    _ = viewer.translate
    awaited = row.people[0]
    if not row.may_notify:
        waits = _("Waiting for an interpreter. Nobody else has been invited yet.")
        return notice(waits, kind="info")
    if awaited.channel == "none":
        return notice(_("Give this link to the person you invite."), kind="info")
    state = awaited.delivery_state
    if state in NOT_RECEIVED:
        reason = reason_sentence(viewer, awaited.delivery_reason)
        kept = _("No provider is set up on this server. Pass on the link below yourself.")
        return notice(
            [
                h.strong(".error")[delivery_label(viewer, state)],
                ". ",
                kept if state == "kept" else reason,
            ],
            kind="bad",
        )
    address = destination(viewer, awaited.address)
    return notice(
        filled(
            _sentence(viewer, awaited.channel, is_sent=state not in _UNDER_WAY), address=address
        ),
        kind="good",
    )


_UNDER_WAY = (None, "queued", "sending")
"States in which nobody has taken the message yet."


def _sentence(viewer: Viewer, channel: str, *, is_sent: bool) -> str:
    _ = viewer.translate
    under_way = {
        "email": _("Invitation on its way to %(address)s by email."),
        "sms": _("Invitation on its way to %(address)s by SMS."),
        "whatsapp": _("Invitation on its way to %(address)s by WhatsApp."),
    }
    done = {
        "email": _("Invitation sent to %(address)s by email."),
        "sms": _("Invitation sent to %(address)s by SMS."),
        "whatsapp": _("Invitation sent to %(address)s by WhatsApp."),
    }
    return (done if is_sent else under_way)[channel]


def _person(viewer: Viewer, person: Person) -> h.Element:
    reason = reason_sentence(viewer, person.delivery_reason)
    return h.p(".hint")[
        h.strong[h.bdi[person.name]],
        " · ",
        joined(
            beside_name(viewer, person.name, person.role),
            channel_label(viewer, person.channel),
            destination(viewer, person.address),
            delivery_words(viewer, person.delivery_state),
        ),
        reason and h.span(".error")[" ", reason],
    ]


def _when(viewer: Viewer, row: InviteRow) -> h.Element:
    _ = viewer.translate
    if row.planned_at is None:
        return h.p[_("The session can begin now.")]
    zone = row.people[0].time_zone or viewer.time_zone
    return h.p(".when")[both_clocks(viewer, row.planned_at, zone)]


def _next(viewer: Viewer, sent: SentInvite) -> h.Node:
    _ = viewer.translate
    row = sent.row
    name = h.bdi[row.people[0].name]
    if not row.may_notify:
        return h.p[_("As soon as an organization has found an interpreter, everybody is invited.")]
    told: list[h.Node] = [
        h.p[
            filled(
                _(
                    "When %(name)s opens the link, it rings here and on every other page that you"
                    " have open. Until then you can do something else."
                ),
                name=name,
            )
        ]
    ]
    if row.planned_at is not None:
        opens = row.planned_at - sent.early_entry
        told.append(h.p[filled(_("They can join from %(time)s."), time=clock(viewer, opens))])
        if sent.reminders and row.people[0].channel != "none":
            before = amounts(sent.reminders, viewer.language)
            told.append(
                h.p[_("A reminder with the link is sent %(time)s before.") % {"time": before}]
            )
    return told


def _link(viewer: Viewer, sent: SentInvite) -> h.Element:
    """The link, which is what the page is about only where nothing is sent."""
    _ = viewer.translate
    by_hand = any(each.channel == "none" and each.name == sent.name for each in sent.row.people)
    return h.section(".card")[
        h.h2[filled(_("The link of %(name)s"), name=h.bdi[sent.name])],
        h.p("#invite-link.link-text.hint", dir="ltr")[sent.link],
        button("copy-link", _("Copy link"), data_copy="#invite-link"),
        h.p("#copy-status", role="status"),
        h.details(open=by_hand)[
            h.summary[_("Show QR code")],
            h.div(".qr", role="img", aria_label=_("QR code of the link"))[Markup(sent.qr_svg)],
        ],
        h.p(".hint")[
            _("Anyone with this link can join as this person. Share it with nobody else.")
        ],
    ]
