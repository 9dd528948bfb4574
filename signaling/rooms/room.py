"""A room: the live side of one consultation, from the first connection to the last.

Holds the seats, the end of the chat, the call, and the numbered events by which a browser that was
disconnected catches up; encodes each event once. Knows no clock, no storage and no socket library:
times are arguments, connections are anything that can `send`.
"""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

from signaling.calls.call import Call
from signaling.chat import COMING_AND_GOING, UNREAD_KINDS, ChatMessage
from signaling.consultation import Consultation
from signaling.identifier import new_id
from signaling.moments.milliseconds import maybe_ms, to_ms
from signaling.photo_request import PhotoRequest
from signaling.ports.connection import Connection
from signaling.rooms.seat import Seat
from signaling.rooms.transcript import Transcript
from signaling.wire import messages as wire
from signaling.wire.client_messages import Hello
from signaling.wire.values import (
    CallMember,
    CallView,
    ConsultationView,
    Participant,
    ResumePoint,
)
from signaling.wire.values import PhotoRequest as PhotoRequestView

KEPT_EVENTS = 1000
KEPT_CHARACTERS = 256 * 1024
"""Most events that a browser may have missed and still catch up on without a snapshot. More of them
take longer than a snapshot and the chat lines it lacks."""
KEPT_SIGNALS = 128
"Negotiation messages kept for a peer that may reconnect: two offers with candidates."
KEPT_SIGNAL_CHARACTERS = 256 * 1024
"Most characters of these; an offer has some 12,000."


class Room:
    def __init__(
        self,
        consultation: Consultation,
        seats: Iterable[Seat],
        chat: Transcript,
        seen: dict[str, int],
        former: dict[str, str] | None = None,
    ) -> None:
        """`former`: who held the session, and no longer does, by participant id: their names."""
        self.consultation = consultation
        self.seats = {seat.participant_id: seat for seat in seats}
        self.chat = chat
        self.seen = dict(seen)
        self.former = {
            participant_id: name
            for participant_id, name in (former or {}).items()
            if participant_id not in self.seats
        }
        "Names of those who have no seat any more and whose lines stay."
        self.call: Call | None = None
        self.photo_request: PhotoRequest | None = None
        self.scheduler_busy = False
        self.given_up = False
        "Whether another host answers for it by now: nothing may be changed by what is known here."
        self.waiting_since: datetime | None = None
        self.epoch = new_id()
        self.seq = 0
        self._events: deque[tuple[int, str]] = deque()
        self._event_characters = 0

    def restore_call(self, call: Call | None) -> None:
        """Restore a call that was going on when the server stopped: its pages may come back."""
        self.call = call
        for participant_id in call.joined() if call is not None else ():
            if participant_id in self.seats and call is not None:
                self.seats[participant_id].peer_id = call.members[participant_id].peer_id

    # --- who is here

    def others_online(self) -> bool:
        """Whether anybody but the scheduler and colleagues who share the session is connected."""
        return any(seat.online for seat in self.seats.values() if seat.role != "scheduler")

    def name_of(self, participant_id: str) -> str:
        seat = self.seats.get(participant_id)
        return self.former.get(participant_id, "") if seat is None else seat.name

    def is_online(self, participant_id: str) -> bool:
        seat = self.seats.get(participant_id)
        return seat is not None and seat.online

    def calls_by(self, participant_id: str, peer_id: str | None) -> bool:
        """Whether the page that carries a member's media is connected, and not another one."""
        return self.is_online(participant_id) and self.seats[participant_id].peer_id == peer_id

    def reachable(self) -> list[Seat]:
        """Seats that can be rung."""
        return [seat for seat in self.seats.values() if seat.online and seat.calls]

    @property
    def empty(self) -> bool:
        return not any(seat.online for seat in self.seats.values())

    @property
    def scheduler_attends(self) -> bool:
        """Whether the scheduler, or a colleague who shares the session, is connected: nobody waits."""
        return any(seat.online for seat in self.seats.values() if seat.role == "scheduler")

    @property
    def in_progress(self) -> bool:
        """Whether an active session has at least two participants online."""
        online = sum(seat.online for seat in self.seats.values())
        return self.consultation.state == "active" and online > 1

    def attach(
        self,
        participant_id: str,
        connection: Connection,
        hello: Hello,
        welcome: Callable[[bool], wire.Welcome],
        now: datetime,
    ) -> None:
        """Seat a connection, send it what it missed, and publish the change.

        The seat's previous connection is told that the session goes on elsewhere, unless it is the
        same page on a new socket.
        """
        seat = self.seats[participant_id]
        before = seat.connection
        if before is not None and before is not connection:
            if before.peer_id != connection.peer_id:
                before.send(wire.encode(wire.Replaced()))
            before.close("replaced")
        changed = seat.calls != hello.calls or seat.peer_id != connection.peer_id
        seat.take(connection.peer_id, hello.seated_at, to_ms(now))
        seat.calls, seat.connection = hello.calls, connection
        seat.present, seat.left_at = True, None
        missed = self._missed(hello.resume)
        first = [wire.encode(welcome(missed is not None))]
        first += [self.snapshot()] if missed is None else missed
        for frame in first + seat.signals:
            connection.send(frame, counted=False)
        seat.signals.clear()
        if before is None or changed:
            self.publish_participant(participant_id)
            self.publish_call_of(participant_id)

    def detach(self, participant_id: str, connection: Connection, now: datetime) -> bool:
        """The socket was closed. False if another connection holds the seat already."""
        seat = self.seats.get(participant_id)
        if seat is None or seat.connection is not connection:
            return False
        seat.connection, seat.left_at = None, now
        self.publish_participant(participant_id)
        self.publish_call_of(participant_id)
        return True

    # --- events

    def publish(self, make: Callable[[int], wire.RoomEvent]) -> None:
        """Number an event, keep it, and send it to every connection."""
        self.seq += 1
        frame = wire.encode(make(self.seq))
        self._keep(frame)
        for seat in self.seats.values():
            if seat.connection is not None:
                seat.connection.send(frame)

    def _keep(self, frame: str) -> None:
        """Keep an event for those who are away, and drop the oldest ones beyond the limits."""
        self._events.append((self.seq, frame))
        self._event_characters += len(frame)
        while len(self._events) > KEPT_EVENTS or self._event_characters > KEPT_CHARACTERS:
            self._event_characters -= len(self._events.popleft()[1])

    def publish_participant(self, participant_id: str) -> None:
        view = self.seats[participant_id].view()
        self.publish(lambda seq: wire.ParticipantChanged(seq, view))

    def retire(self, participant_id: str) -> Seat | None:
        """Take somebody's seat and keep the name beside their lines. Returns the seat they had."""
        seat = self.seats.pop(participant_id, None)
        if seat is not None:
            self.former[participant_id] = seat.name
            view = _former(participant_id, seat.name)
            # behind all who have a seat, as in a snapshot: the first host is one who may come
            self.publish(lambda seq: wire.ParticipantRemoved(seq, participant_id))
            self.publish(lambda seq: wire.ParticipantChanged(seq, view))
            if self.photo_request is not None and self.photo_request.concerns(participant_id):
                self.ask_photo(None)
        return seat

    def publish_consultation(self) -> None:
        view = self.consultation_view()
        self.publish(lambda seq: wire.ConsultationChanged(seq, view))

    def publish_call(self) -> None:
        view = self.call_view()
        if view is not None:
            self.publish(lambda seq: wire.CallChanged(seq, view))

    def publish_call_of(self, participant_id: str) -> None:
        """Publish the call if this participant has joined it."""
        if self.call and not self.call.over and participant_id in self.call.joined():
            self.publish_call()

    def add_chat(self, message: ChatMessage) -> None:
        line = self.chat.add(message)
        seat = self.seats.get(message.participant_id)
        if message.kind == "asked_for_phone_call":
            self.chat.phone_wishes.add(message.participant_id)
        # coming and going, as a line that drops does by itself, is no answer
        elif seat is not None and seat.role == "scheduler" and message.kind not in COMING_AND_GOING:
            self.chat.phone_wishes.clear()
        self.publish(lambda seq: wire.ChatAdded(seq, line))

    def mark_seen(self, participant_id: str, position: int) -> bool:
        """Move a marker forward; False if it is there already or points past the chat."""
        if position > self.chat.last or position <= self.seen.get(participant_id, 0):
            return False
        self.seen[participant_id] = position
        self.publish(lambda seq: wire.SeenChanged(seq, participant_id, position))
        return True

    def reader(self, account_id: str) -> str:
        """Whose marker says what an account has seen: a team member without a seat has the scheduler's."""
        return account_id if account_id in self.seats else self.consultation.scheduler_id

    def has_unread(self, participant_id: str) -> bool:
        """Whether others have written something that this participant has not seen."""
        seen = self.seen.get(participant_id, 0)
        for line in reversed(self.chat.lines):
            if line.position <= seen:
                return False
            if line.participant_id != participant_id and line.kind in UNREAD_KINDS:
                return True
        return False

    def asks_for_phone_call(self, participant_id: str) -> bool:
        """Whether this participant has asked to be called by phone, and no staff has answered since."""
        return participant_id in self.chat.phone_wishes

    def turn_photo(self, line_id: str, turned: int) -> None:
        """Show a photo with that many quarter turns clockwise from now on."""
        self.chat.turn(line_id, turned)
        self.publish(lambda seq: wire.PhotoTurned(seq, line_id, turned))

    def ask_photo(self, request: PhotoRequest | None) -> None:
        """Somebody is asked for a photo from now on, or nobody any more."""
        if request == self.photo_request:
            return
        self.photo_request = request
        view = self.photo_request_view()
        self.publish(lambda seq: wire.PhotoRequestChanged(seq, view))

    def photo_sent(self, request_id: str, participant_id: str) -> None:
        """A photo that this participant sent for a request stands in the chat."""
        if self.waits_for_photo(request_id, participant_id):
            self.ask_photo(None)

    def waits_for_photo(self, request_id: str, participant_id: str) -> bool:
        """Whether this participant is asked for a photo by this request."""
        request = self.photo_request
        asked = None if request is None else (request.id, request.participant_id)
        return asked == (request_id, participant_id)

    # --- between peers

    def pass_on(self, sender: str, to_peer: str, message: wire.Message) -> bool:
        """Forward a negotiation message to `to_peer`; keep it while its socket is away.

        False if that peer is not in this call, or if the call has no direct paths.
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

    def send_to_peer(self, peer_id: str, message: wire.Message) -> None:
        """Send a message that matters only now; dropped while the peer's socket is away."""
        for seat in self.seats.values():
            if seat.peer_id == peer_id and seat.connection is not None:
                seat.connection.send(wire.encode(message))

    # --- views

    def snapshot(self) -> str:
        return wire.encode(
            wire.Snapshot(
                seq=self.seq,
                consultation=self.consultation_view(),
                participants=[
                    *(seat.view() for seat in self.seats.values()),
                    *(_former(*each) for each in self.former.items()),
                ],
                chat=self.chat.lines,
                seen=self.seen,
                call=None if self.call is None or self.call.over else self.call_view(),
                photo_request=self.photo_request_view(),
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

    def photo_request_view(self) -> PhotoRequestView | None:
        request = self.photo_request
        if request is None:
            return None
        return PhotoRequestView(
            request.id, request.participant_id, request.asked_by, to_ms(request.asked_at)
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
                    reconnecting=joined and not self.calls_by(participant_id, member.peer_id),
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
        """Frames after the resume point; None: a snapshot is needed."""
        if resume is None or resume.epoch != self.epoch or resume.seq > self.seq:
            return None
        oldest = self._events[0][0] if self._events else self.seq + 1
        if resume.seq + 1 < oldest:
            return None
        return [frame for seq, frame in self._events if seq > resume.seq]


def _former(participant_id: str, name: str) -> Participant:
    """Somebody who is not there and does not come back, for the name alone."""
    return Participant(participant_id, "scheduler", name, online=False, former=True)
