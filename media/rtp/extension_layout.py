"""Header extensions (RFC 8285) of received packets, parsed once and then only compared.

A sender keeps the order and sizes of its extensions for long stretches. A :class:`Layout` is one
such arrangement: the position of each value, and a mask under which every packet of the arrangement
looks the same, so that the fast path reads values at known positions after a single comparison.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from media.rtp.header_extensions import (
    ABSOLUTE_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    ORIENTATION,
    REPAIRED_RID,
    RID,
    TRANSPORT_SEQUENCE,
)

ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000
"The lowest four bits are for the application (appbits) and may have any value."
LONGEST = 64
"Bytes of extensions parsed; browsers send at most some 40. Longer blocks are refused."

_SIZES = {ABSOLUTE_SEND_TIME: 3, TRANSPORT_SEQUENCE: 2, AUDIO_LEVEL: 1, ORIENTATION: 1}
"Bytes of the extensions of one size; an element of another size is none of them."
_TEXTS = frozenset((MID, RID, REPAIRED_RID))
"Extensions whose value is part of a layout."
_REST = 0
"Stands for the identifier of everything after the point where reading ends."


class _Element(NamedTuple):
    """One element of an extension block, in positions counted from the packet's start."""

    identifier: int
    start: int
    "Its header: one byte or two."
    data: int
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions in one arrangement, counted from the packet's start."""

    start: int
    "First byte of the extension block (its profile)."
    end: int
    "First byte of the payload."
    mask: int
    match: int
    "``int(packet[start:end]) & mask == match`` exactly for packets of this layout."
    transport_sequence: int = 0
    "Position of the transport-wide sequence number (2 bytes); 0 when absent."
    send_time: int = 0
    "Position of the absolute send time (3 bytes); 0 when absent."
    audio_level: int = 0
    "Position of the audio level (1 byte); 0 when absent."
    mid: str = ""
    rid: str = ""
    repaired_rid: str = ""
    stripped: tuple[tuple[int, bytes], ...] = ()
    """Stretches to overwrite before forwarding, as (position, zeros): all but the extensions that
    subscribers were offered, one of each. Four at most: before, between and after two, and the
    application's bits."""
    kept: tuple[tuple[int, int, bytes], ...] = ()
    """The others, as (identifier, position, zeros): who did not accept the extension gets those
    instead."""


NO_LAYOUT = Layout(start=12, end=12, mask=0, match=1)
"A packet without extensions and without contributing sources; it matches no other packet."


def read_layout(packet: bytes, kept: Collection[int] = ()) -> Layout | None:
    """The layout of an RTP packet, or None if its extensions are malformed or of another form.

    ``packet`` is the whole packet without SRTP trailer; ``kept`` are the extensions that are not to
    be stripped. Of several elements with one identifier the first counts.
    """
    start = 12 + 4 * (packet[0] & 0x0F)
    if not packet[0] & 0x10:
        if len(packet) < start:
            return None
        return NO_LAYOUT if start == 12 else Layout(start, start, 0, 1)
    if len(packet) < start + 4:
        return None
    end = start + 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
    if len(packet) < end or end - start > LONGEST + 4:
        return None
    elements = _elements(packet, start, end)
    return _layout(packet, start, end, elements, kept) if elements is not None else None


def _elements(packet: bytes, start: int, end: int) -> list[_Element] | None:
    """The elements of the block from ``start`` to ``end``; None if malformed or no such block."""
    profile = int.from_bytes(packet[start : start + 2])
    if profile == ONE_BYTE_PROFILE:
        return _one_byte_elements(packet, start + 4, end)
    if profile & 0xFFF0 == TWO_BYTE_PROFILE:
        return _two_byte_elements(packet, start + 4, end)
    return None


def _layout(
    packet: bytes, start: int, end: int, elements: list[_Element], kept: Collection[int]
) -> Layout:
    first: dict[int, _Element] = {}
    mask = bytearray(b"\xff" * (end - start))
    for element in elements:
        identifier, _, data, element_end = element
        if first.setdefault(identifier, element) is not element or identifier not in _TEXTS:
            mask[data - start : element_end - start] = bytes(element_end - data)
    left = [first.get(identifier) for identifier in kept]
    stripped = _stripped(elements, left)
    if packet[start] == TWO_BYTE_PROFILE >> 8 and packet[start + 1]:
        stripped.insert(0, (start + 1, b"\0"))

    def text(identifier: int) -> str:
        element = first.get(identifier)
        return packet[element.data : element.end].decode("ascii", "replace") if element else ""

    number = int.from_bytes(mask)
    return Layout(
        start=start,
        end=end,
        mask=number,
        match=int.from_bytes(packet[start:end]) & number,
        transport_sequence=_position(first.get(TRANSPORT_SEQUENCE)),
        send_time=_position(first.get(ABSOLUTE_SEND_TIME)),
        audio_level=_position(first.get(AUDIO_LEVEL)),
        mid=text(MID),
        rid=text(RID),
        repaired_rid=text(REPAIRED_RID),
        stripped=tuple(stripped),
        kept=tuple(
            (element.identifier, element.start, bytes(element.end - element.start))
            for element in left
            if element is not None and _position(element)
        ),
    )


def _one_byte_elements(packet: bytes, position: int, end: int) -> list[_Element] | None:
    """The elements of a one-byte block (RFC 8285 section 4.2); None if malformed."""
    elements = []
    while position < end:
        identifier, size = packet[position] >> 4, (packet[position] & 0x0F) + 1
        if packet[position] == 0:
            position += 1
            continue
        if identifier in (0, 15):  # no identifiers, and what follows is not read
            elements.append(_Element(_REST, position, position + 1, end))
            break
        if position + 1 + size > end:
            return None
        elements.append(_Element(identifier, position, position + 1, position + 1 + size))
        position += 1 + size
    return elements


def _two_byte_elements(packet: bytes, position: int, end: int) -> list[_Element] | None:
    """The elements of a two-byte block (RFC 8285 section 4.3); None if malformed."""
    elements = []
    while position < end:
        if packet[position] == 0:
            position += 1
            continue
        if position + 2 > end or position + 2 + packet[position + 1] > end:
            return None
        data = position + 2
        elements.append(_Element(packet[position], position, data, data + packet[position + 1]))
        position = elements[-1].end
    return elements


def _stripped(elements: list[_Element], kept: list[_Element | None]) -> list[tuple[int, bytes]]:
    """(position, zeros) for all elements but the ``kept`` ones that have their size."""
    stretches: list[list[int]] = []
    joined = False
    for element in elements:
        if element in kept and _position(element):
            joined = False
        elif joined:
            stretches[-1][1] = element.end
        else:
            stretches.append([element.start, element.end])
            joined = True
    return [(start, bytes(end - start)) for start, end in stretches]


def _position(element: _Element | None) -> int:
    """Where an element's data is; 0 if it is absent or not of the size that it has to have."""
    if element is None or element.end - element.data != _SIZES.get(element.identifier):
        return 0
    return element.data


def strip_declined(packet: bytearray | memoryview, layout: Layout, declined: int) -> None:
    """Overwrite the extensions of a packet whose bits are in ``declined``, before it is sent."""
    if declined:
        for identifier, position, zeros in layout.kept:
            if declined >> identifier & 1:
                packet[position : position + len(zeros)] = zeros
