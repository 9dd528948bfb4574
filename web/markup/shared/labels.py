"""Labels of states, roles and times, in the viewer's language and zone.

The browser has the labels of readiness and roles that it needs in its own scripts, with the same
sentences of the catalogs.
"""

import re
from datetime import datetime, timedelta

import htpy as h
from babel import Locale

from signaling.invite import ROLE_NAMES
from signaling.notices.reasons import REASONS
from web.texts.catalogs import OWN_NAMES
from web.texts.dates import day_and_time, local, short_moment, zone_name
from web.view_models import Viewer

SOON = timedelta(hours=1)
"How long before its date the other side of a session may be awaited."


def languages_with(viewer: Viewer, code: str) -> list[tuple[str, str]]:
    """(code, own name) of the offered languages, and of `code`: what was chosen before a language
    was switched off stays."""
    missing = code in OWN_NAMES and code not in dict(viewer.languages)
    return [*viewer.languages, *([(code, OWN_NAMES[code])] if missing else [])]


def language_name(viewer: Viewer, code: str) -> str:
    """The name of a language in the viewer's."""
    return Locale.parse(code).get_display_name(viewer.language) or code


def filled(sentence: str, **parts: h.Node) -> list[h.Node]:
    """A translated sentence with elements for its `%(name)s` placeholders, in any order."""
    pieces = re.split(r"%\((\w+)\)s", sentence)
    return [parts[piece] if index % 2 else piece for index, piece in enumerate(pieces)]


def joined(*parts: h.Node) -> list[h.Node]:
    """Parts of a line with dots between them; empty ones are left out."""
    found = [part for part in parts if part]
    return [[index > 0 and " · ", part] for index, part in enumerate(found)]


def clock(viewer: Viewer, moment: datetime, *, zone: str | None = None) -> h.Element:
    """Date and time of a moment in `zone`, by default the viewer's."""
    text = short_moment(moment, zone or viewer.time_zone, viewer.language)
    # Without isolation numbers and right-to-left names of months would be reordered.
    return h.time(datetime=moment.isoformat(timespec="seconds"), dir="auto")[text]


def appointment(viewer: Viewer, moment: datetime, *, with_zone: bool = True) -> h.Node:
    """A moment as its mail has it: full date, time, and zone.

    The offset tells `showLocally` (`static/js/shared/time/format.js`) in which zone it was written.
    """
    here = local(moment, viewer.time_zone).isoformat(timespec="seconds")
    text = day_and_time(moment, viewer.time_zone, viewer.language)
    written = h.time(datetime=here, dir="auto")[text]
    if not with_zone:
        return written
    return h.span[written, " ", h.span(".hint.zone")[f"({zone_label(viewer, moment)})"]]


def zone_label(viewer: Viewer, moment: datetime, zone: str | None = None) -> str:
    """The zone's common name: "Central European Time"."""
    return zone_name(moment, zone or viewer.time_zone, viewer.language)


def readiness_label(viewer: Viewer, readiness: str) -> str:
    _ = viewer.translate
    return {
        "ready": _("Ready"),
        "ready_with_limits": _("Ready with limits"),
        "not_ready": _("Not ready"),
        "not_tested": _("Not tested"),
    }[readiness]


def consultation_label(viewer: Viewer, state: str) -> str:
    _ = viewer.translate
    return {
        "planned": _("Planned"),
        "waiting": _("Waiting"),
        "active": _("In progress"),
        "kept_open": _("Kept open"),
        "closed": _("Closed"),
        "canceled": _("Canceled"),
    }.get(state, state)


NOT_RECEIVED = ("kept", "failed", "undeliverable", "abandoned")
"States of a delivery of which the scheduler has to know: nothing has reached the person."


def guest_heading(viewer: Viewer, state: str) -> str:
    """What a guest's page is headed by in a state of the session; `static/js/room/header.js` has the same."""
    _ = viewer.translate
    return {
        "active": _("You are in the session"),
        "kept_open": _("The session is paused"),
        "closed": _("The session is over"),
        "canceled": _("This session was canceled."),
    }.get(state, _("You are in the waiting room"))


def is_far_ahead(viewer: Viewer, planned_at: datetime | None) -> bool:
    """Whether nobody is to be awaited yet; `static/js/room/changed.js` has the same hour."""
    return planned_at is not None and viewer.now is not None and planned_at - viewer.now > SOON


def delivery_label(viewer: Viewer, state: str | None) -> str:
    """The state of the latest notice to somebody; empty without one."""
    _ = viewer.translate
    return {
        "queued": _("Being sent"),
        "sending": _("Being sent"),
        "kept": _("Kept here, not sent"),
        "sent": _("Sent"),
        "delivered": _("Delivered"),
        "read": _("Read"),
        "failed": _("Not sent yet, will be tried again"),
        "unknown": _("Perhaps sent"),
        "undeliverable": _("Could not be delivered"),
        "abandoned": _("Could not be sent"),
    }.get(state or "", "")


def delivery_words(viewer: Viewer, state: str | None) -> h.Node:
    """The same as an element, in red where nothing has reached the person; None without a notice."""
    text = delivery_label(viewer, state)
    bad = state in NOT_RECEIVED
    return text and h.span(class_="error" if bad else None, data_delivery=state)[text]


def reason_sentence(viewer: Viewer, reason: str | None) -> str:
    """Why a notice did not arrive; empty if it did, or if the reason is unknown."""
    return viewer.translate(REASONS[reason]) if reason in REASONS else ""


def invite_label(viewer: Viewer, state: str) -> str:
    """What somebody has done with their invitation; empty for nothing yet."""
    _ = viewer.translate
    return {
        "acknowledged": _("Has confirmed the date"),
        "joined": _("Has joined before"),
    }.get(state, "")


def channel_label(viewer: Viewer, channel: str) -> str:
    _ = viewer.translate
    return {
        "email": _("Email"),
        "sms": _("SMS"),
        "whatsapp": _("WhatsApp"),
        "none": _("Link passed on by you"),
    }.get(channel, channel)


def role_label(viewer: Viewer, role: str) -> str:
    _ = viewer.translate
    if role == "scheduler":
        return _("Leads the session")
    return next((_(name) for each, name in ROLE_NAMES.items() if each == role), role)


def shown_name(viewer: Viewer, name: str, role: str) -> str:
    """How somebody is called: by their name, or by their role without one."""
    return name or role_label(viewer, role)


def beside_name(viewer: Viewer, name: str, role: str) -> str:
    """The role of somebody whose name is shown; empty where it is shown as their name."""
    label = role_label(viewer, role)
    return "" if name == label else label
