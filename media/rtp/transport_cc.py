"""Transport-wide congestion control feedback: when every packet arrived.

The format is draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. The publisher's
browser estimates its uplink from it. The relay reads it too: of the padding of its bandwidth probes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Protocol

TICK = 0.00025
"Seconds of one arrival delta."
REFERENCE_TICKS = 256
"Deltas in one unit of the reference time: 64 ms."
FARTHEST = 0x8000
"""Ticks, 8.19 s, that a delta cannot say (section 3.1.5): what arrived later than that after the packet
before it needs a message with a reference time of its own."""
MOST_STATUSES = 400
"""Packets that one feedback message covers: 100 ms of the most a participant may send. Older ones
are left out; 400 that arrived in the worst order make a message of 940 bytes."""
MOST_READ = 1000
"""Packets that a feedback message may cover to be read: a probe sends a tenth of that. Forty bytes
could claim 65,535."""
_SMALL = 1
_LARGE = 2
_RUN_LIMIT = 0x1FFF
_PAYLOAD_FEEDBACK = 205
_PACKET = struct.Struct("!BBH")
_FORMAT = 15


class Arrivals(Protocol):
    """Whose packets arrived: a peer."""

    def take_feedback(self, sender_ssrc: int, media_ssrc: int) -> bytes | None: ...
    def take_arrivals(self) -> list[tuple[int, float]]: ...


class ArrivalLog:
    """The arrivals of one publisher between two feedback messages.

    Where the native loop is built, ``media/native/feedback.c`` keeps what is kept here.
    """

    __slots__ = ("_count", "_next")

    def __init__(self) -> None:
        self._next = -1
        self._count = 0

    def feedback_of(self, arrivals: Arrivals, sender_ssrc: int, media_ssrc: int) -> bytes | None:
        """The RTCP message on what arrived since the last one; None if nothing did.

        There are several, one after the other, if the times are too far apart for one.
        """
        made = arrivals.take_feedback(sender_ssrc, media_ssrc)
        if made is None:
            taken = arrivals.take_arrivals()
            return self.feedback(taken, sender_ssrc, media_ssrc) if taken else None
        messages = b""
        while made:
            messages += made
            made = arrivals.take_feedback(sender_ssrc, media_ssrc)
        return messages or None

    def feedback(
        self, arrivals: list[tuple[int, float]], sender_ssrc: int, media_ssrc: int
    ) -> bytes:
        """The RTCP message on what arrived since the last one, at least one packet; or several.

        ``arrivals`` are (transport-wide sequence number, seconds) in order of arrival.
        """
        if self._next < 0:
            self._next = arrivals[0][0]
        first, total = self._next, len(arrivals)
        numbers, moments = zip(*arrivals, strict=True)
        if total <= MOST_STATUSES and numbers == tuple(range(first, first + total)):
            # Nothing lost or reordered, as nearly always: the list is already what is needed.
            self._next = (first + total) & 0xFFFF
            return self._build(list(moments), first, sender_ssrc, media_ssrc)
        times: dict[int, float] = {}
        reference = self._next
        for number, at in arrivals:
            offset = (number - reference + 0x8000 & 0xFFFF) - 0x8000
            # Keep the first arrival: a later one is a duplicate.
            times.setdefault(reference + offset, at)
        newest = max(times)
        # A packet that arrives after it was reported missing is reported again: messages overlap.
        base = max(min(min(times), reference), newest - MOST_STATUSES + 1)
        self._next = newest + 1 & 0xFFFF
        statuses = [times.get(number) for number in range(base, newest + 1)]
        return self._build(statuses, base & 0xFFFF, sender_ssrc, media_ssrc)

    def _build(
        self, times: Sequence[float | None], base: int, sender_ssrc: int, media_ssrc: int
    ) -> bytes:
        messages = []
        for offset, stretch in _stretches(times):
            count, number = self._count & 0xFF, base + offset & 0xFFFF
            messages.append(build_feedback(stretch, number, count, sender_ssrc, media_ssrc))
            self._count += 1
        return b"".join(messages)


def _stretches(times: Sequence[float | None]) -> Iterator[tuple[int, Sequence[float | None]]]:
    """The times as stretches that fit into a message each, with the index of their first."""
    start, previous = 0, None
    for index, at in enumerate(times):
        if at is None:
            continue
        ticks = round(at / TICK)
        if previous is not None and not -FARTHEST <= ticks - previous < FARTHEST:
            yield start, times[start:index]
            start = index
        previous = ticks
    yield start, times[start:]


def build_feedback(
    times: Sequence[float | None], base: int, count: int, sender_ssrc: int, media_ssrc: int
) -> bytes:
    """The RTCP message for packets ``base``, ``base + 1``...; None stands for "not received".

    At least one packet must have arrived, and none ``FARTHEST`` or more ticks before or after the
    one before it. ``count`` numbers the feedback messages.
    """
    first = next(at for at in times if at is not None)
    reference = round(first / TICK) // REFERENCE_TICKS
    previous = reference * REFERENCE_TICKS
    symbols: list[int] = []
    deltas = bytearray()
    last = -1.0
    for at in times:
        if at is None:
            symbols.append(0)
            continue
        if at == last:  # they arrived in one batch
            symbols.append(_SMALL)
            deltas.append(0)
            continue
        last = at
        delta = round(at / TICK) - previous
        previous += delta
        if 0 <= delta <= 0xFF:
            symbols.append(_SMALL)
            deltas.append(delta)
        else:
            symbols.append(_LARGE)
            deltas += delta.to_bytes(2, signed=True)
    body = struct.pack(
        "!IIHHI",
        sender_ssrc,
        media_ssrc,
        base,
        len(times),
        (reference & 0xFFFFFF) << 8 | count,
    )
    body += b"".join(_chunks(symbols)) + deltas
    # zeros as the draft draws them, not RTCP padding, which comes in words (RFC 3550 section 6.4.1)
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 0x80 | _FORMAT, _PAYLOAD_FEEDBACK, len(body) // 4) + body


def _chunks(symbols: list[int]) -> list[bytes]:
    """Packet status chunks: long runs as run lengths, others as vectors (sections 3.1.3, 3.1.4)."""
    chunks = []
    position = 0
    total = len(symbols)
    while position < total:
        symbol = symbols[position]
        end = position + 1
        while end < total and symbols[end] == symbol and end - position < _RUN_LIMIT:
            end += 1
        if end - position >= 7 or end == total:
            chunks.append((symbol << 13 | end - position).to_bytes(2))
            position = end
            continue
        window = symbols[position : position + 14]
        if _LARGE in window:
            window = window[:7]
            value = 0xC000
            for index, status in enumerate(window):
                value |= status << (12 - 2 * index)
        else:
            value = 0x8000
            for index, status in enumerate(window):
                value |= status << (13 - index)
        chunks.append(value.to_bytes(2))
        position += len(window)
    return chunks


def split_feedback(compound: bytes) -> tuple[bytes, list[bytes]]:
    """An RTCP compound without its transport-wide feedback, and the packets of that.

    Whatever is malformed stays in the former.
    """
    found, rest, begin, position = [], b"", 0, 0
    while position + 4 <= len(compound):
        first, payload_type, words = _PACKET.unpack_from(compound, position)
        end = position + 4 + 4 * words
        if payload_type == _PAYLOAD_FEEDBACK and first & 0x1F == _FORMAT and end <= len(compound):
            found.append(compound[position:end])
            rest += compound[begin:position]
            begin = end
        position = end
    return rest + compound[begin:], found


def read_feedback(packet: bytes) -> dict[int, float | None]:
    """Transport-wide number -> seconds of the receiver's clock, None if it did not arrive.

    Empty if the packet is malformed, or covers more than ``MOST_READ``.
    """
    if len(packet) < 20:
        return {}
    base, count, reference = struct.unpack_from("!HHI", packet, 12)
    if count > MOST_READ:
        return {}
    symbols: list[int] = []
    position = 20
    while len(symbols) < count:
        if position + 2 > len(packet):
            return {}
        symbols += _symbols(int.from_bytes(packet[position : position + 2]), count - len(symbols))
        position += 2
    ticks = (reference >> 8) * REFERENCE_TICKS
    times: dict[int, float | None] = {}
    for index, symbol in enumerate(symbols):
        number = (base + index) & 0xFFFF
        if symbol not in (_SMALL, _LARGE):
            times[number] = None
            continue
        if position + symbol > len(packet):
            return {}
        ticks += int.from_bytes(packet[position : position + symbol], signed=symbol == _LARGE)
        position += symbol
        times[number] = ticks * TICK
    return times


def _symbols(chunk: int, wanted: int) -> list[int]:
    """The packet statuses of one chunk, at most ``wanted``."""
    if not chunk & 0x8000:
        return [chunk >> 13 & 3] * min(chunk & _RUN_LIMIT, wanted)
    if chunk & 0x4000:
        return [chunk >> shift & 3 for shift in range(12, -1, -2)][:wanted]
    return [chunk >> shift & 1 for shift in range(13, -1, -1)][:wanted]
