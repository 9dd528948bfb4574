"""Values inside the messages of `/socket`, see `messages.py`."""

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
FileNote = Literal["contains_files", "needs_acrobat", "no_preview", "lost"]
"What somebody should know before opening a PDF."


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
"WebSocket close codes by reason; browsers reconnect by themselves after 1006, 1012 and 4008 only."


class Value(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Base of all values."""


class ResumePoint(Value, frozen=True):
    """The last event that a browser has seen of one epoch of a room."""

    epoch: Id
    seq: Seq


class Description(Value, frozen=True):
    """RTCSessionDescriptionInit (RFC 9429), or a request to the other side for an offer."""

    kind: Literal["offer", "answer", "pranswer", "rollback", "needed", "restart"]
    "`needed` asks for an offer, `restart` for one that restarts ICE."
    sdp: Sdp = ""
    revision: Annotated[int, Meta(ge=0, lt=2**53)] | None = None
    "Of an offer, and of the answer to it."


class CandidateInit(Value, frozen=True):
    """RTCIceCandidateInit; an empty candidate string is end-of-candidates."""

    candidate: Annotated[str, Meta(max_length=2000)]
    sdp_mid: Annotated[str, Meta(max_length=64)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=1024)] | None = None
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class MediaState(Value, frozen=True):
    """What a member of a call sends."""

    microphone: bool
    camera: bool
    screen: bool = False
    asking: bool = False
    "The browser's permission prompt for microphone or camera is not answered yet."
    paused: bool = False
    "Camera and screen are on, and not sent: the line is too narrow for them."
    saving: bool = False
    "Wants little: its reader saves data, or its line carries no more."


class Participant(Value, frozen=True):
    """Somebody who has a seat in the consultation."""

    participant_id: str
    role: ParticipantRole
    name: str
    online: bool
    present: bool = False
    "Has been here, now or before."
    calls: bool = True
    "False: their browser cannot take part in calls."
    former: bool = False
    "Held the session before and does not come back: a name for their lines."


class Attachment(Value, frozen=True):
    """The photo or PDF that a line of the chat shows; its id is the line's."""

    name: str
    "Of the file as it was sent; shown, never used as a path."
    size: int
    "Bytes as they were sent."
    width: int = 0
    "In pixels, as `height`: of a photo's large rendition, of a PDF's preview; 0: there is none."
    height: int = 0
    turned: int = 0
    "Quarter turns clockwise that it is shown with, 0 to 3."
    pages: int = 0
    "Of a PDF."
    notes: list[FileNote] = []


class ChatLine(Value, frozen=True):
    """One line of the chat; kinds other than `text`, `photo` and `pdf` are event lines."""

    id: str
    position: int
    participant_id: str
    kind: str
    text: str
    "Of a photo or PDF: its caption, maybe empty."
    sent_at: int
    attachment: Attachment | None = None


class PhotoRequest(Value, frozen=True):
    """Somebody is asked to take a photo and to send it."""

    request_id: str
    participant_id: str
    "Who is asked."
    asked_by: str
    asked_at: int


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
    "Both topologies carry media until everybody receives everybody over this one."


class RelayTrack(Value, frozen=True):
    """What one m= section of the relay's offer is for."""

    mid: str
    kind: TrackKind
    direction: Literal["publish", "subscribe"]
    peer_id: str
    "The page's own, or the member that publishes it."


class ConsultationView(Value, frozen=True):
    consultation_id: str
    state: str
    kind: Literal["remote", "in_person"]
    planned_at: int | None = None
    started_at: int | None = None
    closed_at: int | None = None
    scheduler_busy: bool = False
    "The scheduler is in another session now."


class IceServer(Value, frozen=True):
    urls: list[str]
    username: str | None = None
    credential: str | None = None


class UnreadEntry(Value, frozen=True):
    """A session with messages that its scheduler has not read; what they say is nowhere in it."""

    consultation_id: str
    name: str
    "Who wrote, of those who have a name; several are separated by commas."
    count: int
    since: int
    "When the oldest of them was sent."


class WaitingEntry(Value, frozen=True):
    """One row of the waiting room."""

    consultation_id: str
    name: str
    language: str
    waiting_since: int
    state: str
    readiness: Literal["ready", "ready_with_limits", "not_ready", "not_tested"] = "not_tested"
    whose: str = ""
    "Name of the scheduler of that session, for whoever is not."
    asks_for_phone_call: bool = False
    role: ParticipantRole | None = None
    "Of somebody who has no name."
