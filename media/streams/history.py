"""The newest packets of a received stream, for retransmission."""

from __future__ import annotations

from media.native import native_where_built

HISTORY = 256
"Packets stored for retransmission: 1.5 s of 1.5 Mbit/s, some 300 KiB. A power of two."
_MASK = HISTORY - 1


@native_where_built
class History:
    """Packets by sequence number; each takes the place of the one ``HISTORY`` numbers before."""

    __slots__ = ("_packets",)

    def __init__(self) -> None:
        self._packets = [b""] * HISTORY

    def store(self, sequence: int, packet: bytes) -> None:
        """Keep a packet as it was forwarded."""
        self._packets[sequence & _MASK] = packet

    def find(self, sequence: int) -> bytes | None:
        """The packet of that sequence number, if it is still there."""
        packet = self._packets[sequence & _MASK]
        if len(packet) >= 12 and int.from_bytes(packet[2:4]) == sequence:
            return packet
        return None

    def forget(self, sequence: int) -> None:
        """Give the memory of that packet back, if it is still there."""
        if self.find(sequence) is not None:
            self._packets[sequence & _MASK] = b""
