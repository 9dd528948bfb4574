"""A room: the live side of one consultation, from the first connection to the last.

Holds who is here, the end of the chat, the call, and the numbered events by which a browser that
was away catches up. Knows no clock, no storage and no socket library: moments come in as
arguments, connections are anything that can `send`.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from signaling.calls.call import Call
from signaling.chat import ChatMessage
from signaling.consultation import Consultation
from signaling.device_check import Readiness
from signaling.identifier import new_id
from signaling.invite import Invite
from signaling.moments.milliseconds import maybe_ms, to_ms
from signaling.ports.connection import Connection
from signaling.rooms.transcript import Transcript
from signaling.wire import messages as wire
from signaling.wire.values import (
    CallMember,
    CallView,
    ConsultationView,
    MediaState,
    Participant,
    ParticipantRole,
    Quality,
    ResumePoint,
)

KEPT_EVENTS = 1000
KEPT_CHARACTERS = 256 * 1024
"""Events a browser may have missed and still catch up without a snapshot. Longer than this they are
no shorter way than a snapshot and the lines that it has not."""
KEPT_SIGNALS = 128
"Negotiation messages kept for a peer whose socket is coming back: two offers with candidates."
KEPT_SIGNAL_CHARACTERS = 256 * 1024
"The most they may hold: an offer has some 12,000."


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
    "From the latest test of their device."
    calls: bool = True
    "Whether the page that sits here can take part in calls."
    peer_id: str | None = None
    "Of the page that sits here, also while its socket is away."
    left_at: datetime | None = None
    media: MediaState | None = None
    quality: Quality | None = None
    signals: list[str] = field(default_factory=list)
    "Negotiation that waits for this page's socket, at most KEPT_SIGNALS."

    @classmethod
    def of_invite(cls, invite: Invite, readiness: Readiness = "not_tested") -> "Seat":
        """The seat that an invite gives a right to."""
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

    def view(self) -> Participant:
        return Participant(
            self.participant_id, self.role, self.name, self.online, self.present, self.calls
        )


class Room:
    def __init__(
        self,
        consultation: Consultation,
        seats: Iterable[Seat],
        chat: Transcript,
        seen: dict[str, int],
    ) -> None:
        self.consultation = consultation
        self.seats = {seat.participant_id: seat for seat in seats}
        self.chat = chat
        self.seen = dict(seen)
        self.call: Call | None = None
        self.scheduler_busy = False
        self.waiting_since: datetime | None = None
        self.epoch = new_id()
        self.seq = 0
        self._events: deque[tuple[int, str]] = deque()
        self._event_characters = 0

    def take_up(self, call: Call | None) -> None:
        """Go on with a call that was going on when the server stopped: its pages come back."""
        self.call = call
        for participant_id in call.joined() if call is not None else ():
            if participant_id in self.seats and call is not None:
                self.seats[participant_id].peer_id = call.members[participant_id].peer_id

    # --- who is here

    def others_online(self) -> bool:
        """Whether anybody but the scheduler is connected."""
        return any(seat.online for seat in self.seats.values() if seat.role != "scheduler")

    def reachable(self) -> list[Seat]:
        """Who can be rung."""
        return [seat for seat in self.seats.values() if seat.online and seat.calls]

    @property
    def empty(self) -> bool:
        return not any(seat.online for seat in self.seats.values())

    @property
    def scheduler_attends(self) -> bool:
        """Whether the scheduler is in this room: then nobody needs to be rung for it."""
        return any(seat.online for seat in self.seats.values() if seat.role == "scheduler")

    @property
    def in_progress(self) -> bool:
        """Whether the session goes on, between people who are here."""
        online = sum(seat.online for seat in self.seats.values())
        return self.consultation.state == "active" and online > 1

    def attach(
        self,
        participant_id: str,
        connection: Connection,
        resume: ResumePoint | None,
        welcome: Callable[[bool], wire.Welcome],
        calls: bool = True,
    ) -> None:
        """Seat a connection, tell it what it missed, and tell the others.

        Whoever sat there before is told that the session goes on elsewhere, unless it is the
        same page coming back on a new socket. `calls`: whether its browser can take part in them.
        """
        seat = self.seats[participant_id]
        before = seat.connection
        if before is not None and before is not connection:
            if before.peer_id != connection.peer_id:
                before.send(wire.encode(wire.Replaced()))
            before.close("replaced")
        if seat.peer_id != connection.peer_id:
            seat.signals.clear()
            seat.media = seat.quality = None
        changed, seat.calls = seat.calls != calls, calls
        seat.connection, seat.peer_id = connection, connection.peer_id
        seat.present, seat.left_at = True, None
        missed = self._missed(resume)
        first = [wire.encode(welcome(missed is not None))]
        first += [self.snapshot()] if missed is None else missed
        for frame in first + seat.signals:
            connection.send(frame, counted=False)
        seat.signals.clear()
        if before is None or changed:
            self.tell_participant(participant_id)
            self.tell_call_of(participant_id)

    def detach(self, participant_id: str, connection: Connection, now: datetime) -> bool:
        """The socket is gone. False if another one already sits there."""
        seat = self.seats.get(participant_id)
        if seat is None or seat.connection is not connection:
            return False
        seat.connection, seat.left_at = None, now
        self.tell_participant(participant_id)
        self.tell_call_of(participant_id)
        return True

    # --- events

    def publish(self, make: Callable[[int], wire.RoomEvent]) -> None:
        """Number an event, keep it, and send it to everybody here."""
        self.seq += 1
        frame = wire.encode(make(self.seq))
        self._keep(frame)
        for seat in self.seats.values():
            if seat.connection is not None:
                seat.connection.send(frame)

    def _keep(self, frame: str) -> None:
        """Keep the newest event for those who are away, and forget the oldest ones over it."""
        self._events.append((self.seq, frame))
        self._event_characters += len(frame)
        while len(self._events) > KEPT_EVENTS or self._event_characters > KEPT_CHARACTERS:
            self._event_characters -= len(self._events.popleft()[1])

    def tell_participant(self, participant_id: str) -> None:
        view = self.seats[participant_id].view()
        self.publish(lambda seq: wire.ParticipantChanged(seq, view))

    def tell_consultation(self) -> None:
        view = self.consultation_view()
        self.publish(lambda seq: wire.ConsultationChanged(seq, view))

    def tell_call(self) -> None:
        view = self.call_view()
        if view is not None:
            self.publish(lambda seq: wire.CallChanged(seq, view))

    def tell_call_of(self, participant_id: str) -> None:
        """Something about somebody in the call changed; outside of it that is nobody's concern."""
        if self.call and not self.call.over and participant_id in self.call.joined():
            self.tell_call()

    def add_chat(self, message: ChatMessage) -> None:
        line = self.chat.add(message)
        self.publish(lambda seq: wire.ChatAdded(seq, line))

    def mark_seen(self, participant_id: str, position: int) -> bool:
        """Move somebody's marker; False if it is there already or points past the chat."""
        if position > self.chat.last or position <= self.seen.get(participant_id, 0):
            return False
        self.seen[participant_id] = position
        self.publish(lambda seq: wire.SeenChanged(seq, participant_id, position))
        return True

    # --- between peers

    def pass_on(self, sender: str, to_peer: str, message: wire.Message) -> bool:
        """Pass a negotiation message to the page `to_peer`; keep it while its socket is away.

        False if nobody in this call has that page, or if the call sends nothing directly.
        """
        seat = next((s for s in self.seats.values() if s.peer_id == to_peer), None)
        call = self.call
        if seat is None or call is None or call.over or not call.path.direct:
            return False
        joined = call.joined()
        if seat.participant_id not in joined or sender not in joined:
            return False
        frame = wire.encode(message)
        if seat.connection is not None:
            seat.connection.send(frame)
        else:
            seat.signals.append(frame)
            while (
                len(seat.signals) > KEPT_SIGNALS
                or sum(map(len, seat.signals)) > KEPT_SIGNAL_CHARACTERS
            ):
                del seat.signals[0]
        return True

    def tell_page(self, peer_id: str, message: wire.Message) -> None:
        """Tell one page something that matters only now; nothing while its socket is away."""
        for seat in self.seats.values():
            if seat.peer_id == peer_id and seat.connection is not None:
                seat.connection.send(wire.encode(message))

    # --- views

    def snapshot(self) -> str:
        return wire.encode(
            wire.Snapshot(
                seq=self.seq,
                consultation=self.consultation_view(),
                participants=[seat.view() for seat in self.seats.values()],
                chat=self.chat.lines,
                seen=self.seen,
                call=None if self.call is None or self.call.over else self.call_view(),
            )
        )

    def consultation_view(self) -> ConsultationView:
        consultation = self.consultation

        return ConsultationView(
            consultation_id=consultation.id,
            state=consultation.state,
            kind=consultation.kind,
            planned_at=maybe_ms(consultation.planned_at),
            started_at=maybe_ms(consultation.started_at),
            closed_at=maybe_ms(consultation.closed_at),
            scheduler_busy=self.scheduler_busy,
        )

    def call_view(self) -> CallView | None:
        call = self.call
        if call is None:
            return None
        members = []
        for participant_id, member in call.members.items():
            seat = self.seats.get(participant_id)
            joined = member.state == "joined"
            members.append(
                CallMember(
                    participant_id,
                    member.state,
                    peer_id=member.peer_id,
                    reconnecting=joined and not (seat is not None and seat.online),
                    media=seat.media if seat and joined else None,
                    quality=seat.quality if seat and joined else None,
                )
            )
        return CallView(
            call_id=call.id,
            media=call.media,
            state=call.state,
            started_by=call.started_by,
            started_at=to_ms(call.started_at),
            topology=call.path.topology.value,
            members=members,
            answered_at=maybe_ms(call.answered_at),
            moving_to=None if call.path.moving_to is None else call.path.moving_to.value,
        )

    def _missed(self, resume: ResumePoint | None) -> list[str] | None:
        """Frames after the resume point, or None if only a snapshot will do."""
        if resume is None or resume.epoch != self.epoch or resume.seq > self.seq:
            return None
        oldest = self._events[0][0] if self._events else self.seq + 1
        if resume.seq + 1 < oldest:
            return None
        return [frame for seq, frame in self._events if seq > resume.seq]
