"""Events of the media relay, as the flows understand them.

`room_id` names a room of the relay, `peer_id` a page's connection in it.
"""

from dataclasses import dataclass

from signaling.wire.values import RelayTrack, TrackKind


@dataclass(frozen=True)
class Offered:
    """The page has to answer this offer; `fresh` asks for a new RTCPeerConnection."""

    room_id: str
    peer_id: str
    revision: int
    fresh: bool
    sdp: str
    tracks: tuple[RelayTrack, ...]


@dataclass(frozen=True)
class Connected:
    """Media can flow."""

    room_id: str
    peer_id: str


@dataclass(frozen=True)
class Disconnected:
    """A connection ended by itself. A `returning` peer gets a new offer without being joined."""

    room_id: str
    peer_id: str
    returning: bool


@dataclass(frozen=True)
class ActiveSpeaker:
    """Who speaks now; None: nobody."""

    room_id: str
    peer_id: str | None


@dataclass(frozen=True)
class VideoPaused:
    """Forwarding of a video to a peer was paused for lack of bandwidth, or resumed."""

    room_id: str
    peer_id: str
    publisher_id: str
    kind: TrackKind
    paused: bool


Event = Offered | Connected | Disconnected | ActiveSpeaker | VideoPaused
