"""One participant's connection to the relay: its identity and its transport.

What it publishes, what it wants to receive and what is sent to it are objects of their own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, MutableMapping
from typing import Any

import pylibsrtp

from media.native import native_where_built
from media.participant_limits import REFILL_SECONDS, SSRCS, Allowance, Limits
from media.rooms.downlink import Downlink
from media.rooms.liveness import Liveness
from media.rooms.negotiation import Negotiation
from media.rooms.publications import Publications
from media.rooms.subscriptions import Subscriptions
from media.rooms.trace import PeerTrace
from media.rooms.uplink import Uplink
from media.rtp import rtcp
from media.streams.inbound import InboundStream
from media.transport.dtls import Certificate, Ciphers, EarlyRecords, Handshake
from media.transport.ice import Credentials
from media.transport.port import Destination, Port

REMEMBERED_ADDRESSES = 12
"""Verified addresses of one peer that packets are taken from: a change of network, a few interfaces,
and for each of them a TCP connection to each address of ours."""


@native_where_built
class PeerState:
    """What every packet of a participant may change."""

    __slots__ = (
        "_arrivals",
        "destination",
        "feedback_report",
        "feedback_session",
        "inbound_streams",
        "loudness",
        "loudness_count",
        "octets_at_once",
        "octets_left",
        "octets_per_second",
        "over_limit",
        "received_octets",
        "refilled_at",
        "refused",
        "session",
        "ssrc",
    )

    inbound_streams: MutableMapping[int, InboundStream]
    destination: Destination
    ssrc: int
    "Our own SSRC in RTCP to this peer."
    session: int
    "Address of the SRTP session that unprotects its packets; 0 before the handshake is over."
    octets_left: float
    "Bytes it may still send before the next refill."
    octets_per_second: float
    octets_at_once: float
    refilled_at: float
    feedback_session: int
    """Address of the SRTP session with which the native loop's thread protects transport-wide
    feedback; 0 where there is no thread, or RTCP is traced. Then ``ArrivalLog`` writes it."""
    feedback_report: bytes
    "The report and the name that such feedback comes after, for who wants compounds."
    received_octets: int
    refused: int
    "Packets that failed authentication, were malformed or came twice."
    over_limit: int
    "Packets dropped because it sent more than its limits allow."
    loudness: int
    "Sum of 127 minus the audio level (-dBov) of its packets since it was last read."
    loudness_count: int

    def __init__(self) -> None:
        self._arrivals: list[tuple[int, float]] = []

    def note_arrival(self, sequence: int, now: float) -> None:
        """Record when the packet of a transport-wide sequence number arrived."""
        self._arrivals.append((sequence, now))

    def take_arrivals(self) -> list[tuple[int, float]]:
        """(transport-wide sequence number, seconds) of the packets since the last call."""
        arrivals = self._arrivals
        self._arrivals = []
        return arrivals

    def take_feedback(self, sender_ssrc: int, media_ssrc: int) -> bytes | None:
        """A message on arrivals since the last call, where C writes it; empty if there are none.

        None, as always here, means that ``take_arrivals`` has to be asked.
        """
        return None


class Peer(PeerState):
    """The live connection of one participant. Rooms arrange it, the packet loop serves it."""

    def __init__(
        self,
        room_id: str,
        peer_id: str,
        limits: Limits,
        preferred_video: tuple[str, ...] = (),
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__()
        self.room_id = room_id
        self.id = peer_id
        self.closed = False
        self.limits = limits
        self.allowance = Allowance.full(limits)

        self.publications = Publications(limits.streams)
        self.subscriptions = Subscriptions()
        self.uplink = Uplink()
        self.downlink = Downlink()

        self.description_id = secrets.randbits(62)
        "The session id of every description offered to it."
        self.negotiation = Negotiation(preferred_video)
        self.credentials = Credentials.generate()
        self.remote_ufrag = ""
        "The client's, as its first answer said; empty before."
        self.answered_checks: dict[bytes, tuple[bytes, int]] = {}
        "Transaction id of a proven check -> the address it came from, and how often it came."
        self.liveness = Liveness()
        self.addresses: list[bytes] = []
        "Verified addresses, packed, the newest last."
        self.destination = Destination()
        self.certificate = certificate or Certificate.generateCertificate()
        """Ours, of which each of its offers has the fingerprint: another one would mean another DTLS
        connection (RFC 8842 section 4)."""
        self.early_records = EarlyRecords()
        self.handshake: Handshake | None = None
        self.handshake_task: asyncio.Task[None] | None = None
        self.ciphers: Ciphers | None = None
        "None before the handshake is over."
        self.unprotect: Callable[[Any, Any], int] | None = None
        self.ssrc = secrets.randbits(32)
        self.cname = secrets.token_urlsafe(12)
        "Its CNAME (RFC 7022 section 4.2: 96 random bits)."
        self.used_ssrcs = {self.ssrc}
        self.seen_ssrcs: set[int] = set()
        "SSRCs of its authentic packets, RTCP included."
        self.trace: PeerTrace | None = None
        "Where its SDP and RTCP are traced, if they are."
        self.threaded = False
        "Whether the native loop's thread serves it."
        self.measured_at = 0.0

        self._begin(limits)

    def _begin(self, limits: Limits) -> None:
        """Set what packets change."""
        self.inbound_streams = self.publications.inbound_streams
        self.session = 0
        self.octets_left = self.octets_at_once = limits.octets_at_once
        self.octets_per_second = limits.bitrate / 8
        self.refilled_at = 0.0
        self.feedback_session = 0
        self.feedback_report = b""
        self.received_octets = self.refused = self.over_limit = 0
        self.loudness = self.loudness_count = 0

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
        """Whether a packet of that SSRC may cost a state in libsrtp (see ``participant_limits.SSRCS``)."""
        return ssrc in self.seen_ssrcs or len(self.seen_ssrcs) < SSRCS

    def use(self, ciphers: Ciphers) -> None:
        """Unprotect and protect packets with these from now on; the handshake is over."""
        self.ciphers = ciphers
        self.unprotect = ciphers.incoming.unprotect
        self.session = ciphers.incoming.session
        for outbound in self.downlink.outbound_streams.values():
            outbound.use(ciphers.outgoing)

    def refill(self, now: float) -> None:
        """Add to the octets it may send what the time since then allows; for each packet."""
        seconds = now - self.refilled_at
        if seconds >= REFILL_SECONDS:
            octets = self.octets_left + self.octets_per_second * seconds
            self.octets_left = min(octets, self.octets_at_once)
            self.refilled_at = now

    def delegate_feedback(self) -> None:
        """Have the native loop's thread send transport-wide feedback if it can, or end that."""
        ciphers = self.ciphers if not self.closed and self.trace is None else None
        report = rtcp.compound(self.ssrc, self.cname, b"")
        self.feedback_report = b"" if self.negotiation.reduced_size else report
        self.feedback_session = ciphers.outgoing.session if ciphers and self.threaded else 0

    def move(self, port: Port, address: bytes) -> None:
        """Send to an address that the client nominated in a verified check."""
        if self.destination.port is not port or self.destination.address != address:
            self.destination.move(port, address)

    def send(self, data: bytes) -> None:
        """Queue a datagram; without a verified address it is dropped."""
        if self.destination.port is not None:
            self.destination.port.send(data, self.destination)

    def send_feedback(self, message: bytes) -> None:
        """Send RTCP feedback: alone if the client agreed to that, else as a compound."""
        if message and not self.negotiation.reduced_size:
            message = rtcp.compound(self.ssrc, self.cname, message)
        self.send_rtcp(message)

    def say_goodbye(self) -> None:
        """Tell the client that our sources end (RFC 3550 section 6.3.7)."""
        sources = [self.ssrc, *self.downlink.by_ssrc]
        self.send_rtcp(rtcp.compound(self.ssrc, self.cname, rtcp.goodbye(sources)))

    def send_rtcp(self, compound: bytes) -> None:
        """Protect and queue RTCP; nothing is sent before the handshake is over."""
        if self.ciphers is None or self.closed or not compound:
            return
        if self.trace is not None:
            self.trace.rtcp("sent", compound)
        try:
            self.send(self.ciphers.outgoing.protect_rtcp(compound))
        except (pylibsrtp.Error, ValueError):
            self.refused += 1
