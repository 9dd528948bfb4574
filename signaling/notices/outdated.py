"""Whether a notice is outdated: its session was moved, canceled or is over, or it is a day late."""

from datetime import datetime

from signaling.consultation import OPEN_STATES, Consultation
from signaling.invite import Invite
from signaling.notices.notice import Notice
from signaling.notices.retry import GIVE_UP_AFTER

FAREWELLS = ("canceled", "removed")
"Sent to people whose invite is over: never outdated."
NOT_STARTED = ("planned", "waiting")


def is_current(
    notice: Notice, consultation: Consultation, invite: Invite | None, now: datetime
) -> bool:
    """Whether an undelivered notice is worth another way.

    Not once the session was moved, canceled or is over, nor a day late.
    """
    if now - notice.due_at > GIVE_UP_AFTER:
        return False
    if invite is None or notice.occasion in FAREWELLS:
        return True
    states = NOT_STARTED if notice.occasion == "reminder" else OPEN_STATES
    same_date = notice.version == consultation.calendar_sequence
    return same_date and invite.usable and consultation.state in states
