"""An outbound stream's numbers are continuous, and none is ever used for two packets."""

import struct

from aiortc.rtp import RtcpSenderInfo
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from media.congestion.bandwidth_estimate import UNLIMITED
from media.rtp.codecs import H264, OPUS, VP8
from media.rtp.extension_layout import read_layout
from media.rtp.header_extensions import ABSOLUTE_SEND_TIME, absolute_send_time
from media.rtp.padding import PADDED_HEADER
from media.rtp.rtx import restore
from media.rtp.vp8 import rewrite_descriptor
from media.streams.inbound import Arrival, InboundStream
from media.streams.outbound import OutboundStream
from media.transport.port import Destination

KEY = b"\x90\xe0\x80\x05\x07\x20\x50"
INTER = b"\x90\xe0\x80\x05\x07\x20\x51"


def packet(ssrc: int, sequence: int, timestamp: int, payload: bytes) -> bytes:
    return struct.pack("!BBHII", 0x80, VP8.payload_type, sequence, timestamp, ssrc) + payload


def video(ssrc: int = 1, rid: str = "") -> InboundStream:
    return InboundStream(ssrc, VP8, "publisher", rid)


def outbound() -> OutboundStream:
    stream = OutboundStream("subscriber", "publisher", "video", 11, 12, Destination())
    stream.payload_types = frozenset((96, 97))
    stream.allow(UNLIMITED)
    return stream


class Loop:
    """What the packet loop does with one outbound stream, without the network."""

    def __init__(self) -> None:
        self.outbound = outbound()
        self.protected: dict[tuple[int, int], bytes] = {}
        self.order: list[int] = []

    def take(
        self, inbound: InboundStream, sequence: int, timestamp: int, payload: bytes, now: float
    ) -> None:
        arrival = Arrival.NEXT
        if sequence != inbound.next_sequence:
            arrival = inbound.accept(sequence, now)
        else:
            inbound.next_sequence = (sequence + 1) & 0xFFFF
        if arrival is Arrival.DUPLICATE:
            return
        late = arrival is Arrival.LATE
        data = packet(inbound.ssrc, sequence, timestamp, payload)
        if not late:
            inbound.timestamp = timestamp
        assert inbound.history is not None
        inbound.history.store(sequence, data)
        if inbound.waiting and not late and inbound.starts_keyframe(payload, now):
            for stream in inbound.waiting:
                stream.begin(inbound, sequence, timestamp, memoryview(payload), now)
        for stream in inbound.outbound_streams:
            if late and not stream.covers(sequence):
                continue
            out = bytearray(data)
            number = (sequence + stream.sequence_offset) & 0xFFFF
            struct.pack_into("!H", out, 2, number)
            struct.pack_into("!II", out, 4, (timestamp + stream.timestamp_offset) & 0xFFFFFFFF, 11)
            if stream.rewrites_descriptor and stream.segment is not None:
                rewrite_descriptor(
                    memoryview(out)[12:],
                    stream.segment.picture_id_offset,
                    stream.segment.tl0picidx_offset,
                )
            stream.packets += 1
            stream.octets += len(out)
            stream.payload_octets += len(payload)
            self.protect(11, number, bytes(out))
            self.order.append(number)

    def protect(self, ssrc: int, number: int, data: bytes) -> None:
        assert (ssrc, number) not in self.protected, "a number is used twice"
        self.protected[ssrc, number] = data

    def repeat(self, number: int, now: float) -> bytes | None:
        data = self.outbound.retransmission(number, now, absolute_send_time(now))
        if data is not None:
            self.protect(12, int.from_bytes(data[2:4]), data)
        return data


def test_a_switch_of_encoding_leaves_no_gap() -> None:
    loop, high, low = Loop(), video(1, "h"), video(2, "l")
    loop.outbound.follow(high, 0.0)
    for number in range(10):
        loop.take(high, 100 + number, 3000 * number, KEY if number == 0 else INTER, number / 30)
    loop.outbound.follow(low, 0.4)
    assert loop.outbound.inbound is high, "the old encoding goes on until the new one can start"
    loop.take(low, 7, 500, INTER, 0.4)
    loop.take(high, 110, 30000, INTER, 0.41)
    loop.take(low, 8, 3500, KEY, 0.43)
    loop.take(high, 111, 33000, INTER, 0.44)
    loop.take(low, 9, 6500, INTER, 0.46)
    first = loop.order[0]
    assert loop.order == [(first + index) & 0xFFFF for index in range(13)]
    last, after = (loop.protected[11, loop.order[index]] for index in (10, 11))
    step = (int.from_bytes(after[4:8]) - int.from_bytes(last[4:8])) & 0xFFFFFFFF
    assert step == 3000


def test_vp8_counters_go_on_after_a_switch() -> None:
    loop, high, low = Loop(), video(1), video(2)
    loop.outbound.follow(high, 0.0)
    loop.take(high, 1, 0, KEY, 0.0)
    loop.outbound.follow(low, 0.1)
    loop.take(low, 1, 0, b"\x90\xe0\x90\x00\x63\x20\x50", 0.1)
    assert loop.protected[11, loop.order[1]][12:] == b"\x90\xe0\x80\x06\x08\x20\x50"


def test_what_is_late_from_before_a_switch_is_dropped() -> None:
    loop, high, low = Loop(), video(1), video(2)
    loop.outbound.follow(low, 0.0)
    loop.take(low, 5, 0, KEY, 0.0)
    loop.outbound.follow(high, 0.1)
    loop.take(high, 49, 0, INTER, 0.1)
    loop.take(high, 51, 0, KEY, 0.1)
    sent = len(loop.order)
    loop.take(high, 50, 0, INTER, 0.2)
    assert len(loop.order) == sent


def test_a_sender_report_tells_the_publishers_clocks_in_the_subscribers_time() -> None:
    loop, high, low = Loop(), video(1, "h"), video(2, "l")
    stream = loop.outbound

    def told(report: RtcpSenderInfo | None) -> tuple[int, int, int, int] | None:
        if report is None:
            return None
        return (
            report.ntp_timestamp,
            report.rtp_timestamp,
            report.packet_count,
            report.octet_count,
        )

    def sent_at(place: int) -> int:
        """The timestamp in the subscriber's packet of that position."""
        return int.from_bytes(loop.protected[11, loop.order[place]][4:8])

    size = len(KEY)
    stream.follow(high, 0.0)
    high.note_sender_report(RtcpSenderInfo(77, 500, 9999, 8888), 0.0)
    assert stream.sender_report() is None, "nothing is sent yet"
    loop.take(high, 100, 500, KEY, 0.0)
    assert told(stream.sender_report()) == (77, sent_at(0), 1, size)
    loop.take(high, 101, 3500, INTER, 0.03)
    high.note_sender_report(RtcpSenderInfo(78, 3500 + 90, 9999, 8888), 0.03)
    assert told(stream.sender_report()) == (78, (sent_at(1) + 90) & 0xFFFFFFFF, 2, 2 * size)

    stream.follow(low, 0.04)
    low.note_sender_report(RtcpSenderInfo(79, 0xFFFFFFF0, 1, 1), 0.04)
    assert told(stream.sender_report()) == (78, (sent_at(1) + 90) & 0xFFFFFFFF, 2, 2 * size), (
        "the old encoding goes on until the new one can begin"
    )
    loop.take(low, 7, 0xFFFFFFF0, KEY, 0.06)
    assert told(stream.sender_report()) == (79, sent_at(2), 3, 3 * size), "counts go on"

    stream.follow(None, 1.0)
    assert stream.sender_report() is None, "what is paused has no time"
    stream.follow(low, 5.0)
    loop.take(low, 200, 360_000, KEY, 5.0)
    low.note_sender_report(RtcpSenderInfo(80, 360_000, 200, 1), 5.0)
    assert told(stream.sender_report()) == (80, sent_at(3), 4, 4 * size)
    assert (sent_at(3) - sent_at(2)) & 0xFFFFFFFF == 4 * 90_000, "the pause has passed"


def test_a_stream_whose_clocks_are_not_known_has_no_sender_report() -> None:
    loop, source = Loop(), video()
    loop.outbound.follow(source, 0.0)
    loop.take(source, 100, 500, KEY, 0.0)
    assert loop.outbound.sender_report() is None


def test_a_retransmission_reaches_behind_a_switch() -> None:
    loop, high, low = Loop(), video(1), video(2)
    loop.outbound.follow(high, 0.0)
    loop.take(high, 1, 0, KEY, 0.0)
    loop.take(high, 2, 3000, INTER, 0.0)
    loop.outbound.follow(low, 0.1)
    loop.take(low, 900, 77, KEY, 0.1)
    data = loop.repeat(loop.order[1], 0.2)
    assert data is not None
    assert data[1] & 0x7F == 97
    assert int.from_bytes(data[8:12]) == 12
    assert int.from_bytes(data[12:14]) == loop.order[1]
    assert data[14:] == INTER
    assert loop.repeat(loop.order[1], 0.205) is None, "it is still on its way"
    assert loop.repeat(loop.order[1], 0.3) is not None
    assert loop.repeat((loop.order[-1] + 1) & 0xFFFF, 0.3) is None
    assert loop.repeat((loop.order[0] - 1) & 0xFFFF, 0.3) is None


def test_a_retransmission_has_the_codec_that_its_packet_had() -> None:
    loop, source = Loop(), video()
    loop.outbound.payload_types = frozenset((96, 97, 102, 103))
    loop.outbound.follow(source, 0.0)
    loop.take(source, 1, 0, KEY, 0.0)
    source.codec, source.payload_type = H264, H264.payload_type
    data = loop.repeat(loop.order[0], 0.1)
    assert data is not None
    assert data[1] & 0x7F == VP8.rtx_payload_type


def test_audio_begins_at_once_and_after_a_pause_time_has_passed() -> None:
    audio = InboundStream(1, OPUS, "publisher")
    stream = OutboundStream("subscriber", "publisher", "audio", 11, 0, Destination())
    stream.follow(audio, 0.0)
    assert audio.waiting == (stream,)
    assert audio.starts_keyframe(b"", 1.0)
    stream.begin(audio, 10, 960, memoryview(b""), 0.0)
    audio.next_sequence, audio.timestamp = 11, 960
    before = (stream.sequence_offset + 10) & 0xFFFF, (stream.timestamp_offset + 960) & 0xFFFFFFFF
    stream.follow(None, 1.0)
    stream.follow(audio, 3.0)
    stream.begin(audio, 110, 97000, memoryview(b""), 3.0)
    assert (stream.sequence_offset + 110) & 0xFFFF == (before[0] + 1) & 0xFFFF
    assert (stream.timestamp_offset + 97000) & 0xFFFFFFFF == (before[1] + 96000) & 0xFFFFFFFF


def test_what_is_missed_of_a_young_stream_tells_whether_it_fits() -> None:
    loop, source = Loop(), video()
    loop.outbound.follow(source, 0.0)
    loop.take(source, 100, 0, KEY, 0.0)
    first = loop.order[0]
    assert loop.outbound.note_nack([first]) == 0.0, "too little to say"
    for number in range(1, 40):
        loop.take(source, 100 + number, 3000 * number, INTER, number / 30)
    missed = [(first + number) & 0xFFFF for number in range(20)]
    assert loop.outbound.note_nack(missed) == 0.5
    assert loop.outbound.note_nack(missed) == 0.5, "asked for twice is missed once"
    assert loop.outbound.note_nack([first - 1, first + 400]) == 0.5, "never sent in it"
    loop.outbound.follow(None, 2.0)
    assert loop.outbound.note_nack(missed) == 0.0, "nothing is sent any more"


def test_what_the_publishers_link_lost_is_no_flood_of_the_subscribers() -> None:
    """It was retransmitted to the relay, and forwarded late."""
    loop, source = Loop(), video()
    loop.outbound.follow(source, 0.0)
    loop.take(source, 100, 0, KEY, 0.0)
    first = loop.order[0]
    lost = range(103, 143, 2)
    for number in range(101, 160):
        if number not in lost:
            loop.take(source, number, 3000 * number, INTER, 0.1)
    for number in lost:
        loop.take(source, number, 3000 * number, INTER, 0.2)
    assert len(loop.order) == 60
    assert loop.outbound.note_nack((first + number - 100) & 0xFFFF for number in lost) == 0.0
    own = [(first + number) & 0xFFFF for number in range(2, 42, 2)]
    assert loop.outbound.note_nack(own) == 20 / 60
    for number in range(200, 4000, 2):
        loop.take(source, number, 3000 * number, INTER, 1.0)
    assert len(source.passed_over) <= 256


def test_padding_is_a_retransmission_of_nothing_whose_arrival_is_reported() -> None:
    loop, source = Loop(), video()
    loop.outbound.follow(source, 0.0)
    loop.take(source, 100, 3000, KEY, 0.0)
    assert not loop.outbound.takes_padding
    loop.outbound.reports_arrivals = True
    assert loop.outbound.takes_padding
    data = loop.outbound.padding(255, 0x1234, absolute_send_time(7.5))
    assert len(data) == PADDED_HEADER + 255
    layout = read_layout(data)
    assert layout is not None
    place = layout.transport_sequence
    assert data[place : place + 2] == b"\x12\x34"
    assert data[layout.send_time : layout.send_time + 3] == absolute_send_time(7.5)
    assert data[4:8] == loop.protected[11, loop.order[-1]][4:8], "it stands at the video's time"
    assert data[1] == VP8.rtx_payload_type
    assert data[-1] == len(data) - layout.end, "and nothing is left of it"
    restored = restore(data, layout.end, VP8.payload_type, 1)
    assert restored is None
    loop.outbound.declined = 1 << ABSOLUTE_SEND_TIME
    untimed = read_layout(loop.outbound.padding(9, 0x1235, absolute_send_time(7.5)))
    assert untimed is not None
    assert untimed.transport_sequence and not untimed.send_time
    loop.outbound.payload_types = frozenset((96,))
    assert not loop.outbound.takes_padding, "without retransmissions there is no place for it"


class Switching(RuleBasedStateMachine):
    """Any order of loss, reordering, duplication, switches, pauses and retransmissions."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.inbound_streams = [video(1, "h"), video(2, "m"), video(3, "l")]
        self.numbers = [65500, 100, 32700]
        self.held: list[tuple[int, int, int, bytes]] = []
        self.now = 0.0

    @rule(index=st.integers(0, 2), count=st.integers(1, 40), key=st.booleans())
    def send(self, index: int, count: int, key: bool) -> None:
        for place in range(count):
            self.now += 0.005
            number = self.numbers[index]
            self.numbers[index] = (number + 1) & 0xFFFF
            payload = KEY if key and place == 0 else INTER
            self.loop.take(
                self.inbound_streams[index], number, int(self.now * 90000), payload, self.now
            )

    @rule(index=st.integers(0, 2), count=st.integers(1, 300))
    def lose(self, index: int, count: int) -> None:
        number = self.numbers[index]
        for place in range(min(count, 5)):
            self.held.append((index, (number + place) & 0xFFFF, int(self.now * 90000), INTER))
        self.numbers[index] = (number + count) & 0xFFFF

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 1000), again=st.booleans())
    def arrive_late(self, place: int, again: bool) -> None:
        index, number, timestamp, payload = self.held[place % len(self.held)]
        if not again:
            self.held.pop(place % len(self.held))
        if self.inbound_streams[index].next_sequence >= 0:
            self.loop.take(self.inbound_streams[index], number, timestamp, payload, self.now)

    @rule(index=st.one_of(st.none(), st.integers(0, 2)))
    def follow(self, index: int | None) -> None:
        self.now += 0.01
        self.loop.outbound.follow(None if index is None else self.inbound_streams[index], self.now)

    @precondition(lambda self: self.loop.order)
    @rule(back=st.integers(0, 400))
    def repeat(self, back: int) -> None:
        self.now += 0.03
        self.loop.outbound.allow(UNLIMITED)
        number = self.loop.order[max(0, len(self.loop.order) - 1 - back)]
        data = self.loop.repeat(number, self.now)
        if data is not None:
            original = self.loop.protected[11, number]
            assert data[12:14] == original[2:4]
            assert data[14:] == original[12:]
            assert data[4:8] == original[4:8]

    @rule(count=st.integers(1, 20))
    def pad(self, count: int) -> None:
        for number in range(count):
            data = self.loop.outbound.padding(100, number, absolute_send_time(self.now))
            self.loop.protect(12, int.from_bytes(data[2:4]), data)

    @rule()
    def give_up_gaps(self) -> None:
        self.now += 2.0
        for inbound in self.inbound_streams:
            inbound.due_nacks(self.now, 0.1)

    @invariant()
    def follows_what_it_says(self) -> None:
        stream = self.loop.outbound
        for inbound in self.inbound_streams:
            assert (stream in inbound.outbound_streams) == (stream.inbound is inbound)
            assert (stream in inbound.waiting) == (stream.target is inbound)


TestSwitching = Switching.TestCase
TestSwitching.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
