"""An RTP stream sent to one subscriber: one publication under an SSRC of its own.

It may switch the inbound stream it follows (another simulcast encoding, a pause and a return) while
its receiver sees one continuous stream. Every switch opens a :class:`Segment`; sequence numbers
only ever go forward, so none is used for two different packets.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Iterable
from typing import Any

from aiortc.rtp import RtcpSenderInfo

from media.native import native_where_built
from media.rtp import rtcp
from media.rtp.codecs import RED, RTX_PAYLOAD_TYPES
from media.rtp.extension_layout import read_layout
from media.rtp.header_extensions import ABSOLUTE_SEND_TIME
from media.rtp.padding import padding_packet
from media.rtp.vp8 import read_vp8
from media.streams.inbound import InboundStream
from media.streams.receiver_reports import Reception
from media.streams.retransmissions import Retransmissions
from media.streams.segment import Segment
from media.transport.port import Destination
from media.transport.srtp import Cipher

REMEMBERED_SEGMENTS = 8
"Segments that a retransmission may still come from; each lasts a second or more."
RED_MINIMUM = 120_000
"Bits per second per speaker below which audio is sent without the redundancy it came with."
WATCHED_PACKETS = 400
"First packets of a segment, some four seconds, whose NACKs show whether it fits the link."
FEWEST_WATCHED = 30
"Fewest packets sent that make such a fraction meaningful."
SETTLED = 0x4000
"""Packets after which a segment counts as endless: comparing 16-bit numbers with its first would
mislead, and nothing older than it can still arrive or be requested."""

_HEADER = struct.Struct("!BBHII")


@native_where_built
class OutboundStreamState:
    """How a packet is rewritten for one subscriber."""

    __slots__ = (
        "declined",
        "destination",
        "octets",
        "packets",
        "payload_octets",
        "picture_id_offset",
        "rewrites_descriptor",
        "sequence_offset",
        "session",
        "ssrc",
        "timestamp_offset",
        "tl0picidx_offset",
    )

    destination: Destination
    session: int
    "Address of the SRTP session that protects its packets; 0 before the handshake is over."
    ssrc: int
    sequence_offset: int
    timestamp_offset: int
    rewrites_descriptor: bool
    "Whether PictureID and TL0PICIDX of the VP8 payload descriptor are offset as well."
    picture_id_offset: int
    tl0picidx_offset: int
    declined: int
    "A bit for each header extension (``1 << id``) that the subscriber did not accept."
    packets: int
    octets: int
    "Bytes of its packets, without SRTP and without retransmissions."
    payload_octets: int
    "The same without headers and padding, as a sender report says it (RFC 3550 section 6.4.1)."


class OutboundStream(OutboundStreamState):
    """What one peer is sent of one publication. The packet loop reads its offsets."""

    __slots__ = (
        "_began_at",
        "_cipher",
        "_last_picture_id",
        "_last_sequence",
        "_last_timestamp",
        "_last_tl0picidx",
        "_nacked",
        "_paused_at",
        "inbound",
        "kind",
        "last_fir",
        "owner_id",
        "payload_types",
        "protect",
        "publisher_id",
        "reception",
        "red_allowed",
        "reports_arrivals",
        "rtx",
        "rtx_ssrc",
        "segment",
        "segments",
        "target",
    )

    def __init__(
        self,
        owner_id: str,
        publisher_id: str,
        kind: str,
        ssrc: int,
        rtx_ssrc: int,
        destination: Destination,
    ) -> None:
        self.owner_id = owner_id
        self.publisher_id = publisher_id
        self.kind = kind
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.rtx = Retransmissions(rtx_ssrc)
        self.destination = destination
        self.session = 0
        self.protect: Callable[[Any, Any], int] = _refuse
        "Protects a packet in place; refuses until the handshake is over."
        self.declined = 0
        self.payload_types: frozenset[int] = frozenset()
        "What the subscriber's answer accepted; empty until it answered."
        self.reports_arrivals = False
        "Whether the subscriber reports when packets with transport-wide numbers arrive."
        self.inbound: InboundStream | None = None
        "The stream forwarded now."
        self.target: InboundStream | None = None
        "The stream to switch to at its next keyframe."
        self.last_fir = (0, -1)
        "SSRC of the sender and sequence number of its last full intra request (FIR)."
        self.segment: Segment | None = None
        self.segments: list[Segment] = []
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self.rewrites_descriptor = False
        self.picture_id_offset = 0
        self.tl0picidx_offset = 0
        self.packets = self.octets = self.payload_octets = 0
        self.reception = Reception()
        self._last_sequence = secrets.randbelow(0x4000)
        self._last_timestamp = secrets.randbits(32)
        self._last_picture_id = self._last_tl0picidx = -1
        self._began_at = 0
        self._nacked: set[int] = set()
        self._paused_at = -1.0
        self.red_allowed = True
        "Whether the link has room for redundant audio."
        self._cipher: Cipher | None = None

    def use(self, cipher: Cipher) -> None:
        """Protect with this cipher from now on."""
        # The session lives as long as its cipher, and its address is all the native loop knows.
        self._cipher = cipher
        self.protect = cipher.protect
        self.session = cipher.session

    def follow(self, inbound: InboundStream | None, now: float) -> None:
        """Switch to another inbound stream: at its next packet for audio, keyframe for video.

        None stops forwarding. The stream followed so far goes on until the switch.
        """
        self._stop_waiting()
        if inbound is None:
            self.leave(now)
        elif inbound is not self.inbound:
            self.target = inbound
            inbound.waiting += (self,)
            if inbound.history is not None:
                inbound.want_keyframe()

    def _stop_waiting(self) -> None:
        target = self.target
        if target is not None:
            target.waiting = tuple(outbound for outbound in target.waiting if outbound is not self)
            self.target = None

    def leave(self, now: float) -> None:
        """Stop forwarding the present inbound stream, remembering the last numbers sent."""
        inbound = self.inbound
        if inbound is None:
            return
        inbound.outbound_streams = tuple(
            outbound for outbound in inbound.outbound_streams if outbound is not self
        )
        self.inbound = None
        self._last_sequence = (inbound.next_sequence - 1 + self.sequence_offset) & 0xFFFF
        self._last_timestamp = (inbound.timestamp + self.timestamp_offset) & 0xFFFFFFFF
        self._paused_at = now
        if self.segment is not None and inbound.codec.name == "VP8":
            newest = inbound.remembered((inbound.next_sequence - 1) & 0xFFFF)
            descriptor = read_vp8(_payload(newest)) if newest else None
            if descriptor is not None:
                if descriptor.picture_id_position:
                    self._last_picture_id = descriptor.picture_id + self.segment.picture_id_offset
                if descriptor.tl0picidx_position:
                    self._last_tl0picidx = descriptor.tl0picidx + self.segment.tl0picidx_offset

    def begin(
        self, inbound: InboundStream, sequence: int, timestamp: int, payload: memoryview, now: float
    ) -> None:
        """Forward ``inbound`` from this packet on, continuing the numbers sent so far.

        The timestamp advances as much as the clock did, at least by one frame, so that video after
        a pause stays in sync with the audio.
        """
        paused = self.inbound is None
        self.leave(now)
        self._stop_waiting()
        first = (self._last_sequence + 1) & 0xFFFF
        elapsed = 0
        if self._paused_at >= 0:
            elapsed = max(
                int((now - self._paused_at) * inbound.clock_rate), inbound.clock_rate // 30
            )
        self.timestamp_offset = (self._last_timestamp + elapsed - timestamp) & 0xFFFFFFFF
        self.sequence_offset = (first - sequence) & 0xFFFF
        self.picture_id_offset = self.tl0picidx_offset = 0
        if inbound.codec.name == "VP8":
            self._continue_vp8(payload)
        self.rewrites_descriptor = bool(self.picture_id_offset or self.tl0picidx_offset)
        self.segment = Segment(
            inbound,
            first,
            sequence,
            self.sequence_offset,
            self.timestamp_offset,
            self.picture_id_offset,
            self.tl0picidx_offset,
        )
        if self.packets - self._began_at >= SETTLED:
            del self.segments[:-1]
        self._began_at = self.packets
        self._nacked.clear()
        self.segments.append(self.segment)
        del self.segments[:-REMEMBERED_SEGMENTS]
        self.inbound = inbound
        inbound.outbound_streams += (self,)
        if paused:
            self.reception.begin(first)

    def _continue_vp8(self, payload: memoryview) -> None:
        """Set the offsets under which PictureID and TL0PICIDX go on by one."""
        descriptor = read_vp8(payload)
        if descriptor is None:
            return
        if descriptor.picture_id_position and self._last_picture_id >= 0:
            self.picture_id_offset = self._last_picture_id + 1 - descriptor.picture_id
        if descriptor.tl0picidx_position and self._last_tl0picidx >= 0:
            self.tl0picidx_offset = self._last_tl0picidx + 1 - descriptor.tl0picidx

    def covers(self, sequence: int) -> bool:
        """Whether a packet that arrived late belongs to the present segment."""
        if self.segment is None:
            return False
        if self.packets - self._began_at >= SETTLED:
            return True
        return (sequence - self.segment.source_first) & 0xFFFF < 0x8000

    def source_of(self, sequence: int) -> tuple[Segment, int] | None:
        """The segment and received sequence number that a sent sequence number came from."""
        settled = self.packets - self._began_at >= SETTLED
        for segment in reversed(self.segments):
            if settled or (sequence - segment.first) & 0xFFFF < 0x8000:
                return segment, (sequence - segment.sequence_offset) & 0xFFFF
        return None

    def note_nack(self, sequences: Iterable[int]) -> float:
        """Record a NACK. Returns the fraction of this segment reported lost so far.

        Packets lost on the publisher's link do not count. 0 while the segment is too short to
        judge, and once it is long: then receiver reports are the better measure.
        """
        sent, segment = self.packets - self._began_at, self.segment
        if self.inbound is None or segment is None or sent >= WATCHED_PACKETS:
            return 0.0
        passed_over = self.inbound.passed_over
        self._nacked.update(
            sequence
            for sequence in sequences
            if (sequence - segment.first) & 0xFFFF < sent
            and (sequence - segment.sequence_offset) & 0xFFFF not in passed_over
        )
        return len(self._nacked) / sent if sent >= FEWEST_WATCHED else 0.0

    @property
    def receives_red(self) -> bool:
        """Whether RED is forwarded as it came, rather than as plain Opus."""
        return self.red_allowed and RED.payload_type in self.payload_types

    def allow(self, share: float, red_allowed: bool = True) -> None:
        """Set this stream's part of the link's limit, in bits per second.

        ``red_allowed`` is false where audio is to take few bits whatever the limit is.
        """
        self.rtx.set_share(share)
        self.red_allowed = red_allowed and share > RED_MINIMUM

    def retransmission(self, sequence: int, now: float, send_time: bytes) -> bytes | None:
        """The RTX packet for a sequence number sent before, or None; see :class:`Retransmissions`."""
        return self.rtx.packet(self, sequence, now, send_time)

    @property
    def takes_padding(self) -> bool:
        """Whether padding can be sent beside this stream, and its arrival is reported."""
        return self.reports_arrivals and not self.payload_types.isdisjoint(RTX_PAYLOAD_TYPES)

    def padding(self, octets: int, number: int, send_time: bytes) -> bytes:
        """A packet of retransmissions that holds ``octets`` of padding alone (see ``rtp/padding``).

        ``number`` is its transport-wide sequence number. Where :attr:`takes_padding`.
        """
        payload_type = min(self.payload_types & RTX_PAYLOAD_TYPES.keys())
        source = self.inbound
        timestamp = source.timestamp + self.timestamp_offset if source else self._last_timestamp
        numbers = (self.rtx.next_sequence(), timestamp & 0xFFFFFFFF, self.rtx_ssrc)
        header = _HEADER.pack(0x80, payload_type, *numbers)
        timed = not self.declined >> ABSOLUTE_SEND_TIME & 1
        return padding_packet(header, octets, number, send_time if timed else None)

    def sender_report(self) -> RtcpSenderInfo | None:
        """The publisher's sender report in this stream's timestamps, with our own counts.

        NTP time and timestamp correspond as the publisher said, so that its audio and video stay in
        sync (RFC 3550 section 6.4.1). None before its first report.
        """
        inbound = self.inbound
        if inbound is None or inbound.last_sender_report is None:
            return None
        report = inbound.last_sender_report
        return self._sender_info(report.ntp_timestamp, report.rtp_timestamp)

    def own_report(self, inbound: InboundStream, now: float) -> RtcpSenderInfo:
        """A report by our own clock, as if packets of ``inbound`` were sampled when they arrive.

        NTP time counts from where our clock does (RFC 3550 section 4).
        """
        return self._sender_info(rtcp.ntp_timestamp(now), inbound.timestamp_at(now))

    def _sender_info(self, ntp_timestamp: int, source_timestamp: int) -> RtcpSenderInfo:
        return RtcpSenderInfo(
            ntp_timestamp=ntp_timestamp,
            rtp_timestamp=(source_timestamp + self.timestamp_offset) & 0xFFFFFFFF,
            packet_count=self.packets & 0xFFFFFFFF,
            octet_count=self.payload_octets & 0xFFFFFFFF,
        )


def _refuse(buffer: Any, size: Any) -> int:
    return 1


def _payload(packet: bytes) -> bytes:
    layout = read_layout(packet)
    return packet[layout.end :] if layout is not None else b""
