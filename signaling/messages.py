"""The wire messages of `/socket`, one struct each; PROTOCOL.md tells them as a conversation.

Every frame is one JSON object in a text message; `type` names the struct. Unknown types and
unknown members are refused. Times are milliseconds since 1970 UTC. A command carries an `id`
made by the browser: it is done once, however often it is sent, and answered by `ack` only
after its effect is durable.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from signaling.errors import InvalidMessage

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 64 * 1024
"A description of four video sections takes some 12 kB; nothing legitimate comes near this."

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
Text = Annotated[str, Meta(max_length=8000)]
Sdp = Annotated[str, Meta(max_length=48_000)]
Seq = Annotated[int, Meta(ge=0)]
ParticipantRole = Literal["scheduler", "service_user", "companion", "colleague", "interpreter"]
Quality = Literal["good", "fair", "poor"]
MediaPolicy = Literal["auto", "relay"]


class Message(
    msgspec.Struct,
    tag_field="type",
    forbid_unknown_fields=True,
    frozen=True,
    omit_defaults=True,
):
    """Base of all messages."""


class Value(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Base of what messages contain."""


# --- values ---------------------------------------------------------------------------------


class ResumePoint(Value, frozen=True):
    """The last event a browser has seen of one life of a room."""

    epoch: Id
    seq: Seq


class Description(Value, frozen=True):
    """RTCSessionDescriptionInit (RFC 9429)."""

    kind: Literal["offer", "answer", "pranswer", "rollback"]
    sdp: Sdp = ""


class CandidateInit(Value, frozen=True):
    """RTCIceCandidateInit; an empty candidate string is the end of candidates."""

    candidate: Annotated[str, Meta(max_length=2000)]
    sdp_mid: Annotated[str, Meta(max_length=64)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=1024)] | None = None
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class MediaState(Value, frozen=True):
    """What somebody in a call is sending."""

    microphone: bool
    camera: bool
    screen: bool = False


class Participant(Value, frozen=True):
    """Somebody who has a seat in the consultation."""

    participant_id: str
    role: ParticipantRole
    name: str
    online: bool
    present: bool = False
    "In the list although not online: has been here before."


class ChatLine(Value, frozen=True):
    """One line of the chat; kinds other than `text` are events without text."""

    id: str
    position: int
    participant_id: str
    kind: str
    text: str
    sent_at: int


class CallMember(Value, frozen=True):
    participant_id: str
    state: Literal["ringing", "joined", "declined", "left"]
    peer_id: str | None = None
    reconnecting: bool = False
    media: MediaState | None = None
    quality: Quality | None = None


class CallView(Value, frozen=True):
    call_id: str
    media: Literal["audio", "video"]
    state: Literal["ringing", "ongoing", "ended", "missed", "refused"]
    started_by: str
    started_at: int
    topology: Literal["mesh", "forwarded"]
    members: list[CallMember]
    answered_at: int | None = None


class ConsultationView(Value, frozen=True):
    consultation_id: str
    state: str
    kind: Literal["remote", "in_person"]
    planned_at: int | None = None
    started_at: int | None = None
    closed_at: int | None = None
    scheduler_busy: bool = False
    "Their scheduler is in another session right now."


class IceServer(Value, frozen=True):
    urls: list[str]
    username: str | None = None
    credential: str | None = None


class WaitingEntry(Value, frozen=True):
    """One row of the waiting room."""

    consultation_id: str
    name: str
    language: str
    waiting_since: int
    state: str
    readiness: Literal["ready", "ready_with_limits", "not_ready", "not_tested"] = "not_tested"


# --- from the browser -----------------------------------------------------------------------


class Hello(Message, tag="hello", frozen=True):
    """First message: which stream this socket is for, and from where to go on."""

    version: int
    stream: Literal["room", "lobby"]
    peer_id: Id
    "Made by the page when it loads; kept over reconnections, new after a reload."
    consultation_id: Id | None = None
    invite_id: Id | None = None
    "Set by somebody who sits there by invite; absent for the scheduler."
    resume: ResumePoint | None = None


class Ping(Message, tag="ping", frozen=True):
    """Browsers cannot see WebSocket pings; this is how a page finds out that the line is dead."""


class ChatSend(Message, tag="chat_send", frozen=True):
    id: Id
    text: Text


class Seen(Message, tag="seen", frozen=True):
    """Everything up to this position has been on the screen."""

    position: Annotated[int, Meta(ge=1)]


class StartConsultation(Message, tag="start_consultation", frozen=True):
    id: Id


class TerminateConsultation(Message, tag="terminate_consultation", frozen=True):
    id: Id
    choice: Literal["close", "keep_open"]


class ResumeConsultation(Message, tag="resume_consultation", frozen=True):
    id: Id


class CallStart(Message, tag="call_start", frozen=True):
    id: Id
    media: Literal["audio", "video"]


class CallAccept(Message, tag="call_accept", frozen=True):
    """Answer the ring, join late, or come back after a reload."""

    id: Id
    call_id: Id


class CallDecline(Message, tag="call_decline", frozen=True):
    id: Id
    call_id: Id


class CallLeave(Message, tag="call_leave", frozen=True):
    id: Id
    call_id: Id


class SendDescription(Message, tag="send_description", frozen=True):
    """For the peer `to`, passed on as it is."""

    to: Id
    description: Description


class SendCandidate(Message, tag="send_candidate", frozen=True):
    to: Id
    candidate: CandidateInit


class SetMedia(Message, tag="set_media", frozen=True):
    media: MediaState


class SetQuality(Message, tag="set_quality", frozen=True):
    """How the sender of this message experiences the connection."""

    quality: Quality


ClientMessage = (
    Hello
    | Ping
    | ChatSend
    | Seen
    | StartConsultation
    | TerminateConsultation
    | ResumeConsultation
    | CallStart
    | CallAccept
    | CallDecline
    | CallLeave
    | SendDescription
    | SendCandidate
    | SetMedia
    | SetQuality
)

# --- from the server ------------------------------------------------------------------------


class Welcome(Message, tag="welcome", frozen=True):
    """The hello was good. `resumed`: the missed events follow; else a snapshot follows."""

    version: int
    server_time: int
    participant_id: str
    peer_id: str
    epoch: str
    resumed: bool
    ice_servers: list[IceServer]
    media_policy: MediaPolicy


class Snapshot(Message, tag="snapshot", frozen=True):
    """The whole room as of `seq`."""

    seq: int
    consultation: ConsultationView
    participants: list[Participant]
    chat: list[ChatLine]
    seen: dict[str, int]
    call: CallView | None = None


class ConsultationChanged(Message, tag="consultation_changed", frozen=True):
    seq: int
    consultation: ConsultationView


class ParticipantChanged(Message, tag="participant_changed", frozen=True):
    seq: int
    participant: Participant


class ParticipantRemoved(Message, tag="participant_removed", frozen=True):
    seq: int
    participant_id: str


class ChatAdded(Message, tag="chat_added", frozen=True):
    seq: int
    message: ChatLine


class SeenChanged(Message, tag="seen_changed", frozen=True):
    seq: int
    participant_id: str
    position: int


class CallChanged(Message, tag="call_changed", frozen=True):
    """The call as it is now; one that is over is told once and then gone."""

    seq: int
    call: CallView


class Ack(Message, tag="ack", frozen=True):
    """The command `id` is done and durable."""

    id: str
    position: int | None = None
    "Of the chat message, for chat_send."


class Refusal(Message, tag="error", frozen=True):
    """What was asked is refused; `id` names the command, if there was one."""

    code: str
    text: str
    "A sentence in the reader's language."
    id: str | None = None


class Pong(Message, tag="pong", frozen=True):
    pass


class ReceiveDescription(Message, tag="description", frozen=True):
    """From the peer `sender`."""

    sender: str
    description: Description


class ReceiveCandidate(Message, tag="candidate", frozen=True):
    sender: str
    candidate: CandidateInit


class Replaced(Message, tag="replaced", frozen=True):
    """The seat was taken on another device or page; the socket closes and must not come back."""


class Goodbye(Message, tag="goodbye", frozen=True):
    """The server ends this socket. `restart`: come back at once; `gone`: there is nothing left."""

    reason: Literal["restart", "gone", "slow"]


class Lobby(Message, tag="lobby", frozen=True):
    """Who waits for this scheduler, longest first; sent whole at every change."""

    waiting: list[WaitingEntry]


class ListChanged(Message, tag="list_changed", frozen=True):
    """Something that the lists of this scheduler's sessions show is different now."""


ServerMessage = (
    Welcome
    | Snapshot
    | ConsultationChanged
    | ParticipantChanged
    | ParticipantRemoved
    | ChatAdded
    | SeenChanged
    | CallChanged
    | Ack
    | Refusal
    | Pong
    | ReceiveDescription
    | ReceiveCandidate
    | Replaced
    | Goodbye
    | Lobby
    | ListChanged
)

RoomEvent = (
    ConsultationChanged
    | ParticipantChanged
    | ParticipantRemoved
    | ChatAdded
    | SeenChanged
    | CallChanged
)

CLOSE_CODES = {
    "restart": 1012,
    "gone": 4410,
    "too_large": 1009,
    "slow": 4008,
    "replaced": 4001,
    "sign_in_required": 4401,
    "not_found": 4404,
    "invalid_message": 4400,
    "too_many_requests": 4429,
}
"WebSocket close codes by reason; browsers come back by themselves after 1006, 1012 and 4008 only."

_decoder = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()


def decode(frame: str | bytes) -> Any:
    """The client message in `frame`. Raises InvalidMessage for anything else."""
    try:
        return _decoder.decode(frame)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidMessage from None


def encode(message: Message) -> str:
    """The text frame of a server message."""
    return _encoder.encode(message).decode()
