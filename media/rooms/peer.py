"""One participant's connection to the relay: keys, address, streams in, streams out."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import pylibsrtp

from media.congestion.estimate import Estimate
from media.congestion.redundancy import Redundancy
from media.limits import SSRCS, Allowance, Limits
from media.native import native_where_built
from media.rooms.negotiation import Negotiation, SourceId
from media.rtp.codecs import Kind
from media.rtp.transport_cc import ArrivalLog
from media.streams.inbound import InboundStream
from media.streams.outbound import OutboundStream
from media.streams.publication import Publication
from media.streams.reception import Tally
from media.transport.dtls import Ciphers, Handshake
from media.transport.ice import Credentials
from media.transport.port import Destination, Port

REMEMBERED_ADDRESSES = 6
"Verified addresses of one peer that packets are taken from: a move over, a few interfaces."
REMEMBERED_REPORTS = 16
"Sender reports whose echo still gives a round trip time."


@native_where_built
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


class Peer(PeerState):
    """The live connection of one participant. Rooms arrange it, the forwarder serves it."""

    def __init__(
        self, room_id: str, peer_id: str, limits: Limits, preferred_video: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.room_id = room_id
        self.id = peer_id
        self.limits = limits
        self.credentials = Credentials.generate()
        self.description_id = secrets.randbits(62)
        "The session id of every description offered to it."
        self.negotiation = Negotiation(preferred_video)
        self.destination = Destination()
        self.addresses: list[bytes] = []
        self.remote_ufrag = ""
        self.handshake: Handshake | None = None
        self.handshake_task: asyncio.Task[None] | None = None
        self.ciphers: Ciphers | None = None
        self.unprotect: Callable[[Any, Any], int] | None = None
        self.session = 0
        self.ssrc = secrets.randbits(32)
        "Our own SSRC in reports to this peer."
        self.used_ssrcs = {self.ssrc}

        self.inbound_streams: dict[int, InboundStream] = {}
        self.repairs: dict[int, int] = {}
        "SSRC of retransmissions -> SSRC of what they repeat."
        self.seen_ssrcs: set[int] = set()
        "SSRCs of authentic packets, RTCP among them."
        self.checks: dict[bytes, tuple[bytes, int]] = {}
        "Transaction of a proven check -> where it came from, and how often."
        self.announced: dict[int, SourceId] = {}
        "SSRC -> own publication, as the answer said."
        self.publications: dict[Kind, Publication] = {}
        self.arrival_log = ArrivalLog()

        self.automatic = True
        "Subscribed to everything others publish."
        self.wishes: set[SourceId] = set()
        self.refusals: set[SourceId] = set()
        self.outbound_streams: dict[SourceId, OutboundStream] = {}
        self.sent: dict[int, OutboundStream] = {}
        "By SSRC, and by the SSRC of retransmissions."
        self.heights: dict[SourceId, int | None] = {}

        self.allowance = Allowance.full(limits)
        self.octets_left = limits.octets_at_once
        self.estimate = Estimate()
        self.shares: dict[SourceId, float] = {}
        "What each publisher of one encoding should send at most, for this subscriber."
        self.loudness = 0
        self.loudness_count = 0
        self.consent_at = 0.0
        self.serviced_at = 0.0
        self.measured_at = 0.0
        self.round_trip = 0.0
        self.reports_sent: dict[int, float] = {}
        "Middle NTP bits of a sender report -> when it left."
        self.tally = Tally()
        self.redundancy = Redundancy()
        self.supports_red = False
        "Whether it said that it can send its sound twice."
        self.remb_until = -1.0
        "Until when it is told that a limit is over, if it was limited."
        self.loss_up = 0.0
        self.loss_down = 0.0
        self.sending_since = 0.0
        "When the first packet was sent to it."
        self.video_since = 0.0
        "When the first packet of a picture was; 0 before."
        self.sent_octets = 0
        self.sent_rate = 0.0
        self.sent_rate_before = 0.0
        "Of the last second, and of the one before."
        self.sent_video_octets = 0
        self.sent_video_rate = 0.0
        self.received_octets = 0
        self.received_rate = 0.0
        self.refused = 0
        self.over_limit = 0
        self.closed = False

    @property
    def connected(self) -> bool:
        """Whether media can flow."""
        return self.ciphers is not None and not self.closed

    def new_ssrc(self) -> int:
        """An SSRC this peer has never been sent, nor will be again."""
        while True:
            ssrc = secrets.randbits(32)
            if ssrc and ssrc not in self.used_ssrcs and ssrc not in self.inbound_streams:
                self.used_ssrcs.add(ssrc)
                return ssrc

    def may_unprotect(self, ssrc: int) -> bool:
        """Whether a packet of that SSRC is worth opening."""
        return ssrc in self.seen_ssrcs or len(self.seen_ssrcs) < SSRCS

    def announce(self, source: SourceId, streams: Iterable[tuple[int, int]]) -> None:
        """What an answer says of a publication, in place of what earlier ones said.

        ``streams`` are pairs of an SSRC and that of its retransmissions, or 0. What is beyond
        the limit of streams is left out.
        """
        named = dict(streams)
        for ssrc in [ssrc for ssrc, owner in self.announced.items() if owner == source]:
            del self.announced[ssrc]
            if named.get(ssrc) != 0:
                # What packets told of a stream named without its retransmissions still holds.
                self._forget_repairs(ssrc)
        for ssrc, rtx in named.items():
            if len(self.announced) >= self.limits.streams:
                break
            self.announced[ssrc] = source
            if rtx:
                self.repairs[rtx] = ssrc

    def forget_stream(self, ssrc: int) -> None:
        """A received stream is over, and so are its retransmissions."""
        self.inbound_streams.pop(ssrc, None)
        self._forget_repairs(ssrc)

    def _forget_repairs(self, ssrc: int) -> None:
        for rtx in [rtx for rtx, repeated in self.repairs.items() if repeated == ssrc]:
            del self.repairs[rtx]

    def use(self, ciphers: Ciphers) -> None:
        """The handshake is over: packets can be opened and protected."""
        self.ciphers = ciphers
        self.unprotect = ciphers.incoming.unprotect
        self.session = ciphers.incoming.session
        for outbound in self.outbound_streams.values():
            outbound.use(ciphers.outgoing)

    @property
    def present_rate(self) -> float:
        """Bits per second sent now: of the last second, or of what is followed if that is more.

        What has just begun is in no whole second yet.
        """
        followed = sum(
            one.inbound.bitrate for one in self.outbound_streams.values() if one.inbound is not None
        )
        return max(self.sent_rate, followed)

    def refill(self, seconds: float) -> None:
        """Let it send and ask what ``seconds`` allow."""
        limits = self.limits
        self.octets_left = min(
            self.octets_left + limits.bitrate / 8 * seconds, limits.octets_at_once
        )
        self.allowance.refill(limits, seconds)

    def move(self, port: Port, address: bytes) -> None:
        """Send to an address that the client nominated in a verified check."""
        if self.destination.port is not port or self.destination.address != address:
            self.destination.move(port, address)

    def send(self, data: bytes) -> None:
        """Queue a datagram; without a verified address it is dropped."""
        if self.destination.port is not None:
            self.destination.port.send(data, self.destination)

    def send_rtcp(self, compound: bytes) -> None:
        """Protect and queue RTCP; nothing is sent before the handshake."""
        if self.ciphers is None or self.closed or not compound:
            return
        try:
            self.send(self.ciphers.outgoing.protect_rtcp(compound))
        except (pylibsrtp.Error, ValueError):
            self.refused += 1

    def note_round_trip(self, seconds: float, now: float) -> None:
        """The echo of a report came back after this long."""
        before = self.round_trip
        self.round_trip = before + 0.25 * (seconds - before) if before else seconds
        with_video = any(
            one.inbound is not None and one.rtx_ssrc for one in self.outbound_streams.values()
        )
        self.estimate.note_round_trip(seconds, self.present_rate, with_video, now)

    def note_report_sent(self, middle: int, now: float) -> None:
        """Remember when a sender report left, for the round trip its echo will tell."""
        self.reports_sent[middle] = now
        while len(self.reports_sent) > REMEMBERED_REPORTS:
            del self.reports_sent[next(iter(self.reports_sent))]
