"""RTP packets of padding alone, which fill a link for a moment (RFC 3550 section 5.1)."""

from __future__ import annotations

import struct

from media.rtp.extension_layout import ONE_BYTE_PROFILE
from media.rtp.header_extensions import ABSOLUTE_SEND_TIME, TRANSPORT_SEQUENCE

MOST_PADDING = 255
"Bytes: the last one counts them."
PADDED_HEADER = 12 + 12
"Bytes before the padding."
_PADDED_AND_EXTENDED = 0x30
"Bits of the first byte for padding and header extensions."


def padding_packet(header: bytes, octets: int, number: int, send_time: bytes | None) -> bytes:
    """The packet of ``octets`` of padding, 1 to ``MOST_PADDING``.

    ``header`` are the 12 bytes of a packet without extensions. ``number`` is its transport-wide
    sequence number and ``send_time`` its absolute send time, if it is to have one, in one-byte
    elements (RFC 8285 section 4.2).
    """
    timed = bytes(4) if send_time is None else bytes((ABSOLUTE_SEND_TIME << 4 | 2,)) + send_time
    extensions = struct.pack(
        "!HH4sBHx", ONE_BYTE_PROFILE, 2, timed, TRANSPORT_SEQUENCE << 4 | 1, number
    )
    first = bytes((header[0] | _PADDED_AND_EXTENDED,))
    return first + header[1:] + extensions + bytes(octets - 1) + bytes((octets,))
