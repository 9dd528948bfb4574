"""Packets on a stream: each one after its length in two bytes (RFC 4571, for ICE RFC 6544)."""

from __future__ import annotations

LONGEST_FRAME = 1500
"Bytes of a packet; anything longer was not made for the internet, and no packet of WebRTC is."


class FrameTooLong(ValueError):
    """A length beyond ``LONGEST_FRAME``: what comes is no stream of ours."""


class Deframer:
    """What arrived of a stream, as packets."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that ``data`` completes; empty ones are left out. Raises FrameTooLong."""
        rest = self._rest
        rest += data
        packets = []
        start = 0
        while start + 2 <= len(rest):
            length = rest[start] << 8 | rest[start + 1]
            if length > LONGEST_FRAME:
                raise FrameTooLong
            end = start + 2 + length
            if end > len(rest):
                break
            if length:
                packets.append(bytes(rest[start + 2 : end]))
            start = end
        del rest[:start]
        return packets


def framed(packet: bytes) -> bytes:
    """A packet as it goes onto the stream."""
    return len(packet).to_bytes(2) + packet
