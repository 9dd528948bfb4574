"""Header extensions are found in whatever arrangement, and malformed ones are refused."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from media.rtp.codecs import ABSOLUTE_SEND_TIME, AUDIO_LEVEL, MID, RID, TRANSPORT_SEQUENCE
from media.rtp.header_extensions import absolute_send_time, read_layout


def packet(
    elements: list[tuple[int, bytes]], payload: bytes = b"payload", padding: int = 0
) -> bytes:
    block = bytes(padding)
    for number, value in elements:
        block += bytes(((number << 4) | (len(value) - 1),)) + value
    block += bytes(-len(block) % 4)
    header = struct.pack("!BBHII", 0x90, 96, 1, 2, 3)
    return header + struct.pack("!HH", 0xBEDE, len(block) // 4) + block + payload


def test_a_golden_packet_of_chromium() -> None:
    data = bytes.fromhex(
        "90601234 00000001 0badcafe"  # header
        "bede0003"  # three words of one-byte extensions
        "22a1b2c3 3100ff 1030 a061 00 00"  # send time, number 255, mid "0", rid "a", padding
        "10ff"
    )
    layout = read_layout(data)
    assert layout is not None
    assert (layout.start, layout.end) == (12, 28)
    assert data[layout.send_time : layout.send_time + 3].hex() == "a1b2c3"
    assert data[layout.transport_sequence : layout.transport_sequence + 2].hex() == "00ff"
    assert (layout.mid, layout.rid) == ("0", "a")
    stripped = bytearray(data)
    for position, zeros in layout.stripped:
        stripped[position : position + len(zeros)] = zeros
    assert stripped[16:28].hex() == "22a1b2c3" + "00" * 8


def test_a_packet_without_extensions() -> None:
    layout = read_layout(struct.pack("!BBHII", 0x80, 96, 1, 2, 3) + b"x")
    assert layout is not None
    assert (layout.end, layout.send_time, layout.stripped) == (12, 0, ())


@given(
    st.lists(
        st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=6)),
        max_size=5,
        unique_by=lambda one: one[0],
    ),
    st.integers(0, 3),
)
def test_values_stand_where_the_layout_says(
    elements: list[tuple[int, bytes]], padding: int
) -> None:
    data = packet(elements, padding=padding)
    layout = read_layout(data)
    assert layout is not None
    assert data[layout.end :] == b"payload"
    assert int.from_bytes(data[layout.start : layout.end]) & layout.mask == layout.match
    values = dict(elements)
    for number, size, position in (
        (ABSOLUTE_SEND_TIME, 3, layout.send_time),
        (TRANSPORT_SEQUENCE, 2, layout.transport_sequence),
        (AUDIO_LEVEL, 1, layout.audio_level),
    ):
        value = values.get(number)
        if value is not None and len(value) == size:
            assert data[position : position + size] == value
        else:
            assert position == 0
    for number, name in ((MID, layout.mid), (RID, layout.rid)):
        if number in values:
            assert name == values[number].decode("ascii", "replace")


@given(st.binary(min_size=12, max_size=80))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    layout = read_layout(data)
    if layout is not None:
        assert 12 <= layout.end <= len(data)


def test_the_send_time_wraps() -> None:
    assert absolute_send_time(0.5) == (1 << 17).to_bytes(3)
    assert absolute_send_time(64.5) == absolute_send_time(0.5)
