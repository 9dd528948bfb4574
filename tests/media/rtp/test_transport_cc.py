"""Transport-wide feedback reports for every packet whether and when it arrived."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from media.rtp.transport_cc import (
    FARTHEST,
    MOST_READ,
    TICK,
    ArrivalLog,
    build_feedback,
    read_feedback,
    split_feedback,
)


def read(message: bytes) -> tuple[int, dict[int, float | None]]:
    """Sequence number of the feedback, and arrival times in seconds by packet number."""
    first, kind, words = struct.unpack_from("!BBH", message)
    assert (first, kind, (words + 1) * 4) == (0x8F, 205, len(message))
    body = message
    base, count = struct.unpack_from("!HH", body, 12)
    reference, number = int.from_bytes(body[16:19]), body[19]
    position = 20
    symbols: list[int] = []
    while len(symbols) < count:
        chunk = int.from_bytes(body[position : position + 2])
        position += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    ticks = reference * 256
    times: dict[int, float | None] = {}
    for index, symbol in enumerate(symbols[:count]):
        times[(base + index) & 0xFFFF] = None
        if symbol:
            size = 1 if symbol == 1 else 2
            ticks += int.from_bytes(body[position : position + size], signed=symbol == 2)
            position += size
            times[(base + index) & 0xFFFF] = round(ticks * TICK, 6)
    assert body[position:] == bytes(-position % 4)
    return number, times


def test_a_golden_message() -> None:
    message = build_feedback([1.0, 1.001, None, 1.1], 10, 3, 0x11111111, 0x22222222)
    # Reference 15 * 64 ms; deltas 160, 4 and 396 ticks; two-bit statuses 1, 1, 0, 2.
    assert message == bytes.fromhex(
        "8fcd0006 11111111 22222222 000a0004 00000f03 d480 a0 04 018c 0000"
    )
    assert read(message)[1] == {10: 1.0, 11: 1.001, 12: None, 13: 1.1}


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.one_of(st.none(), st.floats(0, 3)), min_size=1, max_size=300).filter(
        lambda times: any(time is not None for time in times)
    ),
)
def test_what_is_written_can_be_read(base: int, offsets: list[float | None]) -> None:
    times = [None if time is None else 1000 + time for time in offsets]
    number, found = read(build_feedback(times, base, 7, 1, 2))
    assert number == 7
    assert len(found) == len(times)
    for index, at in enumerate(times):
        seen = found[(base + index) & 0xFFFF]
        if at is None:
            assert seen is None
        else:
            assert seen is not None
            assert abs(seen - at) <= TICK


def test_numbers_go_on_across_the_wrap_and_gaps_are_told_once() -> None:
    log = ArrivalLog()
    message = log.feedback([(0xFFFE, 5.0), (0xFFFF, 5.01), (1, 5.02)], 1, 2)
    assert list(read(message)[1]) == [0xFFFE, 0xFFFF, 0, 1]
    message = log.feedback([(2, 5.1), (4, 5.2)], 1, 2)
    number, times = read(message)
    assert number == 1
    assert [packet for packet, at in times.items() if at is None] == [3]
    number, times = read(log.feedback([(5, 5.3), (6, 5.3), (7, 5.301)], 1, 2))
    assert (number, times) == (2, {5: 5.3, 6: 5.3, 7: 5.301})


def test_what_came_much_later_is_told_in_a_message_of_its_own() -> None:
    log = ArrivalLog()
    both = log.feedback([(1, 5.0), (2, 5.01), (4, 25.0), (5, 25.01)], 1, 2)
    rest, messages = split_feedback(both)
    assert not rest
    assert [read(message) for message in messages] == [
        (0, {1: 5.0, 2: 5.01, 3: None}),
        (1, {4: 25.0, 5: 25.01}),
    ]
    assert read(log.feedback([(6, 25.1)], 1, 2)) == (2, {6: 25.1})


def test_a_delta_is_told_as_far_as_it_goes() -> None:
    log = ArrivalLog()
    near = log.feedback([(1, 64.0), (2, 64.0 + (FARTHEST - 1) * TICK), (3, 64.0 - TICK)], 1, 2)
    assert read(near)[1] == {1: 64.0, 2: 64.0 + (FARTHEST - 1) * TICK, 3: 64.0 - TICK}
    far = log.feedback([(4, 64.0), (5, 64.0 + FARTHEST * TICK)], 1, 2)
    assert len(split_feedback(far)[1]) == 2


def test_a_flood_makes_no_endless_message() -> None:
    log = ArrivalLog()
    arrivals = [(number & 0xFFFF, number / 1000) for number in range(5000)]
    assert len(log.feedback(arrivals, 1, 2)) < 1400


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.one_of(st.none(), st.floats(0, 3)), min_size=1, max_size=300).filter(
        lambda times: any(time is not None for time in times)
    ),
)
def test_what_others_write_is_read(base: int, offsets: list[float | None]) -> None:
    times = [None if time is None else 1000 + time for time in offsets]
    message = build_feedback(times, base, 7, 1, 2)
    found = read_feedback(message)
    assert {number: at and round(at, 6) for number, at in found.items()} == read(message)[1]
    report = bytes.fromhex("80c90001 00000007")
    assert split_feedback(report + message + report) == (report + report, [message])


@given(st.binary(max_size=60), st.integers(0, 60))
def test_malformed_feedback_is_read_as_nothing_or_little(noise: bytes, length: int) -> None:
    message = build_feedback([1.0, None, 1.1], 10, 3, 1, 2)
    assert len(read_feedback(message[:20] + noise)) <= 3
    assert read_feedback(message[: min(length, 21)]) == {}
    rest, found = split_feedback(noise + message[:length])
    assert sum(map(len, found)) + len(rest) == len(noise) + min(length, len(message))


def test_a_message_that_claims_too_much_is_not_read() -> None:
    most = build_feedback([1.0, *[None] * (MOST_READ - 2), 1.1], 10, 3, 1, 2)
    assert len(read_feedback(most)) == MOST_READ
    # Nine run lengths of packets that did not arrive: a datagram has room for 35 of these.
    chunks = struct.pack("!9H", *[0x1FFF] * 9)
    assert read_feedback(bytes(12) + struct.pack("!HHI", 0, 0xFFFF, 0) + chunks) == {}
