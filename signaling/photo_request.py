"""A photo request: one participant is asked to take a photo and to send it. Rooms keep it in memory."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PhotoRequest:
    id: str
    participant_id: str
    "Who is asked."
    asked_by: str
    asked_at: datetime

    def concerns(self, participant_id: str) -> bool:
        """Whether it ends when this participant loses their seat."""
        return participant_id in (self.participant_id, self.asked_by)
