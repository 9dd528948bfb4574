"""Redundant audio (RED, RFC 2198): extracting the primary block for receivers without RED."""

from __future__ import annotations

from media.rtp.codecs import OPUS, RED

RED_PAYLOAD_TYPE = RED.payload_type


def primary_of(packet: bytes, header_size: int) -> bytes | None:
    """The Opus packet in a RED packet's primary block, with the same header; None if malformed.

    ``header_size`` counts the bytes before the RED payload.
    """
    position = header_size
    skipped = 0
    while position < len(packet) and packet[position] & 0x80:
        if position + 4 > len(packet):
            return None
        skipped += int.from_bytes(packet[position + 2 : position + 4]) & 0x3FF
        position += 4
    if position >= len(packet) or packet[position] & 0x7F != OPUS.payload_type:
        return None
    start = position + 1 + skipped
    if start > len(packet):
        return None
    second = (packet[1] & 0x80) | OPUS.payload_type
    return packet[:1] + bytes((second,)) + packet[2:header_size] + packet[start:]
