"""The wire messages from the browser, one struct each; see `messages.py`."""

from typing import Annotated, Any, Literal

import msgspec

from signaling.errors import InvalidMessage
from signaling.wire.messages import Message
from signaling.wire.values import (
    CandidateInit,
    Description,
    Id,
    MediaState,
    Position,
    Quality,
    ResumePoint,
    Sdp,
    Text,
)


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
    seated_at: Position | None = None
    "When this page got the seat, as the latest welcome said; absent before the first."


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

_decoder = msgspec.json.Decoder(ClientMessage)


def decode(frame: str | bytes) -> Any:
    """The client message in `frame`. Raises InvalidMessage for anything else."""
    try:
        return _decoder.decode(frame)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidMessage from None
