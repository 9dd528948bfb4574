"""Packets on a stream: each one after its length in two bytes (RFC 4571, for ICE RFC 6544)."""

from __future__ import annotations

LONGEST_FRAME = 1500
"Bytes of a packet; anything longer was not made for the internet, and no packet of WebRTC is."
MOST_FRAMES = 2000
"""Packets that may arrive at once: four seconds of video and audio. An event loop reads 256 KiB at a
time, in which there could be 131,072, and each takes microseconds."""


class FramingError(ValueError):
    """What comes is no stream of ours: a packet is too long, or there are too many at once."""


class Deframer:
    """What arrived of a stream, as packets."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self.frames = 0
        "Packets so far, empty ones included."

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that ``data`` completes; empty ones are left out. Raises FramingError."""
        rest = self._rest
        rest += data
        packets = []
        start = 0
        most = self.frames + MOST_FRAMES
        while start + 2 <= len(rest):
            length = rest[start] << 8 | rest[start + 1]
            if length > LONGEST_FRAME or self.frames == most:
                raise FramingError
            end = start + 2 + length
            if end > len(rest):
                break
            if length:
                packets.append(bytes(rest[start + 2 : end]))
            start = end
            self.frames += 1
        del rest[:start]
        return packets


def framed(packet: bytes) -> bytes:
    """A packet as it goes onto the stream."""
    return len(packet).to_bytes(2) + packet
