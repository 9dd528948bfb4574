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
        "changed": _("Session changed"),
        "canceled": _("Session canceled"),
        "removed": _("No longer invited"),
        "reminder": _("Reminder"),
        "interpreter_request": _("Request for an interpreter"),
        "interpreter_request_moved": _("Request moved"),
        "interpreter_request_withdrawn": _("Request withdrawn"),
        "interpreter_accepted": _("Interpreter accepted"),
        "interpreter_unavailable": _("No interpreter available"),
        "left_open": _("Unused open session"),
        "account_created": _("Account created"),
        "password_reset": _("Password reset"),
    }[occasion]


def part_label(viewer: Viewer, part: Part) -> str:
    _ = viewer.translate
    return {"subject": _("Subject of mail"), "mail": _("Mail"), "short": _("SMS")}[part]
