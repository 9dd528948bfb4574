"""A received RTP stream: one encoding of one publication, its gaps, statistics and history.

Pure bookkeeping; ``now`` is always an argument, in seconds of a monotonic clock.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Any, Protocol

from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo, clamp_packets_lost

from media.native import native_where_built
from media.rtp.codecs import VIDEO_FEEDBACK, Codec
from media.rtp.extension_layout import NO_LAYOUT, Layout
from media.rtp.keyframe_detection import starts_keyframe
from media.streams import nacks
from media.streams.history import HISTORY, History
from media.streams.receiver_reports import FEWEST_PACKETS, LOSS_PACKETS, Reception

HISTORY_SECONDS = 3
"""Seconds, give or take one, after which no packet is requested any more. Those of a small video
would stay in the history for ten."""

SILENCE = 1.0
"""Seconds without a packet after which an encoding counts as not sent: a browser with too little
bandwidth for all of its encodings stops the better ones without notice."""

PEAK_KEPT = 0.98
"Fraction of the peak bit rate that is left after a second: who was silent for long may stay so."

STEADY = 2.0
"Seconds an encoding must be sent again before it is chosen: each switch costs a keyframe."


class Arrival(Enum):
    """What a packet's sequence number says about it."""

    NEXT = "next"
    "Ahead of everything seen so far."
    LATE = "late"
    "It fills a gap."
    DUPLICATE = "duplicate"
    "Seen before, or too old to know. Forwarding it could use one sequence number twice."


class Follower(Protocol):
    """An outbound stream, `media.streams.outbound.OutboundStream`, as seen from the inbound one."""

    owner_id: str
    publisher_id: str
    kind: str
    destination: Any
    payload_types: frozenset[int]
    reception: Reception
    ssrc: int
    sequence_offset: int
    timestamp_offset: int
    rewrites_descriptor: bool
    picture_id_offset: int
    tl0picidx_offset: int
    declined: int
    packets: int
    octets: int
    payload_octets: int

    @property
    def receives_red(self) -> bool: ...
    def protect(self, packet: Any, length: Any, /) -> int: ...
    def covers(self, sequence: int) -> bool: ...
    def follow(self, inbound: InboundStream | None, now: float) -> None: ...
    def sender_report(self) -> RtcpSenderInfo | None: ...
    def own_report(self, inbound: InboundStream, now: float) -> RtcpSenderInfo: ...
    def begin(
        self, inbound: InboundStream, sequence: int, timestamp: int, payload: memoryview, now: float
    ) -> None: ...


@native_where_built
class InboundStreamState:
    """What every packet of a received stream may change."""

    __slots__ = (
        "began_at",
        "clock_rate",
        "history",
        "jitter",
        "keyframe_wanted",
        "last_seen",
        "layout",
        "next_sequence",
        "octets",
        "outbound_streams",
        "payload_type",
        "received",
        "timestamp",
        "transit",
        "waiting",
    )

    layout: Layout
    history: History | None
    "Of video; audio is not retransmitted."
    outbound_streams: tuple[Follower, ...]
    "The outbound streams it is forwarded to now."
    waiting: tuple[Follower, ...]
    "Outbound streams that switch to it at its next keyframe."
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
    last_seen: float
    "When the newest packet came."
    began_at: float
    "When packets began to arrive again after a silence."


class InboundStream(InboundStreamState):
    """One received stream, from its first packet to its end."""

    __slots__ = (
        "_due_at",
        "_expected_before",
        "_forgotten",
        "_last_report_next",
        "_octets_before",
        "_received_before",
        "_seconds",
        "bitrate",
        "codec",
        "entered_at",
        "extended",
        "feedback",
        "intra_requests",
        "keyframe_asked_at",
        "keyframe_at",
        "keyframes",
        "last_sender_report",
        "loss",
        "missing",
        "passed_over",
        "peak_bitrate",
        "publisher_id",
        "recent_loss",
        "recovered",
        "rid",
        "sender_report_at",
        "ssrc",
    )

    keyframe_at: float
    "When the last keyframe that was wanted began to arrive."

    def __init__(self, ssrc: int, codec: Codec, publisher_id: str, rid: str = "") -> None:
        self.ssrc = ssrc
        self.codec = codec
        self.payload_type = codec.payload_type
        self.clock_rate = codec.clock_rate
        self.publisher_id = publisher_id
        self.rid = rid
        self.layout: Layout = NO_LAYOUT
        self.next_sequence = -1
        self.timestamp = 0
        self.transit = self.jitter = 0.0
        self.received = self.octets = 0
        self.recent_loss = 0.0
        "Fraction lost on the publisher's link: in the last report, or in recent worse ones."
        self.loss = 0.0
        "Fraction lost on the publisher's link, smoothed over some 150 packets."
        self.bitrate = 0.0
        "Bits per second, smoothed."
        self.peak_bitrate = 0.0
        "The most of late: in a pause (DTX, RFC 7587 section 3.1.3) hardly anything is sent."
        self._octets_before = 0
        self.missing: dict[int, nacks.Gap] = {}
        self.passed_over: dict[int, None] = {}
        "The newest sequence numbers that were missing at first, recovered since or not."
        self._due_at = 0.0
        "Before this moment no NACK is due and no gap is to be given up."
        self.history: History | None = History() if codec.rtx_payload_type is not None else None
        self._seconds: deque[int] = deque(maxlen=HISTORY_SECONDS)
        "``next_sequence`` at each of the last seconds."
        self._forgotten = -1
        "Sequence number before which nothing is stored; -1 while everything is."
        self.outbound_streams: tuple[Follower, ...] = ()
        self.waiting: tuple[Follower, ...] = ()
        self.feedback = frozenset(VIDEO_FEEDBACK)
        "RTCP feedback that its sender takes."
        self.intra_requests = 0
        "Full intra requests (FIR) sent for it."
        self.keyframe_wanted = False
        self.recovered = self.keyframes = 0
        self.keyframe_asked_at = self.keyframe_at = -1.0
        self.entered_at = self.last_seen = 0.0
        "When the first packet came."
        self.began_at = -STEADY
        self.last_sender_report: RtcpSenderInfo | None = None
        self.sender_report_at = -1.0
        self.extended = 0
        "Packets expected so far, counted from the first received."
        self._last_report_next = -1
        self._expected_before = 0
        self._received_before = 0

    def accept(self, sequence: int, now: float) -> Arrival:
        """Record a sequence number; the caller handles ``next_sequence`` itself."""
        expected = self.next_sequence
        if expected < 0:
            self._last_report_next = sequence
            self.next_sequence = (sequence + 1) & 0xFFFF
            return Arrival.NEXT
        ahead = (sequence - expected) & 0xFFFF
        if ahead < 0x8000:
            if ahead > nacks.MOST_MISSING:
                self.missing.clear()
                self.keyframe_wanted = self.keyframe_wanted or self.history is not None
            else:
                self.note_gap(expected, ahead, now)
            self.next_sequence = (sequence + 1) & 0xFFFF
            return Arrival.NEXT
        return Arrival.LATE if self.missing.pop(sequence, None) else Arrival.DUPLICATE

    def note_gap(self, first: int, count: int, now: float) -> None:
        """Record that ``count`` packets from ``first`` on, at most ``MOST_MISSING``, are missing."""
        for number in range(first, first + count):
            self.missing[number & 0xFFFF] = nacks.Gap(now, now + nacks.NACK_DELAY)
            self.passed_over[number & 0xFFFF] = None
        self._due_at = min(self._due_at, now + nacks.NACK_DELAY)
        while len(self.missing) > nacks.MOST_MISSING:
            del self.missing[next(iter(self.missing))]
        while len(self.passed_over) > nacks.MOST_MISSING:
            del self.passed_over[next(iter(self.passed_over))]

    def note_timing(self, timestamp: int, now: float) -> None:
        """Update the jitter, in timestamp units (RFC 3550 section 6.4.1); once a frame."""
        transit = now * self.clock_rate - timestamp
        if self.received > 1:
            change = abs(transit - self.transit)
            # A wrapped or restarted timestamp is no jitter.
            if change < 10 * self.clock_rate:
                self.jitter += (change - self.jitter) / 16
        self.transit = transit
        self.timestamp = timestamp

    def timestamp_at(self, now: float) -> int:
        """The RTP timestamp of a packet that would arrive now, by when the newest frame did."""
        return int(now * self.clock_rate - self.transit) & 0xFFFFFFFF

    def remembered(self, sequence: int) -> bytes | None:
        """The packet of that sequence number as it was forwarded, if the history still has it."""
        return self.history.find(sequence) if self.history is not None else None

    def due_nacks(self, now: float, round_trip: float) -> list[int]:
        """Sequence numbers to send a NACK for now, oldest first; gaps too old are given up.

        Giving up on video requests a keyframe: nothing can be decoded in full before one.
        """
        if not self.missing or now < self._due_at:
            return []
        due, given_up = nacks.due(self.missing, now, round_trip)
        self._due_at = nacks.next_at(self.missing, now)
        if self.history is None:
            return []
        if given_up and self.outbound_streams:
            self.keyframe_wanted = True
        return due

    def want_keyframe(self) -> None:
        """Request a keyframe as soon as ``media/streams/keyframe_requests.py`` allows."""
        self.keyframe_wanted = True

    def starts_keyframe(self, payload: bytes | memoryview, now: float) -> bool:
        """Whether a decoder can start with this packet; always for audio."""
        if self.history is None:
            return True
        if not starts_keyframe(self.codec.name, payload):
            return False
        self.keyframe_wanted = False
        self.keyframe_at = now
        self.keyframes += 1
        return True

    def note_activity(self, now: float) -> None:
        """Record that a packet arrived."""
        if now - self.last_seen > SILENCE:
            self.began_at = now
        self.last_seen = now

    def is_active(self, now: float, silence: float = SILENCE) -> bool:
        """Whether packets arrive, with pauses of at most ``silence`` seconds."""
        return now - self.last_seen <= silence

    def is_steady(self, now: float) -> bool:
        """Whether packets arrive, and have done so for a while if they had stopped."""
        return self.is_active(now) and now - self.began_at >= STEADY

    def measure(self, seconds: float) -> None:
        """Update the bit rate after an interval of ``seconds``."""
        rate = (self.octets - self._octets_before) * 8 / seconds
        self._octets_before = self.octets
        # The first measurement stands alone; later ones are smoothed over some 1.5 s.
        self.bitrate = rate if not self.bitrate else self.bitrate + 0.3 * (rate - self.bitrate)
        self.peak_bitrate = max(self.bitrate, PEAK_KEPT * self.peak_bitrate)
        self._forget()

    def _forget(self) -> None:
        """Drop stored packets too old to be requested, but not the newest; once a second."""
        end = self._seconds[0] if len(self._seconds) == HISTORY_SECONDS else -1
        self._seconds.append(self.next_sequence)
        if self.history is None or end < 0:
            return
        begin = self._forgotten if self._forgotten >= 0 else end - HISTORY
        self._forgotten = end
        if (self.next_sequence - end) & 0xFFFF >= HISTORY:
            return  # newer packets have replaced them
        for number in range(end - min((end - begin) & 0xFFFF, HISTORY), end):
            if (number + 1) & 0xFFFF != self.next_sequence:
                self.history.forget(number & 0xFFFF)

    def note_sender_report(self, report: RtcpSenderInfo, arrived_at: float) -> None:
        """Store a sender report, for lip sync and for the round trip."""
        self.last_sender_report = report
        self.sender_report_at = arrived_at

    def upstream_loss(self) -> float:
        """The fraction of packets lost before they reached the relay, as of now."""
        if self.next_sequence < 0:
            return 0.0
        extended = self.extended + ((self.next_sequence - self._last_report_next) & 0xFFFF)
        expected = extended - self._expected_before
        lost = expected - (self.received - self._received_before)
        return max(self.recent_loss, lost / expected if expected > 0 else 0.0)

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """A reception report block for the publisher (RFC 3550 section 6.4.1)."""
        if self.next_sequence < 0:
            return None
        self.extended += (self.next_sequence - self._last_report_next) & 0xFFFF
        self._last_report_next = self.next_sequence
        lost = self.extended - self.received
        expected_interval = self.extended - self._expected_before
        lost_interval = expected_interval - (self.received - self._received_before)
        self._expected_before = self.extended
        self._received_before = self.received
        if expected_interval > 0:
            # By packets, not by time: in silence there are few, and a single one lost says little.
            recent = max(0.0, lost_interval / expected_interval)
            self.loss += min(1.0, expected_interval / LOSS_PACKETS) * (recent - self.loss)
        fraction = 0
        if expected_interval > 0 and lost_interval > 0:
            fraction = min(255, (lost_interval << 8) // expected_interval)
        self.recent_loss = max(fraction / 256, 0.7 * self.recent_loss)
        if self.history is None and expected_interval < FEWEST_PACKETS:
            # Of the two or three packets of a silent second one lost is no third of anything heard.
            fraction = min(fraction, int(self.loss * 256))
        last_report = delay = 0
        if self.last_sender_report is not None:
            last_report = (self.last_sender_report.ntp_timestamp >> 16) & 0xFFFFFFFF
            delay = int((now - self.sender_report_at) * 65536) & 0xFFFFFFFF
        highest = (self.next_sequence - 1) & 0xFFFF
        first = (highest + 1 - self.extended) & 0xFFFF
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=fraction,
            packets_lost=clamp_packets_lost(lost),
            highest_sequence=(first + self.extended - 1) & 0xFFFFFFFF if self.extended else highest,
            jitter=int(self.jitter) & 0xFFFFFFFF,
            lsr=last_report,
            dlsr=delay,
        )
