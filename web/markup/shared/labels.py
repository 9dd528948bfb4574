"""Words for states and times, in the viewer's language and zone. No elements but `<time>`."""

import re
from datetime import datetime

import htpy as h

from signaling.notices.reasons import REASONS
from web.texts.dates import day_and_time, local, short_moment, zone_name
from web.view_models import Viewer


def filled(sentence: str, **parts: h.Node) -> list[h.Node]:
    """A translated sentence with elements in its `%(name)s` places: each language has its order."""
    pieces = re.split(r"%\((\w+)\)s", sentence)
    return [parts[piece] if index % 2 else piece for index, piece in enumerate(pieces)]


def clock(viewer: Viewer, moment: datetime, *, zone: str | None = None) -> h.Element:
    """A moment as date and time of day in `zone`, by default the viewer's."""
    text = short_moment(moment, zone or viewer.time_zone, viewer.language)
    # Left-to-right numbers beside right-to-left month names change places without isolation.
    return h.time(datetime=moment.isoformat(timespec="seconds"), dir="auto")[text]


def appointment(viewer: Viewer, moment: datetime, *, with_zone: bool = True) -> h.Node:
    """A moment as the mail about it tells it: the whole date, the time of day, and the zone.

    `showLocally` (`static/js/shared/time/format.js`) tells by the offset which clock it was written by.
    """
    here = local(moment, viewer.time_zone).isoformat(timespec="seconds")
    text = day_and_time(moment, viewer.time_zone, viewer.language)
    written = h.time(datetime=here, dir="auto")[text]
    if not with_zone:
        return written
    return h.span[written, " ", h.span(".hint.zone")[f"({zone_label(viewer, moment)})"]]


def zone_label(viewer: Viewer, moment: datetime, zone: str | None = None) -> str:
    """The zone in words people know: "Central European Time"."""
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


def delivery_label(viewer: Viewer, state: str | None) -> str:
    """What became of the latest notice to somebody; empty if none was written."""
    _ = viewer.translate
    return {
        "queued": _("Being sent"),
        "sending": _("Being sent"),
        "sent": _("Sent"),
        "delivered": _("Delivered"),
        "read": _("Read"),
        "failed": _("Not sent yet, will be tried again"),
        "unknown": _("Perhaps sent"),
        "undeliverable": _("Could not be delivered"),
        "abandoned": _("Could not be sent"),
    }.get(state or "", "")


def reason_sentence(viewer: Viewer, reason: str | None) -> str:
    """Why a notice did not arrive; empty if it did, or nobody knows."""
    return viewer.translate(REASONS[reason]) if reason in REASONS else ""


def invite_label(viewer: Viewer, state: str) -> str:
    """What somebody has done with their invitation; empty for nothing yet."""
    _ = viewer.translate
    return {
        "acknowledged": _("Has confirmed the date"),
        "joined": _("Has opened the session"),
    }.get(state, "")


def channel_label(viewer: Viewer, channel: str) -> str:
    _ = viewer.translate
    return {
        "email": _("Email"),
        "sms": _("SMS"),
        "whatsapp": _("WhatsApp"),
        "none": _("Link given by hand"),
    }.get(channel, channel)


def role_label(viewer: Viewer, role: str) -> str:
    _ = viewer.translate
    return {
        "scheduler": _("Host"),
        "service_user": _("Service user"),
        "companion": _("Companion"),
        "colleague": _("Colleague"),
        "interpreter": _("Interpreter"),
    }.get(role, role)
