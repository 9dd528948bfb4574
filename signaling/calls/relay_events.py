"""What a forwarder says: the events of the media relay, as rooms understand them.

A leg is one page's connection with the forwarder. `place` names the call's room there.
"""

from dataclasses import dataclass
from typing import Literal

from signaling.wire.values import RelayTrack

Kind = Literal["audio", "video", "screen"]


@dataclass(frozen=True)
class Offered:
    """The page has to answer this; `fresh` with a new connection."""

    place: str
    peer_id: str
    revision: int
    fresh: bool
    sdp: str
    tracks: tuple[RelayTrack, ...]


@dataclass(frozen=True)
class Connected:
    """Media can flow."""

    place: str
    peer_id: str


@dataclass(frozen=True)
class Disconnected:
    """A leg ended by itself. One that is `returning` is offered a new one without being asked."""

    place: str
    peer_id: str
    returning: bool


@dataclass(frozen=True)
class SpeakerChanged:
    """Who speaks now, if anybody."""

    place: str
    peer_id: str | None


@dataclass(frozen=True)
class PictureHeld:
    """A picture is not passed on to a page, or is again: its line is too narrow."""

    place: str
    peer_id: str
    publisher_id: str
    kind: Kind
    paused: bool


Event = Offered | Connected | Disconnected | SpeakerChanged | PictureHeld
