"""Which packets a subscriber's NACK gets again, as RTX (RFC 4588).

A packet is retransmitted if it is still in the history of the stream that it came from
(``media/streams/history.py``), the subscriber accepted RTX for its codec, and the link has room for it
(``media/streams/retransmission_budget.py``).
"""

from __future__ import annotations

import secrets
import struct
from typing import Protocol

from media.rtp.codecs import BY_PAYLOAD_TYPE
from media.rtp.extension_layout import read_layout, strip_declined
from media.rtp.header_extensions import FORWARDED_EXTENSIONS
from media.rtp.vp8 import rewrite_descriptor
from media.streams.inbound import InboundStream
from media.streams.retransmission_budget import RetransmissionBudget
from media.streams.segment import Segment

SCARCE = 1_000_000
"Bits per second below which packets of an earlier segment are not retransmitted."

_HEADER = struct.Struct("!BBHII")


class Sent(Protocol):
    """An outbound stream, `media.streams.outbound.OutboundStream`, as its retransmissions see it."""

    segment: Segment | None
    inbound: InboundStream | None
    payload_types: frozenset[int]
    declined: int

    def source_of(self, sequence: int, /) -> tuple[Segment, int] | None: ...


class Retransmissions:
    """What is sent beside one outbound stream, under an SSRC and sequence numbers of its own."""

    __slots__ = ("_budget", "_scarce", "_ssrc", "count", "sequence")

    def __init__(self, ssrc: int) -> None:
        self.sequence = secrets.randbelow(0x8000)
        "The last one sent. Padding has numbers of this row as well."
        self.count = 0
        self._ssrc = ssrc
        self._budget = RetransmissionBudget()
        self._scarce = False

    def set_share(self, bitrate: float) -> None:
        """Set the stream's part of the link's limit, in bits per second."""
        self._budget.set_share(bitrate)
        self._scarce = bitrate < SCARCE

    def next_sequence(self) -> int:
        """A sequence number never used before."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        return self.sequence

    def packet(self, sent: Sent, sequence: int, now: float, send_time: bytes) -> bytes | None:
        """The RTX packet for a sequence number that was sent before, or None.

        ``send_time`` replaces the absolute send time, 3 bytes.
        """
        if not self._budget.allows(sequence, now):
            return None
        found = sent.source_of(sequence)
        if found is None:
            return None
        segment, source = found
        if self._scarce and (segment is not sent.segment or sent.inbound is None):
            # The next segment starts with a keyframe, so the video goes on without this packet.
            return None
        packet = segment.inbound.remembered(source)
        if packet is None:
            return None
        # Of the packet's own codec: its sender may have changed to another since.
        codec = BY_PAYLOAD_TYPE.get(packet[1] & 0x7F)
        payload_type = codec.rtx_payload_type if codec is not None else None
        if payload_type is None:
            return None
        if payload_type not in sent.payload_types:
            return None
        self._budget.note(sequence, now)
        self.count += 1
        return self._rewritten(packet, segment, payload_type, sequence, sent.declined, send_time)

    def _rewritten(
        self,
        packet: bytes,
        segment: Segment,
        payload_type: int,
        sequence: int,
        declined: int,
        send_time: bytes,
    ) -> bytes | None:
        layout = read_layout(packet, FORWARDED_EXTENSIONS[segment.inbound.codec.medium])
        if layout is None:
            return None
        end = layout.end
        first, second, _, timestamp, _ = _HEADER.unpack_from(packet)
        header = bytearray(packet[:end])
        timestamp = (timestamp + segment.timestamp_offset) & 0xFFFFFFFF
        numbers = (self.next_sequence(), timestamp, self._ssrc)
        _HEADER.pack_into(header, 0, first, (second & 0x80) | payload_type, *numbers)
        if layout.send_time:
            header[layout.send_time : layout.send_time + 3] = send_time
        strip_declined(header, layout, declined)
        payload = bytearray(packet[end:])
        if segment.picture_id_offset or segment.tl0picidx_offset:
            rewrite_descriptor(
                memoryview(payload), segment.picture_id_offset, segment.tl0picidx_offset
            )
        return bytes(header) + sequence.to_bytes(2) + bytes(payload)
