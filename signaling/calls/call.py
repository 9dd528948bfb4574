"""A call: people of one consultation speaking with each other by sound and picture.

The rules only: who is rung, who is in, when it is over. Times come in; nothing is sent here.
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
"""How long somebody in a call may be out of reach before they count as having left: longer
than a Wi-Fi to mobile handover and a reloaded page, shorter than one's patience."""


@dataclass(frozen=True)
class Member:
    """One participant's place in a call."""

    state: MemberState
    peer_id: str | None = None
    "The live connection that carries the media; only while joined."


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
        """Who is in this call with that connection."""
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
        """Join: by answering the ring, late, or again after a reload. Raises Conflict if over."""
        if self.over:
            raise Conflict
        call = self._with(participant, Member("joined", peer_id))
        if call.state == "ringing" and participant != self.started_by:
            state = advance("call", TRANSITIONS, call.state, "accept")
            call = replace(call, state=state, answered_at=now)
        return call

    def decline(self, participant: str, now: datetime) -> "Call":
        """Refuse the ring; the last one asked who refuses ends the call."""
        if self.over or self.members.get(participant, Member("left")).state != "ringing":
            return self
        call = self._with(participant, Member("declined"))
        if call.state == "ringing" and not call._still_ringing():
            return call._finish("refuse", now)
        return call

    def leave(self, participant: str, now: datetime) -> "Call":
        """Hang up. A call in which fewer than two people are left, and nobody rings, is over."""
        if self.over or self.members.get(participant, Member("left")).state != "joined":
            return self
        call = self._with(participant, Member("left"))
        remaining = len(call.joined())
        if remaining == 0 or (remaining == 1 and call.state == "ongoing"):
            return call._finish("end", now)
        return call

    def miss(self, now: datetime) -> "Call":
        """The ring timed out: nobody answered, or some did and the others did not."""
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
        """Over for everybody: the session was terminated."""
        return self if self.over else self._finish("end", now)

    def _still_ringing(self) -> bool:
        return any(member.state == "ringing" for member in self.members.values())
