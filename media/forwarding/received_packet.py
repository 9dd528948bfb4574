"""The RTP packet being handled, where it was received."""

from __future__ import annotations

from media.rooms.peer import Peer
from media.rtp.extension_layout import NO_LAYOUT, Layout
from media.transport.port import Port


class ReceivedPacket:
    """The RTP packet being handled, at ``port.incoming[base : base + length]``.

    One object serves all packets in turn, so that none is allocated per packet.
    """

    __slots__ = (
        "arrived_at",
        "base",
        "index",
        "layout",
        "length",
        "now",
        "peer",
        "port",
        "send_time",
    )

    port: Port
    now: float
    arrived_at: float
    "When the kernel received it, by the clock of ``now``."
    send_time: bytes
    "``now`` as the absolute send time extension writes it, 3 bytes."
    index: int
    "Position in the batch."
    base: int
    length: int
    "Without the SRTP trailer, once it is unprotected."
    peer: Peer
    "Who sent it."
    layout: Layout

    def __init__(self) -> None:
        self.layout = NO_LAYOUT

    def data(self) -> bytes:
        """A copy of the packet."""
        return bytes(self.port.incoming[self.base : self.base + self.length])


def is_rtp(incoming: memoryview, base: int, length: int) -> bool:
    """Whether the datagram there is RTP, neither RTCP nor another protocol (RFC 7983, RFC 5761)."""
    return length > 1 and 127 < incoming[base] < 192 and not 191 < incoming[base + 1] < 224


def payload_octets_of(packet: bytes | memoryview, end: int) -> int:
    """Bytes of a packet's payload, without header and padding (RFC 3550 section 6.4.1)."""
    padding = packet[-1] if packet[0] & 0x20 else 0
    return max(0, len(packet) - end - padding)
