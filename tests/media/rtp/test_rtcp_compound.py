"""Compound RTCP packets are read packet by packet, whatever valid form the others have."""

import struct

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPsfbPacket, RtcpRrPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.rtcp_compound import read_compound

REPORT = 201, 0, struct.pack("!I", 1)
REQUEST = 206, 1, struct.pack("!II", 1, 7)
BLOCK = bytes(24)
names = st.lists(st.tuples(st.integers(1, 15), st.binary(max_size=20)), max_size=3)


def packet(packet_type: int, count: int, payload: bytes, padding: bytes = b"") -> bytes:
    payload += padding
    assert len(payload) % 4 == 0
    first = 0x80 | (0x20 if padding else 0) | count
    return struct.pack("!BBH", first, packet_type, len(payload) // 4) + payload


def chunk(ssrc: int, items: list[tuple[int, bytes]]) -> bytes:
    """An SDES chunk: zeros, at least one, end it with a word."""
    written = struct.pack("!I", ssrc)
    written += b"".join(bytes((kind, len(value))) + value for kind, value in items)
    return written + bytes(4 - len(written) % 4)


@given(st.lists(st.tuples(st.integers(0, 0xFFFFFFFF), names), max_size=31))
def test_every_source_of_a_description_is_read(sources: list) -> None:
    description = packet(202, len(sources), b"".join(chunk(*source) for source in sources))
    _, read, request = read_compound(packet(*REPORT) + description + packet(*REQUEST))
    assert isinstance(read, RtcpSdesPacket)
    assert [(each.ssrc, each.items) for each in read.chunks] == sources
    assert isinstance(request, RtcpPsfbPacket)


def test_reports_may_have_an_extension_of_their_profile() -> None:
    sender = struct.pack("!IQIII", 1, 2, 3, 4, 5)
    sent, received, request = read_compound(
        packet(200, 1, sender + BLOCK + b"extended")
        + packet(201, 2, struct.pack("!I", 1) + 2 * BLOCK + b"more")
        + packet(*REQUEST)
    )
    assert isinstance(sent, RtcpSrPacket)
    assert (sent.sender_info.ntp_timestamp, len(sent.reports)) == (2, 1)
    assert isinstance(received, RtcpRrPacket)
    assert len(received.reports) == 2
    assert isinstance(request, RtcpPsfbPacket)


@pytest.mark.parametrize(
    "beside",
    [
        packet(204, 3, struct.pack("!I", 1) + b"nameDATA"),
        packet(207, 0, struct.pack("!IBBH", 1, 4, 0, 2) + bytes(8)),
        packet(210, 31, b""),
        packet(205, 3, bytes(16)),
        packet(205, 11, bytes(4)),
        packet(206, 15, bytes(4)),
        packet(202, 1, struct.pack("!I", 1) + b"\x01\x40ab"),
        packet(203, 2, struct.pack("!I", 9)),
        packet(206, 1, bytes(8), b"\0\0\0\xff"),
        packet(206, 1, bytes(8), b"\0\0\0\0"),
    ],
)
def test_what_cannot_be_read_leaves_what_is_beside_it(beside: bytes) -> None:
    read = read_compound(packet(*REPORT) + beside + packet(*REQUEST))
    assert isinstance(read[0], RtcpRrPacket)
    assert isinstance(read[-1], RtcpPsfbPacket)
    assert read[-1].media_ssrc == 7


def test_padding_and_reasons_are_no_content() -> None:
    padded = packet(*REQUEST, b"\0\0\0\0\0\0\0\x08")
    goodbye = packet(203, 1, struct.pack("!I", 9) + b"\x03bye")
    left, request = read_compound(goodbye + padded)
    assert isinstance(left, RtcpByePacket)
    assert left.sources == [9]
    assert isinstance(request, RtcpPsfbPacket)
    assert request.fci == b""


@pytest.mark.parametrize(
    "beyond", [b"\x81", b"\x41\xc9\0\0", b"\x80\xc9\0\x02abcd", b"\x80\xc9\xff\xff"]
)
def test_what_is_no_compound_is_refused(beyond: bytes) -> None:
    with pytest.raises(ValueError, match="RTCP"):
        read_compound(packet(*REPORT) + beyond)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    try:
        assert len(read_compound(data)) <= len(data) / 4
    except ValueError:
        return
