"""The wire messages of `/socket`, one struct each: those from the server, and what all have in common.

Those from the browser are in `client_messages.py`. PROTOCOL.md describes them as a conversation.

Every frame is one JSON object; `type` names the struct. Unknown types and members are refused. A command
has an `id` of the browser's: it is done once, however often it is sent; `ack`: its effect is durable.
"""

from typing import Literal

import msgspec

from signaling.wire.values import (
    CallView,
    CandidateInit,
    ChatLine,
    ConsultationView,
    Description,
    IceServer,
    MediaPolicy,
    Participant,
    PhotoRequest,
    RelayTrack,
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
    seated_at: int = 0
    "When this page got the seat."


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

_encoder = msgspec.json.Encoder()


def encode(message: Message) -> str:
    """The text frame of a server message."""
    return _encoder.encode(message).decode()
