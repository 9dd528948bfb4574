"""Labels of occasions and parts of notices."""

from signaling.notices.notice import Occasion
from signaling.notices.texts import Part
from web.view_models import Viewer


def occasion_label(viewer: Viewer, occasion: Occasion) -> str:
    _ = viewer.translate
    return {
        "invitation": _("Invitation for now"),
        "planned_invitation": _("Planned invitation"),
        "moved": _("Session moved"),
        "canceled": _("Session canceled"),
        "removed": _("No longer invited"),
        "reminder": _("Reminder"),
        "interpreter_request": _("Request for an interpreter"),
        "interpreter_request_moved": _("Request moved"),
        "interpreter_request_withdrawn": _("Request withdrawn"),
        "interpreter_unavailable": _("No interpreter available"),
        "left_open": _("Unused open session"),
        "news": _("Something new in an open session"),
        "interpreter_invitation": _("Invitation of an interpreter for now"),
        "interpreter_planned_invitation": _("Planned invitation of an interpreter"),
    }[occasion]


def part_label(viewer: Viewer, part: Part) -> str:
    _ = viewer.translate
    return {"subject": _("Subject of mail"), "mail": _("Mail"), "short": _("SMS")}[part]
