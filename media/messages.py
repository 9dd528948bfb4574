"""The messages between the web process and a worker: one JSON object per line, strictly typed.

The web process sends commands, each with a number of its choice, and gets one :class:`Done` or
:class:`Failed` with that number for each. Events come whenever something happens.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, Literal

import msgspec

from media.participant_limits import Limits
from media.rtp.codecs import Kind

LONGEST_LINE = 1 << 20
"Bytes; an offer of 64 m= sections has some 90 KB."


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request from the web process."""

    number: int = 0


class OpenRoom(Command, tag="open_room", frozen=True, forbid_unknown_fields=True):
    """Open a room. ``video_codecs`` are the codecs its videos prefer, best first."""

    room_id: str
    video_codecs: tuple[str, ...] = ("VP8", "H264")


class Publishing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a participant may publish; ``rids`` name simulcast encodings, best first."""

    kind: Kind
    rids: tuple[str, ...] = ()


class Join(Command, tag="join", frozen=True, forbid_unknown_fields=True):
    """Create a participant's connection; an OfferNeeded event with its first offer follows."""

    room_id: str
    peer_id: str
    publish: tuple[Publishing, ...] = ()
    automatic: bool = True
    "Subscribe to everything others publish, now and later."


class AcceptAnswer(Command, tag="answer", frozen=True, forbid_unknown_fields=True):
    """The client's answer to the offer of that revision."""

    room_id: str
    peer_id: str
    sdp: str
    revision: int


class Publish(Command, tag="publish", frozen=True, forbid_unknown_fields=True):
    """Allow a participant to publish more; what was allowed stays so."""

    room_id: str
    peer_id: str
    publish: tuple[Publishing, ...]


class Unpublish(Command, tag="unpublish", frozen=True, forbid_unknown_fields=True):
    """Withdraw a participant's permission to publish some kinds."""

    room_id: str
    peer_id: str
    kinds: tuple[Kind, ...]


class Subscribe(Command, tag="subscribe", frozen=True, forbid_unknown_fields=True):
    """Send a participant what another publishes, now or as soon as it does."""

    room_id: str
    peer_id: str
    publisher_id: str
    kinds: tuple[Kind, ...] = tuple(Kind)


class Unsubscribe(Command, tag="unsubscribe", frozen=True, forbid_unknown_fields=True):
    """Stop sending a participant what another publishes."""

    room_id: str
    peer_id: str
    publisher_id: str
    kinds: tuple[Kind, ...] = tuple(Kind)


class Prefer(Command, tag="prefer", frozen=True, forbid_unknown_fields=True):
    """Set the height in pixels that a video is shown at; None off screen, 0 unknown."""

    room_id: str
    peer_id: str
    publisher_id: str
    kind: Kind
    height: int | None


class Leave(Command, tag="leave", frozen=True, forbid_unknown_fields=True):
    """End a participant's connection."""

    room_id: str
    peer_id: str


class CloseRoom(Command, tag="close_room", frozen=True, forbid_unknown_fields=True):
    """End all connections of a room."""

    room_id: str


class Trace(Command, tag="trace", frozen=True, forbid_unknown_fields=True):
    """Send a room's SDP and RTCP as Traced events for some seconds; 0 ends it."""

    room_id: str
    seconds: float


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The first line to a worker: the port to bind on each host, and how clients reach it."""

    hosts: tuple[str, ...]
    port: int
    addresses: tuple[str, ...]
    limits: Limits
    tcp: bool = False
    "Whether clients may come by TCP too, at the port of the same number."


class Readdress(Command, tag="readdress", frozen=True, forbid_unknown_fields=True):
    """Offer these addresses from now on, best first; existing connections go on."""

    addresses: tuple[str, ...]


class Ping(Command, tag="ping", frozen=True, forbid_unknown_fields=True):
    """Check whether the worker is alive; Done carries its figures."""


PeerCommand = AcceptAnswer | Publish | Unpublish | Subscribe | Unsubscribe | Prefer | Leave
"Commands about a participant who is in the room."
RoomCommand = OpenRoom | CloseRoom | Join | PeerCommand | Trace
"Commands about a room."
AnyCommand = RoomCommand | Ping | Readdress


class Track(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one m= section of an offer is for."""

    mid: str
    kind: Kind
    direction: Literal["publish", "subscribe"]
    peer_id: str
    "The publisher: the participant itself, or another one."


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A worker's state in numbers."""

    rooms: int = 0
    peers: int = 0
    resident_bytes: int = 0
    cpu_seconds: float = 0.0
    received: int = 0
    sent: int = 0
    refused: int = 0
    strangers: int = 0
    "Datagrams of unknown senders."
    dropped: int = 0
    "Datagrams beyond those that may wait for Python beside the native loop."
    errors: int = 0
    "Datagrams whose handling failed unexpectedly; anything but 0 is a bug of ours."
    native: bool = False
    "Whether packets are forwarded by the native loop in a thread of its own, or by Python."
    tcp: tuple[str, ...] = ()
    "The addresses that clients reach by TCP too."


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="done"):
    """A command was carried out."""

    number: int
    figures: Figures | None = None


class Failed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="failed"):
    """A command was refused and changed nothing, except that a Subscribe keeps the kinds before the
    one that was too many. ``code`` is stable, ``text`` is for logs."""

    number: int
    code: str
    text: str


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ready"):
    """The worker listens; its first message. ``port`` is its UDP port."""

    port: int
    addresses: tuple[str, ...]
    native: bool = False
    "Whether packets are forwarded by the native loop in a thread of its own, or by Python."
    tcp: tuple[str, ...] = ()
    "Those of the addresses that clients reach by TCP too."


class NotReady(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="not_ready"):
    """The worker cannot listen and ends; its first and last message."""

    code: str
    text: str


class OfferNeeded(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="offer_needed"):
    """The client must answer this offer.

    ``fresh`` means a new connection: the client creates a new RTCPeerConnection for it.
    """

    room_id: str
    peer_id: str
    sdp: str
    revision: int
    tracks: tuple[Track, ...]
    fresh: bool


class Connected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="connected"):
    """Media can flow."""

    room_id: str
    peer_id: str


class Disconnected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="disconnected"):
    """A connection ended without a command; the participant has left the room and may join again.

    ``reason``: ``closed`` (by the client), ``silent`` (nothing authentic came from it for half a
    minute), ``handshake_failed``, ``worker_lost`` (it is joined again automatically).
    """

    room_id: str
    peer_id: str
    reason: str


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="published"):
    """A participant started (``active``) or stopped publishing something."""

    room_id: str
    peer_id: str
    kind: Kind
    active: bool


class ActiveSpeaker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="active_speaker"):
    """Who is speaking now; None if nobody is."""

    room_id: str
    peer_id: str | None


class VideoPaused(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="video_paused"):
    """A video is paused (or resumed) because the subscriber's link lacks bandwidth for it."""

    room_id: str
    peer_id: str
    publisher_id: str
    kind: Kind
    paused: bool


class EncodingChosen(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="encoding_chosen"
):
    """A subscriber's video now comes from that simulcast encoding."""

    room_id: str
    peer_id: str
    publisher_id: str
    kind: Kind
    rid: str


class Traced(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="traced"):
    """A description, or one RTCP packet, of a room that is being traced (see ``Trace``)."""

    room_id: str
    peer_id: str
    text: str


class WorkerRestarted(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="worker_restarted"
):
    """A worker died and was replaced; its rooms were set up again."""

    worker: int
    rooms: tuple[str, ...]


Event = (
    OfferNeeded
    | Connected
    | Disconnected
    | Published
    | ActiveSpeaker
    | VideoPaused
    | EncodingChosen
    | Traced
    | WorkerRestarted
)
WorkerMessage = Done | Failed | Ready | NotReady | Event
"Any message from a worker."


def encode(message: Any) -> bytes:
    """One line, newline included."""
    return msgspec.json.encode(message) + b"\n"


@cache
def dialect() -> str:
    """A digest of all messages as they are declared: only processes with the same understand each other."""
    declared = msgspec.json.schema_components((AnyCommand, WorkerMessage))
    return hashlib.sha256(msgspec.json.encode(declared, order="sorted")).hexdigest()


def decode_command(line: bytes) -> AnyCommand:
    """A command. Raises msgspec.DecodeError."""
    command: AnyCommand = msgspec.json.decode(line, type=AnyCommand)
    return command


def decode_start(line: bytes) -> Start:
    """The first line to a worker. Raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=Start)


def decode_worker_message(line: bytes) -> WorkerMessage:
    """A message from a worker. Raises msgspec.DecodeError."""
    message: WorkerMessage = msgspec.json.decode(line, type=WorkerMessage)
    return message
