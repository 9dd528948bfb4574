"""Header extensions of received packets, found once and then only compared (RFC 8285).

A sender keeps the order and sizes of its extensions for long stretches. A :class:`Layout` is one
such arrangement: where each value stands, and a mask under which every packet of the arrangement
looks the same, so that the fast path reads values at known places after a single comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.rtp.codecs import (
    ABSOLUTE_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    REPAIRED_RID,
    RID,
    TRANSPORT_SEQUENCE,
)

ONE_BYTE_PROFILE = 0xBEDE
LONGEST = 64
"Bytes of extensions looked at; browsers send at most some 40. Longer blocks are refused."


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in one arrangement; every position counts from the packet's start."""

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
    """What to write over the parts a subscriber must not see, as (position, zeros): the
    publisher's media ids would be taken for the subscriber's own."""


NO_LAYOUT = Layout(start=12, end=12, mask=0, match=1)
"A packet without extensions and without contributing sources; it matches no other packet."


def read_layout(packet: bytes) -> Layout | None:
    """The layout of an RTP packet with a one-byte extension block, or None if it is malformed.

    ``packet`` is the whole packet without SRTP trailer. Packets with two-byte extensions are read
    as having none: they pass on as they are, and no extension of ours needs that form.
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
    mask = bytearray(end - start)
    mask[0:4] = b"\xff\xff\xff\xff"
    positions: dict[int, tuple[int, int]] = {}
    if int.from_bytes(packet[start : start + 2]) == ONE_BYTE_PROFILE:
        position = start + 4
        while position < end:
            mask[position - start] = 0xFF
            identifier, size = packet[position] >> 4, (packet[position] & 0x0F) + 1
            if packet[position] == 0:
                position += 1
                continue
            if identifier == 15:  # reserved: reading stops here (RFC 8285 section 4.2)
                break
            if position + 1 + size > end:
                return None
            positions[identifier] = (position + 1, size)
            position += 1 + size

    texts: dict[int, str] = {}
    stripped = []
    for identifier in (MID, RID, REPAIRED_RID, TRANSPORT_SEQUENCE):
        if identifier not in positions:
            continue
        position, size = positions[identifier]
        stripped.append((position - 1, bytes(size + 1)))
        if identifier != TRANSPORT_SEQUENCE:
            value = packet[position : position + size]
            mask[position - start : position - start + size] = b"\xff" * size
            texts[identifier] = value.decode("ascii", "replace")

    def place(identifier: int, size: int) -> int:
        position, found = positions.get(identifier, (0, 0))
        return position if found == size else 0

    number = int.from_bytes(mask)
    return Layout(
        start=start,
        end=end,
        mask=number,
        match=int.from_bytes(packet[start:end]) & number,
        transport_sequence=place(TRANSPORT_SEQUENCE, 2),
        send_time=place(ABSOLUTE_SEND_TIME, 3),
        audio_level=place(AUDIO_LEVEL, 1),
        mid=texts.get(MID, ""),
        rid=texts.get(RID, ""),
        repaired_rid=texts.get(REPAIRED_RID, ""),
        stripped=tuple(stripped),
    )


def absolute_send_time(now: float) -> bytes:
    """Seconds as the 6.18 fixed-point number of the absolute send time extension, 3 bytes."""
    return (int(now * (1 << 18)) & 0xFFFFFF).to_bytes(3)
