"""Header extensions are parsed in any arrangement, and malformed ones are refused."""

import struct

from aiortc.rtp import unpack_header_extensions
from hypothesis import example, given
from hypothesis import strategies as st

from media.rtp.extension_layout import Layout, read_layout, strip_declined
from media.rtp.header_extensions import (
    ABSOLUTE_SEND_TIME,
    AUDIO_LEVEL,
    FORWARDED_EXTENSIONS,
    MID,
    ORIENTATION,
    RID,
    TRANSPORT_SEQUENCE,
    absolute_send_time,
)

SIZES = {ABSOLUTE_SEND_TIME: 3, AUDIO_LEVEL: 1, ORIENTATION: 1}
SEND_TIME = b"now"


def packet(
    elements: list[tuple[int, bytes]],
    payload: bytes = b"payload",
    padding: int = 0,
    appbits: int | None = None,
) -> bytes:
    """An RTP packet with these extensions: one-byte elements, or two-byte ones with `appbits`."""
    block = bytes(padding)
    for number, value in elements:
        if appbits is None:
            block += bytes(((number << 4) | (len(value) - 1),)) + value
        else:
            block += bytes((number, len(value))) + value
    block += bytes(-len(block) % 4)
    header = struct.pack("!BBHII", 0x90, 96, 1, 2, 3)
    profile = 0xBEDE if appbits is None else 0x1000 | appbits
    return header + struct.pack("!HH", profile, len(block) // 4) + block + payload


def forwarded(data: bytes, layout: Layout) -> bytes:
    """The packet as a subscriber gets it."""
    sent = bytearray(data)
    for position, zeros in layout.stripped:
        sent[position : position + len(zeros)] = zeros
    if layout.send_time:
        sent[layout.send_time : layout.send_time + 3] = SEND_TIME
    assert len(sent) == len(data)
    assert sent[layout.end :] == data[layout.end :]
    return bytes(sent)


def assert_only_ours(data: bytes, layout: Layout, kept: tuple[int, ...]) -> dict[int, bytes]:
    """What another parser finds: each of `kept` once at most, in its size, the time our own."""
    sent = forwarded(data, layout)
    start = layout.start
    (profile,) = struct.unpack_from("!H", sent, start)
    assert profile in (0xBEDE, 0x1000)
    found = unpack_header_extensions(profile, sent[start + 4 : layout.end])
    values = dict(found)
    assert len(values) == len(found)
    for number, value in found:
        assert number in kept
        assert len(value) == SIZES[number]
    assert values.get(ABSOLUTE_SEND_TIME, SEND_TIME) == SEND_TIME
    carried = sum(len(value) + (1 if profile == 0xBEDE else 2) for value in values.values())
    assert len(sent[start + 4 : layout.end].replace(b"\0", b"")) <= carried
    return values


def test_a_golden_packet_of_chromium() -> None:
    data = bytes.fromhex(
        "90601234 00000001 0badcafe"  # header
        "bede0003"  # three words of one-byte extensions
        "22a1b2c3 3100ff 1030 a061 00 00"  # send time, number 255, mid "0", rid "a", padding
        "10ff"
    )
    layout = read_layout(data, FORWARDED_EXTENSIONS["video"])
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


MEDIA = st.sampled_from(sorted(FORWARDED_EXTENSIONS))


@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from((ABSOLUTE_SEND_TIME, AUDIO_LEVEL, ORIENTATION, MID, RID)),
                st.binary(min_size=1, max_size=4),
            ),
            st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)),
        ),
        max_size=6,
    ),
    st.none() | st.integers(0, 15),
    st.integers(0, 3),
    MEDIA,
)
@example([(MID, b"1"), (MID, b"1")], None, 0, "audio")
@example([(MID, b"1"), (AUDIO_LEVEL, b"a"), (MID, b"1")], 0, 0, "audio")
def test_only_what_was_offered_leaves_and_once(
    elements: list[tuple[int, bytes]], appbits: int | None, padding: int, medium: str
) -> None:
    kept = FORWARDED_EXTENSIONS[medium]
    data = packet(elements, padding=padding, appbits=appbits)
    layout = read_layout(data, kept)
    if layout is None:
        assert layout_size(data) > 68
        return
    assert len(layout.stripped) <= 4, "as many as the native loop can blank"
    values = assert_only_ours(data, layout, kept)
    firsts: dict[int, bytes] = {}
    for number, value in elements:
        firsts.setdefault(number, value)
    expected = {number for number in kept if len(firsts.get(number, b"")) == SIZES[number]}
    assert set(values) == expected
    for number in expected - {ABSOLUTE_SEND_TIME}:
        assert values[number] == firsts[number]


@given(st.sets(st.sampled_from((ABSOLUTE_SEND_TIME, AUDIO_LEVEL))), st.none() | st.just(3))
def test_who_did_not_accept_an_extension_does_not_get_it(
    accepted: set[int], appbits: int | None
) -> None:
    elements = [(MID, b"1"), (ABSOLUTE_SEND_TIME, b"abc"), (AUDIO_LEVEL, b"d")]
    data = packet(elements, appbits=appbits)
    layout = read_layout(data, FORWARDED_EXTENSIONS["audio"])
    assert layout is not None
    assert len(layout.kept) <= 2, "as many as the native loop knows"
    sent = bytearray(forwarded(data, layout))
    declined = {ABSOLUTE_SEND_TIME, AUDIO_LEVEL} - accepted
    strip_declined(sent, layout, sum(1 << number for number in declined))
    (profile,) = struct.unpack_from("!H", sent, layout.start)
    found = unpack_header_extensions(profile, sent[layout.start + 4 : layout.end])
    assert {number for number, _ in found} == accepted
    assert sent[layout.end :] == b"payload"


def layout_size(data: bytes) -> int:
    """Bytes of the extension block with its header."""
    return 4 + 4 * int.from_bytes(data[14:16])


@given(
    st.sampled_from((0xBEDE, 0x1000, 0x100F, 0x1010, 0xABCD)),
    st.integers(0, 10).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
    MEDIA,
)
@example(0xBEDE, bytes.fromhex("f0 10 37 00"), "audio")
@example(0xBEDE, bytes.fromhex("01 02 10 37"), "audio")
def test_of_any_bytes_only_what_was_offered_leaves(profile: int, block: bytes, medium: str) -> None:
    kept = FORWARDED_EXTENSIONS[medium]
    header = struct.pack("!BBHII", 0x90, 96, 1, 2, 3)
    data = header + struct.pack("!HH", profile, len(block) // 4) + block + b"payload"
    layout = read_layout(data, kept)
    if layout is not None:
        assert_only_ours(data, layout, kept)
        assert len(layout.stripped) <= 4
    if profile in (0x1010, 0xABCD):
        assert layout is None, "an extension of another form is nobody's"


@given(
    st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=3)), max_size=4),
    st.none() | st.integers(0, 15),
    st.data(),
)
def test_whatever_matches_a_layout_has_it(
    elements: list[tuple[int, bytes]], appbits: int | None, random: st.DataObject
) -> None:
    kept = FORWARDED_EXTENSIONS["video"]
    data = packet(elements, appbits=appbits)
    layout = read_layout(data, kept)
    assert layout is not None
    other = bytearray(data)
    place = random.draw(st.integers(layout.start, layout.end - 1))
    other[place] = random.draw(st.integers(0, 255))
    if int.from_bytes(other[layout.start : layout.end]) & layout.mask == layout.match:
        assert read_layout(bytes(other), kept) == layout


def test_a_two_byte_block_is_read() -> None:
    elements = [
        (MID, b"7"),
        (ABSOLUTE_SEND_TIME, b"abc"),
        (TRANSPORT_SEQUENCE, b"\x12\x34"),
        (RID, b"h"),
    ]
    data = packet(elements, appbits=5)
    layout = read_layout(data, FORWARDED_EXTENSIONS["video"])
    assert layout is not None
    assert (layout.mid, layout.rid) == ("7", "h")
    position = layout.transport_sequence
    assert data[position : position + 2] == b"\x12\x34"
    assert (
        forwarded(data, layout)[12:].rstrip(b"payload").rstrip(b"\0")
        == bytes.fromhex("1000 0004 0000 00 02 03") + SEND_TIME
    )


@given(st.binary(min_size=12, max_size=80))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    layout = read_layout(data)
    if layout is not None:
        assert 12 <= layout.end <= len(data)


def test_the_send_time_wraps() -> None:
    assert absolute_send_time(0.5) == (1 << 17).to_bytes(3)
    assert absolute_send_time(64.5) == absolute_send_time(0.5)
