"""Compound RTCP packets read (RFC 3550 section 6.1).

aiortc parses the contents of most packets. It refuses a compound as a whole where one packet in it is
of a form that it does not know, among them valid ones: reports with an extension of their profile
(section 6.4.3), and descriptions of several sources (section 6.5), which it misreads. Then the
report, the NACK and the keyframe request beside them would be lost as well.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from aiortc.rtp import (
    RTCP_BYE,
    RTCP_PSFB,
    RTCP_RR,
    RTCP_RTPFB,
    RTCP_SDES,
    RTCP_SR,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSourceInfo,
    RtcpSrPacket,
)

_VERSION, _PADDED, _COUNT = 0xC0, 0x20, 0x1F
_BLOCK = 24
"Bytes of a report block, and of what a sender report has before the first."
_PARSERS: dict[int, Callable[[bytes, int], AnyRtcpPacket]] = {
    RTCP_BYE: RtcpByePacket.parse,
    RTCP_RTPFB: RtcpRtpfbPacket.parse,
    RTCP_PSFB: RtcpPsfbPacket.parse,
}
"By packet type; each is given what follows the header, and the header's count."


def read_compound(compound: bytes) -> list[AnyRtcpPacket]:
    """The packets of a compound that are of a known type and not malformed, in order.

    Raises ValueError if it is no compound: versions and lengths have to be right (appendix A.2).
    """
    found = []
    for packet in list(_split(compound)):
        try:
            read = read_packet(packet)
        except (ValueError, struct.error, IndexError):
            continue
        if read is not None:
            found.append(read)
    return found


def _split(compound: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(compound):
        if len(compound) < position + 4 or compound[position] & _VERSION != 0x80:
            raise ValueError("no RTCP")
        end = position + 4 + 4 * int.from_bytes(compound[position + 2 : position + 4])
        if len(compound) < end:
            raise ValueError("an RTCP packet is truncated")
        yield compound[position:end]
        position = end


def read_packet(packet: bytes) -> AnyRtcpPacket | None:
    """One packet; None if it is of another type. Raises ValueError, struct.error, IndexError."""
    count, payload = packet[0] & _COUNT, packet[4:]
    if packet[0] & _PADDED:
        if not 0 < payload[-1] <= len(payload):
            raise ValueError("there is more padding than packet")
        payload = payload[: -payload[-1]]
    kind = packet[1]
    if kind == RTCP_SR:
        return RtcpSrPacket.parse(payload[: _BLOCK + _BLOCK * count], count)
    if kind == RTCP_RR:
        return RtcpRrPacket.parse(payload[: 4 + _BLOCK * count], count)
    if kind == RTCP_SDES:
        return RtcpSdesPacket(list(_sources(payload, count)))
    parse = _PARSERS.get(kind)
    return parse(payload, count) if parse is not None else None


def _sources(payload: bytes, count: int) -> Iterator[RtcpSourceInfo]:
    """The chunks of a source description; each ends with zeros up to the next word, one at least."""
    position = 0
    for _ in range(count):
        (ssrc,) = struct.unpack_from("!I", payload, position)
        position += 4
        items = []
        while position < len(payload) and payload[position]:
            end = position + 2 + payload[position + 1]
            if end > len(payload):
                raise ValueError("an item is truncated")
            items.append((payload[position], payload[position + 2 : end]))
            position = end
        position += 4 - position % 4
        yield RtcpSourceInfo(ssrc, items)
