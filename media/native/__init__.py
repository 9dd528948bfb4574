"""The numbers that every packet touches: bases of Port, Destination, Subscription, InboundStream, Peer.

Where the native loop is built (``media/native/loop.c``), these bases are its structures, so that C
reads and writes the very attributes that Python does, and either can handle a packet. Where it is
not, they are the plain classes below. What an attribute means stands here; the classes built on
these give them their first values.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from media.rtp.header_extensions import Layout
    from media.streams.inbound import InboundStream
    from media.streams.outbound import Subscription
    from media.transport.port import Port


class PortState:
    """What waits to be sent from a port, and what went through it."""

    __slots__ = ("received", "refused", "segmentation", "segmented", "sent", "touched", "used")

    touched: list[Any]
    "Destinations with something pending."
    used: int
    "Outgoing slots taken since the last flush."
    segmentation: bool
    "Whether several packets may leave as one segmented send."
    received: int
    sent: int
    refused: int
    segmented: int


class DestinationState:
    """Where packets go, as the kernel wants to be told."""

    __slots__ = ("name_length", "name_pointer", "pending", "port")

    port: Port | None
    pending: list[int]
    "What waits for the next flush: ``slot << 16 | length``."
    name_pointer: int
    name_length: int


class SubscriptionState:
    """How a packet is renumbered for one subscriber."""

    __slots__ = (
        "destination",
        "level_offset",
        "octets",
        "packets",
        "picture_offset",
        "sequence_offset",
        "session",
        "shifted",
        "ssrc",
        "timestamp_offset",
    )

    destination: Any
    session: int
    "Address of the SRTP session that protects its packets; 0 before the handshake is over."
    ssrc: int
    sequence_offset: int
    timestamp_offset: int
    shifted: bool
    "Whether VP8 counters in the payload are rewritten as well."
    picture_offset: int
    level_offset: int
    packets: int
    octets: int


class InboundStreamState:
    """What is noted of a received stream with every packet."""

    __slots__ = (
        "clock_rate",
        "history",
        "jitter",
        "keyframe_wanted",
        "layout",
        "next_sequence",
        "octets",
        "payload_type",
        "received",
        "subscriptions",
        "timestamp",
        "transit",
        "waiting",
    )

    layout: Layout
    history: list[bytes] | None
    subscriptions: list[Subscription]
    "Those it is forwarded to now."
    waiting: list[Subscription]
    "Those that begin with its next keyframe."
    next_sequence: int
    "The sequence number expected next; -1 before the first packet."
    payload_type: int
    clock_rate: int
    timestamp: int
    keyframe_wanted: bool
    received: int
    octets: int
    transit: float
    jitter: float


class PeerState:
    """What is noted of a participant with every packet it sends."""

    __slots__ = (
        "_arrivals",
        "inbound_streams",
        "loudness",
        "loudness_count",
        "octets_left",
        "over_limit",
        "received_octets",
        "refused",
        "session",
    )

    inbound_streams: dict[int, InboundStream]
    session: int
    "Address of the SRTP session that opens its packets; 0 before the handshake is over."
    octets_left: float
    "What it may send until the next refill."
    received_octets: int
    refused: int
    "Packets that failed authentication or repeated a number."
    over_limit: int
    loudness: int
    loudness_count: int

    def __init__(self) -> None:
        self._arrivals: list[tuple[int, float]] = []

    def note_arrival(self, number: int, now: float) -> None:
        """A packet of that transport-wide number arrived."""
        self._arrivals.append((number, now))

    def take_arrivals(self) -> list[tuple[int, float]]:
        """(transport-wide number, seconds) of what arrived since the last call."""
        arrivals = self._arrivals
        self._arrivals = []
        return arrivals


INTERFACE = 1
"What this package expects of the native loop; a library of other sources is not used."

native: Any = None
"The native loop's module, or None where it is not built."

if not TYPE_CHECKING:
    try:
        native = importlib.import_module("._native", __package__)
    except ImportError:
        native = None
    if native is not None and native.INTERFACE != INTERFACE:
        native = None
    if native is not None:
        PortState = native.PortState
        DestinationState = native.DestinationState
        SubscriptionState = native.SubscriptionState
        InboundStreamState = native.InboundStreamState
        PeerState = native.PeerState
