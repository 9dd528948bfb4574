"""RTP and RTCP packets taken apart anew, so that the relay's own reading of them is not believed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ONE_BYTE = 0xBEDE
SR, RR, SDES, BYE, TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 200, 201, 202, 203, 205, 206
CNAME = 1
NACK, TRANSPORT_WIDE = 1, 15
"Formats of transport-layer feedback (RFC 4585 section 6.2, draft-holmer-rmcat-transport-wide-cc)."


class Malformed(ValueError):
    """Bytes that are no RTP or RTCP packet; the sentence says why."""


@dataclass(frozen=True)
class Rtp:
    """An RTP packet (RFC 3550 section 5.1) with its header extensions (RFC 8285)."""

    ssrc: int
    payload_type: int
    sequence: int
    timestamp: int
    extensions: tuple[tuple[int, bytes], ...]
    payload: bytes
    "Without padding."
    padding: int = 0

    def extension(self, number: int) -> bytes | None:
        return next((value for one, value in self.extensions if one == number), None)


def read_rtp(data: bytes) -> Rtp:
    """Raises Malformed."""
    if len(data) < 12 or data[0] >> 6 != 2:
        raise Malformed("no RTP header of version 2")
    start = 12 + 4 * (data[0] & 15)
    extensions: tuple[tuple[int, bytes], ...] = ()
    if data[0] & 0x10:
        if start + 4 > len(data):
            raise Malformed("a header extension is cut short")
        profile, words = struct.unpack_from("!HH", data, start)
        block = data[start + 4 : start + 4 + 4 * words]
        start += 4 + 4 * words
        if start > len(data):
            raise Malformed("a header extension is cut short")
        extensions = tuple(_elements(profile, block))
    padding = data[-1] if data[0] & 0x20 else 0
    if start + padding > len(data):
        raise Malformed("more padding than packet")
    sequence, timestamp, ssrc = struct.unpack_from("!HII", data, 2)
    payload = data[start : len(data) - padding]
    return Rtp(ssrc, data[1] & 127, sequence, timestamp, extensions, payload, padding)


def _elements(profile: int, block: bytes) -> Iterator[tuple[int, bytes]]:
    if profile == ONE_BYTE:
        head = 1
    elif profile >> 4 == 0x100:
        head = 2
    else:
        raise Malformed(f"header extensions of the profile {profile:#x}")
    at = 0
    while at < len(block):
        if block[at] == 0:
            at += 1
            continue
        if at + head > len(block):
            raise Malformed("a header extension element is cut short")
        number = block[at] >> 4 if head == 1 else block[at]
        length = (block[at] & 15) + 1 if head == 1 else block[at + 1]
        if head == 1 and number == 15:
            return
        value = block[at + head : at + head + length]
        if len(value) != length:
            raise Malformed("a header extension element is cut short")
        yield number, value
        at += head + length


@dataclass(frozen=True)
class Rtcp:
    """One packet of a compound (RFC 3550 section 6)."""

    packet_type: int
    count: int
    "Report blocks, chunks, or the format of feedback."
    body: bytes
    "After the first four bytes, without padding."

    @property
    def ssrc(self) -> int:
        """Of whoever sends it."""
        return int.from_bytes(self.body[:4])


def read_rtcp(data: bytes) -> list[Rtcp]:
    """The packets of a compound, or of a reduced-size packet. Raises Malformed."""
    found = []
    at = 0
    while at < len(data):
        if at + 4 > len(data) or data[at] >> 6 != 2:
            raise Malformed("no RTCP header of version 2")
        (words,) = struct.unpack_from("!H", data, at + 2)
        end = at + 4 + 4 * words
        if end > len(data):
            raise Malformed("an RTCP packet longer than its datagram")
        padding = data[end - 1] if data[at] & 0x20 else 0
        if data[at] & 0x20 and (end != len(data) or padding % 4 or not 0 < padding <= 4 * words):
            raise Malformed("padding that the last packet alone may have, in words")
        found.append(Rtcp(data[at + 1], data[at] & 31, data[at + 4 : end - padding]))
        at = end
    if not found:
        raise Malformed("an empty datagram")
    return found


def read_cnames(sdes: Rtcp) -> dict[int, str]:
    """SSRC -> CNAME of an SDES packet (RFC 3550 section 6.5). Raises Malformed."""
    found = {}
    at = 0
    for _ in range(sdes.count):
        if at + 4 > len(sdes.body):
            raise Malformed("an SDES chunk is cut short")
        ssrc = int.from_bytes(sdes.body[at : at + 4])
        at += 4
        while at < len(sdes.body) and sdes.body[at]:
            item, length = sdes.body[at], sdes.body[at + 1]
            if item == CNAME:
                found[ssrc] = sdes.body[at + 2 : at + 2 + length].decode("utf-8", "replace")
            at += 2 + length
        if at >= len(sdes.body):
            raise Malformed("an SDES chunk without an end")
        at += 4 - at % 4  # at least one zero ends the items
    if at != len(sdes.body):
        raise Malformed("bytes after the last SDES chunk")
    return found


def read_nack(packet: Rtcp) -> tuple[int, list[int]]:
    """SSRC of the media, and the sequence numbers asked for (RFC 4585 section 6.2.1)."""
    numbers = []
    for at in range(8, len(packet.body), 4):
        first, mask = struct.unpack_from("!HH", packet.body, at)
        numbers.append(first)
        numbers += [(first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return int.from_bytes(packet.body[4:8]), numbers
