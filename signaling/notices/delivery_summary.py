"""What became of the notices of a session, as whoever planned it reads it."""

from dataclasses import dataclass
from datetime import datetime

from signaling.notices.notice import Attempt, NoticeState, Occasion


@dataclass(frozen=True)
class Delivery:
    """One notice, and each way by which its delivery was tried."""

    recipient_id: str
    "An invite's or an interpreter request's id; something else for the scheduler."
    occasion: Occasion
    queued_at: datetime
    due_at: datetime
    state: NoticeState
    attempts: tuple[Attempt, ...]
    "In the order of the ways; none before it is due."
