"""A seat: one participant's place in a room, and the page that has it."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from signaling.device_check import Readiness
from signaling.invite import Invite
from signaling.ports.connection import Connection
from signaling.wire.values import MediaState, Participant, ParticipantRole, Quality

KEPT_PAGES = 16
"Pages of one seat that are known to have been replaced."


@dataclass
class Seat:
    """One participant's place in the room."""

    participant_id: str
    role: ParticipantRole
    name: str
    language: str = "en"
    connection: Connection | None = None
    present: bool = False
    readiness: Readiness = "not_tested"
    "From the latest device check."
    calls: bool = True
    "Whether the page in this seat can take part in calls."
    peer_id: str | None = None
    "Of the page in this seat, also while its socket is away."
    seated_at: int = 0
    "When it got the seat, in milliseconds; 0: no page has had it since the room was loaded."
    replaced: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_PAGES))
    "Peer ids of the pages that were in this seat before."
    left_at: datetime | None = None
    media: MediaState | None = None
    quality: Quality | None = None
    signals: list[str] = field(default_factory=list)
    "Negotiation messages that wait for this page's socket, at most KEPT_SIGNALS."

    @classmethod
    def of_invite(cls, invite: Invite, readiness: Readiness = "not_tested") -> "Seat":
        """The seat of an invited person."""
        person, present = invite.person, invite.joined_at is not None
        return cls(
            invite.id,
            invite.role,
            person.name,
            person.language,
            present=present,
            readiness=readiness,
        )

    @property
    def online(self) -> bool:
        return self.connection is not None

    def was_taken_from(self, peer_id: str, seated_at: int | None) -> bool:
        """Whether another page has taken the seat from this one, and is connected.

        A page that had no line then has not been told, and would take the seat back by reconnecting.
        `seated_at`: when it got the seat, as it was told; that is known also after a restart.
        """
        if not self.online or peer_id == self.peer_id:
            return False
        return peer_id in self.replaced or (seated_at is not None and seated_at < self.seated_at)

    def take(self, peer_id: str, seated_at: int | None, now: int) -> None:
        """A page takes the seat, or comes back to it, then with when it got it as it was told."""
        is_new = peer_id != self.peer_id
        if is_new:
            self.signals.clear()
            self.media = self.quality = None
            if self.peer_id is not None and self.seated_at:
                self.replaced.append(self.peer_id)
        if not self.seated_at:
            # of two that come back after a restart the later one has the better claim
            self.seated_at = now if seated_at is None else seated_at
        elif is_new:
            self.seated_at = now
        self.peer_id = peer_id

    def view(self) -> Participant:
        return Participant(
            self.participant_id, self.role, self.name, self.online, self.present, self.calls
        )
