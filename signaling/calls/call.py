"""A call: participants of one consultation speaking by audio or video.

The rules only: who is rung, who has joined, when it is over. Times are arguments; nothing is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from signaling.calls.topology import Path
from signaling.errors import Conflict
from signaling.lifecycle import advance

Media = Literal["audio", "video"]
CallState = Literal["ringing", "ongoing", "ended", "missed", "refused"]
CallEvent = Literal["accept", "refuse", "miss", "end"]
MemberState = Literal["ringing", "joined", "declined", "left"]

TRANSITIONS: Mapping[CallState, Mapping[CallEvent, CallState]] = {
    "ringing": {"accept": "ongoing", "refuse": "refused", "miss": "missed", "end": "ended"},
    "ongoing": {"end": "ended"},
    "ended": {},
    "missed": {},
    "refused": {},
}
"state -> event -> next state"

RING_TIMEOUT = timedelta(seconds=60)
"After this long without an answer a call is missed."
RECONNECT_GRACE = timedelta(seconds=45)
"""How long a member may be disconnected before they count as having left: longer than a handover
from Wi-Fi to mobile or a reload, shorter than people's patience."""


@dataclass(frozen=True)
class Member:
    """One participant's part in a call."""

    state: MemberState
    peer_id: str | None = None
    "Of the page that carries the media; only while joined."


@dataclass(frozen=True)
class Call:
    id: str
    media: Media
    started_by: str
    "Participant id of the caller."
    started_at: datetime
    state: CallState = "ringing"
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    path: Path = field(default_factory=Path)
    members: dict[str, Member] = field(default_factory=dict)
    "By participant id."

    @classmethod
    def start(
        cls, call_id: str, media: Media, caller: str, peer_id: str, rung: list[str], now: datetime
    ) -> "Call":
        """A new call from `caller`, ringing everybody in `rung`."""
        members = {participant: Member("ringing") for participant in rung if participant != caller}
        members[caller] = Member("joined", peer_id)
        return cls(call_id, media, caller, now, members=members)

    @property
    def over(self) -> bool:
        return not TRANSITIONS[self.state]

    def participant_of(self, peer_id: str) -> str | None:
        """The participant who has joined with this peer; None: nobody."""
        return next(
            (
                name
                for name, member in self.members.items()
                if member.state == "joined" and member.peer_id == peer_id
            ),
            None,
        )

    def joined(self) -> list[str]:
        return [name for name, member in self.members.items() if member.state == "joined"]

    def _with(self, participant: str, member: Member) -> "Call":
        return replace(self, members={**self.members, participant: member})

    def _finish(self, event: CallEvent, now: datetime) -> "Call":
        members = {
            name: Member("left") if member.state == "joined" else member
            for name, member in self.members.items()
        }
        state = advance("call", TRANSITIONS, self.state, event)
        return replace(self, state=state, ended_at=now, members=members)

    def accept(self, participant: str, peer_id: str, now: datetime) -> "Call":
        """Join by answering, late, or again after a reload. Raises Conflict if the call is over."""
        if self.over:
            raise Conflict
        call = self._with(participant, Member("joined", peer_id))
        if call.state == "ringing" and participant != self.started_by:
            state = advance("call", TRANSITIONS, call.state, "accept")
            call = replace(call, state=state, answered_at=now)
        return call

    def decline(self, participant: str, now: datetime) -> "Call":
        """Decline; the call is refused when the last one rung declines."""
        if self.over or self.members.get(participant, Member("left")).state != "ringing":
            return self
        call = self._with(participant, Member("declined"))
        if call.state == "ringing" and not call._still_ringing():
            return call._finish("refuse", now)
        return call

    def leave(self, participant: str, now: datetime) -> "Call":
        """Hang up. The call ends when fewer than two members are left and nobody is being rung."""
        if self.over or self.members.get(participant, Member("left")).state != "joined":
            return self
        call = self._with(participant, Member("left"))
        remaining = len(call.joined())
        if remaining == 0 or (remaining == 1 and call.state == "ongoing"):
            return call._finish("end", now)
        return call

    def miss(self, now: datetime) -> "Call":
        """The ring timed out: nobody answered, or some members did not."""
        if self.over:
            return self
        if self.state == "ringing":
            return self._finish("miss", now)
        members = {
            name: Member("left") if member.state == "ringing" else member
            for name, member in self.members.items()
        }
        return replace(self, members=members)

    def end(self, now: datetime) -> "Call":
        """End the call for everybody: the session was terminated."""
        return self if self.over else self._finish("end", now)

    def _still_ringing(self) -> bool:
        return any(member.state == "ringing" for member in self.members.values())
