"""What the wire messages of `/socket` are made of; see `messages.py`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
Text = Annotated[str, Meta(max_length=8000)]
Sdp = Annotated[str, Meta(max_length=48_000)]
Seq = Annotated[int, Meta(ge=0)]
Position = Annotated[int, Meta(ge=0, lt=2**53)]
"Of a chat line: 1, 2, 3 ...; 0 is before the first."
ParticipantRole = Literal["scheduler", "service_user", "companion", "colleague", "interpreter"]
Quality = Literal["good", "fair", "poor"]
MediaPolicy = Literal["auto", "relay"]
TrackKind = Literal["audio", "video", "screen"]


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


class Value(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Base of what messages contain."""


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
    asking: bool = False
    "Their browser's question whether the page may use microphone or camera has no answer yet."


class Participant(Value, frozen=True):
    """Somebody who has a seat in the consultation."""

    participant_id: str
    role: ParticipantRole
    name: str
    online: bool
    present: bool = False
    "In the list although not online: has been here before."
    calls: bool = True
    "False: the browser they are here with cannot take part in calls."


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
    moving_to: Literal["mesh", "forwarded"] | None = None
    "Both ways live until everybody receives everybody by this one."


class RelayTrack(Value, frozen=True):
    """What one media line of the relay's offer is for."""

    mid: str
    kind: TrackKind
    direction: Literal["publish", "subscribe"]
    peer_id: str
    "Whose: the page's own, or that of the member it comes from."


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
