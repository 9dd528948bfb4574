"""Retransmissions (RTX, RFC 4588) from a publisher, turned back into the original packets."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("!BBHII")


def restore(
    packet: bytes, header_size: int, payload_type: int, ssrc: int
) -> tuple[int, bytes] | None:
    """The original sequence number and packet; None for a bandwidth probe, which has none.

    ``payload_type`` and ``ssrc`` are those of the stream it repairs (section 4).
    """
    first, second, _, timestamp, _ = _HEADER.unpack_from(packet)
    # Browsers probe for bandwidth with RTX packets of padding alone.
    padding = packet[-1] if first & 0x20 else 0
    if len(packet) - padding < header_size + 2:
        return None
    sequence = int.from_bytes(packet[header_size : header_size + 2])
    header = bytearray(packet[:header_size])
    _HEADER.pack_into(header, 0, first, (second & 0x80) | payload_type, sequence, timestamp, ssrc)
    return sequence, bytes(header) + packet[header_size + 2 :]
