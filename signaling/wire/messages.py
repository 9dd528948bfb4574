"""The wire messages of `/socket`, one struct each; PROTOCOL.md describes them as a conversation.

Every frame is one JSON object; `type` names the struct. Unknown types and members are refused. A command
has an `id` of the browser's: it is done once, however often it is sent; `ack`: its effect is durable.
"""

from typing import Annotated, Any, Literal

import msgspec

from signaling.errors import InvalidMessage
from signaling.wire.values import (
    CallView,
    CandidateInit,
    ChatLine,
    ConsultationView,
    Description,
    IceServer,
    Id,
    MediaPolicy,
    MediaState,
    Participant,
    PhotoRequest,
    Position,
    Quality,
    RelayTrack,
    ResumePoint,
    Sdp,
    Text,
    TrackKind,
    UnreadEntry,
    WaitingEntry,
)

PROTOCOL_VERSION = 3
MAX_FRAME_BYTES = 64 * 1024
"A description with four video sections takes some 12 kB; nothing legitimate comes near this."


class Message(
    msgspec.Struct, tag_field="type", forbid_unknown_fields=True, frozen=True, omit_defaults=True
):
    """Base of all messages."""


# --- from the browser -----------------------------------------------------------------------


class Hello(Message, tag="hello", frozen=True):
    """First message: which stream this socket is for, where to resume; a ticket of a seat taken since."""

    version: int
    stream: Literal["room", "lobby"]
    peer_id: Id
    "Made by the page when it loads; kept across reconnections, new after a reload."
    consultation_id: Id | None = None
    invite_id: Id | None = None
    "Set by invited participants; absent for the scheduler."
    resume: ResumePoint | None = None
    calls: bool = True
    "False: this browser cannot take part in calls."
    ticket: Id | None = None


class Ping(Message, tag="ping", frozen=True):
    """Browsers cannot see WebSocket pings; this is how a page detects a dead connection."""


class Active(Message, tag="active", frozen=True):
    """A scheduler has done something by hand on a page of the lobby: that keeps them signed in."""


class ChatSend(Message, tag="chat_send", frozen=True):
    id: Id
    text: Text


class Seen(Message, tag="seen", frozen=True):
    """Every line up to this position was on the screen."""

    position: Annotated[int, msgspec.Meta(ge=1)]


class ReadChat(Message, tag="read_chat", frozen=True):
    """Read lines between two positions: the nearest before `before`, else those after `after`."""

    id: Id
    before: Position | None = None
    "Absent: up to the newest line."
    after: Position | None = None
    "Absent: from the first line."


class TurnPhoto(Message, tag="turn_photo", frozen=True):
    """Show a photo with that many quarter turns clockwise, to everybody and from now on."""

    id: Id
    line_id: Id
    turned: Annotated[int, msgspec.Meta(ge=0, le=3)]


class AskPhoto(Message, tag="ask_photo", frozen=True):
    """Ask a participant for a photo; a request that is still open ends."""

    id: Id
    participant_id: Id


class AnswerPhoto(Message, tag="answer_photo", frozen=True):
    """No photo will come: its taker does not want to, or no photo could be taken."""

    id: Id
    request_id: Id
    answer: Literal["declined", "failed"]


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
    """For the peer `to`, forwarded as it is."""

    to: Id
    description: Description


class SendCandidate(Message, tag="send_candidate", frozen=True):
    to: Id
    candidate: CandidateInit


class RelayAnswer(Message, tag="relay_answer", frozen=True):
    """To the relay's offer of that revision."""

    revision: Annotated[int, msgspec.Meta(ge=0)]
    sdp: Sdp


class PathReady(Message, tag="path_ready", frozen=True):
    """Over `topology` this page receives the media of these peers."""

    topology: Literal["mesh", "forwarded"]
    peers: Annotated[list[Id], msgspec.Meta(max_length=64)]


class PathFailed(Message, tag="path_failed", frozen=True):
    """No path to that peer for eight seconds; without `to`: to the relay."""

    to: Id | None = None


class TileShown(Message, tag="tile_shown", frozen=True):
    """Height in pixels at which a peer's video is shown; null: not on the screen."""

    peer_id: Id
    kind: Literal["video", "screen"]
    height: Annotated[int, msgspec.Meta(ge=0, le=20_000)] | None


class SetMedia(Message, tag="set_media", frozen=True):
    media: MediaState


class SetQuality(Message, tag="set_quality", frozen=True):
    """Quality of the connection as its sender experiences it."""

    quality: Quality


ClientMessage = (
    Hello
    | Ping
    | Active
    | ChatSend
    | Seen
    | ReadChat
    | TurnPhoto
    | AskPhoto
    | AnswerPhoto
    | StartConsultation
    | TerminateConsultation
    | ResumeConsultation
    | CallStart
    | CallAccept
    | CallDecline
    | CallLeave
    | SendDescription
    | SendCandidate
    | RelayAnswer
    | PathReady
    | PathFailed
    | TileShown
    | SetMedia
    | SetQuality
)

# --- from the server ------------------------------------------------------------------------


class Welcome(Message, tag="welcome", frozen=True):
    """The hello was accepted. `resumed`: the missed events follow; else a snapshot follows."""

    version: int
    server_time: int
    participant_id: str
    peer_id: str
    epoch: str
    resumed: bool
    ice_servers: list[IceServer]
    media_policy: MediaPolicy


class Snapshot(Message, tag="snapshot", frozen=True):
    """The room as of `seq`, with the newest lines of its chat."""

    seq: int
    consultation: ConsultationView
    participants: list[Participant]
    chat: list[ChatLine]
    seen: dict[str, int]
    call: CallView | None = None
    photo_request: PhotoRequest | None = None


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


class ChatPage(Message, tag="chat_page", frozen=True):
    """The answer to `read_chat`: consecutive lines in order, or none."""

    id: str
    chat: list[ChatLine]


class SeenChanged(Message, tag="seen_changed", frozen=True):
    seq: int
    participant_id: str
    position: int


class PhotoTurned(Message, tag="photo_turned", frozen=True):
    """The photo on that line is shown with this many quarter turns clockwise from now on."""

    seq: int
    line_id: str
    turned: int


class PhotoRequestChanged(Message, tag="photo_request_changed", frozen=True):
    """Who is asked for a photo now; absent: nobody any more."""

    seq: int
    photo_request: PhotoRequest | None = None


class CallChanged(Message, tag="call_changed", frozen=True):
    """The call as it is now; one that is over is published once and then gone."""

    seq: int
    call: CallView


class Ack(Message, tag="ack", frozen=True):
    """The command `id` is done and durable."""

    id: str
    position: int | None = None
    "Of the chat message, for chat_send."
    nearly_full: bool = False
    "Its author cannot write much more in this session."


class Refusal(Message, tag="error", frozen=True):
    """A refusal; `id` names the command, if there was one."""

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


class RelayOffer(Message, tag="relay_offer", frozen=True):
    """An offer of the relay; `fresh` asks for a new RTCPeerConnection."""

    revision: int
    fresh: bool
    sdp: str
    tracks: list[RelayTrack]


class ActiveSpeaker(Message, tag="speaking", frozen=True):
    """Who speaks in a forwarded call; absent when nobody does."""

    peer_id: str | None = None


class VideoPaused(Message, tag="picture_paused", frozen=True):
    """The relay paused a video to this page for lack of bandwidth, or resumed it."""

    peer_id: str
    kind: TrackKind
    paused: bool


class CallLost(Message, tag="call_lost", frozen=True):
    """This page could not reach the relay and is no longer in the call."""

    call_id: str


class Replaced(Message, tag="replaced", frozen=True):
    """The seat was taken on another device or page; the socket closes and must not come back."""


class Goodbye(Message, tag="goodbye", frozen=True):
    """The server closes this socket. `restart`: reconnect at once; `gone`: do not."""

    reason: Literal["restart", "gone", "slow"]


class Lobby(Message, tag="lobby", frozen=True):
    """Who waits for this scheduler, and what is unread; sent in full at every change."""

    waiting: list[WaitingEntry]
    unread: list[UnreadEntry] = []


class SignInEnds(Message, tag="sign_in_ends", frozen=True):
    """When this scheduler has to sign in again, and the milliseconds left; 0: it is over."""

    at: int
    left: int


class ListChanged(Message, tag="list_changed", frozen=True):
    """Something shown in this scheduler's lists of sessions has changed."""


RoomEvent = (
    ConsultationChanged
    | ParticipantChanged
    | ParticipantRemoved
    | ChatAdded
    | SeenChanged
    | PhotoTurned
    | PhotoRequestChanged
    | CallChanged
)

ServerMessage = (
    Welcome
    | Snapshot
    | RoomEvent
    | Ack
    | ChatPage
    | Refusal
    | Pong
    | ReceiveDescription
    | ReceiveCandidate
    | RelayOffer
    | ActiveSpeaker
    | VideoPaused
    | CallLost
    | Replaced
    | Goodbye
    | Lobby
    | SignInEnds
    | ListChanged
)

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
