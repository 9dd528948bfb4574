"""RTCP is as RFC 3550 and RFC 5506 want it: compounds, unless the client agreed to less."""

import itertools
import struct
from collections.abc import AsyncIterator, Iterator

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
)
from pylibsrtp import Policy, Session

from media.messages import Leave
from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp import rtcp
from media.rtp.codecs import FIR, VP8, Kind
from media.rtp.transport_cc import build_feedback
from media.sfu import rtcp_received, rtcp_sent
from media.streams.inbound import InboundStream
from media.transport.dtls import Ciphers
from media.transport.port import SLOT, Port, pack_address
from media.transport.srtp import Cipher
from scripts.traffic.relay_target import Target

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
KEY = bytes(range(44))
CNAME, MID = 1, 15


class Publisher(Peer):
    """A peer that has sent a video of which one packet is missing; what it is sent can be read."""

    def __init__(self) -> None:
        super().__init__("room", "a", Limits())
        self.port = Port("127.0.0.1", 0)
        self.use(Ciphers(Cipher(PROFILE, KEY, True), Cipher(PROFILE, KEY[::-1], False)))
        self.move(self.port, pack_address("127.0.0.1", 9))
        self.inbound = InboundStream(7, VP8, "a")
        for sequence in (1, 2, 4):
            self.inbound.accept(sequence, 0.0)
            self.inbound.received += 1
        self.inbound.waiting = (None,)
        self.inbound.want_keyframe()
        self.inbound_streams[7] = self.inbound
        self._session = Session(Policy(KEY, Policy.SSRC_ANY_INBOUND, srtp_profile=PROFILE))

    def compounds(self) -> Iterator[bytes]:
        for _, entries in self.port.take_queued():
            for entry in entries:
                start = (entry >> 16) * SLOT
                data = bytes(self.port.outgoing[start : start + (entry & 0xFFFF)])
                yield self._session.unprotect_rtcp(data)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    peer = Publisher()
    yield peer
    peer.port.close()


def send_all_feedback(peer: Publisher) -> None:
    rtcp_sent.send_nack(peer, peer.inbound, 0.5)
    rtcp_sent.send_keyframe_requests(peer, 0.5)
    peer.note_arrival(1, 0.5)
    rtcp_sent.send_transport_feedback(peer)


def types_of(compound: bytes) -> list[int]:
    """The packet types in a compound, transport-wide feedback included."""
    types, position = [], 0
    while position < len(compound):
        _, packet_type, words = struct.unpack_from("!BBH", compound, position)
        types.append(packet_type)
        position += 4 + 4 * words
    assert position == len(compound)
    return types


def test_who_did_not_agree_gets_feedback_in_compounds(publisher: Publisher) -> None:
    send_all_feedback(publisher)
    compounds = list(publisher.compounds())
    assert [types_of(compound) for compound in compounds] == [
        [201, 202, 205],
        [201, 202, 206],
        [201, 202, 205],
    ]
    report, description, nack = RtcpPacket.parse(compounds[0])
    assert isinstance(report, RtcpRrPacket)
    assert report.ssrc == publisher.ssrc
    assert isinstance(description, RtcpSdesPacket)
    assert description.chunks[0].ssrc == publisher.ssrc
    assert description.chunks[0].items == [(CNAME, publisher.cname.encode())]
    assert isinstance(nack, RtcpRtpfbPacket)
    assert nack.lost == [3]


def test_who_agreed_gets_feedback_alone(publisher: Publisher) -> None:
    publisher.negotiation.reduced_size = True
    send_all_feedback(publisher)
    nack, request, arrivals = publisher.compounds()
    assert [types_of(one) for one in (nack, request, arrivals)] == [[205], [206], [205]]
    assert isinstance(RtcpPacket.parse(request)[0], RtcpPsfbPacket)


@pytest.mark.parametrize("reduced_size", [True, False])
def test_a_report_always_names_its_sender(publisher: Publisher, reduced_size: bool) -> None:
    publisher.negotiation.reduced_size = reduced_size
    rtcp_sent.send_receiver_reports(publisher, 1.0, limit=300_000)
    (compound,) = publisher.compounds()
    assert types_of(compound) == [201, 202, 206]
    report, description, _ = RtcpPacket.parse(compound)
    assert isinstance(report, RtcpRrPacket)
    assert [block.ssrc for block in report.reports] == [7]
    assert isinstance(description, RtcpSdesPacket)
    assert description.chunks[0].items == [(CNAME, publisher.cname.encode())]


def test_feedback_is_what_the_publisher_takes(publisher: Publisher) -> None:
    publisher.inbound.feedback = frozenset((FIR,))
    send_all_feedback(publisher)
    publisher.inbound.want_keyframe()
    rtcp_sent.send_keyframe_requests(publisher, 2.0)
    rtcp_sent.send_receiver_reports(publisher, 2.0, limit=300_000)
    compounds = list(publisher.compounds())
    # No NACK, and no REMB beside the report.
    assert [types_of(compound)[2:] for compound in compounds] == [[206], [205], [206], []]
    for number, compound in enumerate((compounds[0], compounds[2]), 1):
        request = RtcpPacket.parse(compound)[-1]
        assert isinstance(request, RtcpPsfbPacket)
        assert (request.fmt, request.media_ssrc) == (4, 0)
        assert request.fci == struct.pack("!IB3x", publisher.inbound.ssrc, number)


def test_who_takes_no_request_is_sent_one_all_the_same(publisher: Publisher) -> None:
    publisher.inbound.feedback = frozenset()
    send_all_feedback(publisher)
    assert [types_of(compound)[2:] for compound in publisher.compounds()] == [[206], [205]]


def test_names_are_never_the_same() -> None:
    assert len({Peer("room", "a", Limits()).cname for _ in range(50)}) == 50


class StillClock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    started = Target(StillClock())
    await started.fill("ab")
    yield started
    await started.close()


def received(target: Target, name: str) -> list[list]:
    """The RTCP compounds that a light client has been sent since it last looked."""
    client = target.clients[name]
    assert client.ciphers is not None
    compounds = []
    while count := client.port.receive():
        for index in range(count):
            start = index * SLOT
            data = bytes(client.port.incoming[start : start + client.port.length(index)])
            if 127 < data[0] < 192 and 191 < data[1] < 224:
                plain = client.ciphers.incoming.unprotect_rtcp(data)
                compounds.append(RtcpPacket.parse(plain))
    return compounds


def send_media(target: Target, seconds: int, reports: bool = False) -> None:
    """Have ``a`` send audio and video, a frame every tenth of a second of the moved clock."""
    clock, client = target.sfu.now, target.clients["a"]
    assert isinstance(clock, StillClock)
    for step in range(10 * seconds):
        clock.seconds += 0.1
        for stream in (client.audio, client.video):
            assert stream is not None
            stream.timestamp = (stream.timestamp + stream.clock_rate // 10) & 0xFFFFFFFF
            client.send_packets(stream, 1, clock())
        if reports and step % 10 == 0:
            client.report(clock())
        for one in target.clients.values():
            one.check()
        target.sfu.forwarder.drain(target.port)
        for _ in range(5):
            target.sfu.timers.tick()


def sender_reports(target: Target, name: str) -> list[tuple[RtcpSrPacket, RtcpSdesPacket]]:
    found = []
    for compound in received(target, name):
        if isinstance(compound[0], RtcpSrPacket):
            assert isinstance(compound[1], RtcpSdesPacket)
            found.append((compound[0], compound[1]))
    return found


async def test_listeners_of_a_publisher_without_reports_get_ours(target: Target) -> None:
    send_media(target, 4)
    assert sender_reports(target, "b") == [], "a publisher may take five seconds for its first"
    send_media(target, 6)
    reports = sender_reports(target, "b")
    peer = target.sfu.rooms["room"].peers["b"]
    streams = peer.downlink.outbound_streams
    mids = {
        outbound.ssrc: peer.negotiation.receiving[source].mid
        for source, outbound in streams.items()
    }
    assert {report.ssrc for report, _ in reports} == set(mids)
    for outbound in streams.values():
        assert outbound.inbound is not None
        own = [pair for pair in reports if pair[0].ssrc == outbound.ssrc]
        assert len(own) >= 3
        for (first, _), (second, description) in itertools.pairwise(own):
            told, before = second.sender_info, first.sender_info
            passed = (told.ntp_timestamp - before.ntp_timestamp) / (1 << 32)
            media = (told.rtp_timestamp - before.rtp_timestamp) / outbound.inbound.clock_rate
            assert 0.5 < passed < 2
            assert abs(passed - media) < 0.05, "its clock goes as the media does"
            assert told.packet_count > before.packet_count
            assert description.chunks[0].items == [
                (CNAME, b"a"),
                (MID, mids[outbound.ssrc].encode()),
            ]
    now = target.sfu.now()
    newest = {report.ssrc: report.sender_info for report, _ in reports}
    for outbound in streams.values():
        info = newest[outbound.ssrc]
        assert outbound.inbound is not None
        behind = outbound.inbound.timestamp + outbound.timestamp_offset - info.rtp_timestamp
        age = (((behind + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)) / outbound.inbound.clock_rate
        assert abs(now - info.ntp_timestamp / (1 << 32) - age) < 0.2, "audio and video alike"
    assert not target.sfu.forwarder.errors


async def test_the_round_trip_is_known_from_our_own_reports(target: Target) -> None:
    send_media(target, 8)
    assert sender_reports(target, "b")
    assert target.sfu.rooms["room"].peers["b"].downlink.reports_sent


async def test_what_a_report_has_waited_for_us_is_no_part_of_the_round_trip(target: Target) -> None:
    send_media(target, 8)
    (report, _), *_ = sender_reports(target, "b")
    client, peer = target.clients["b"], target.sfu.rooms["room"].peers["b"]
    echoed = rtcp.middle_ntp(report.sender_info.ntp_timestamp)
    sent = peer.downlink.reports_sent[echoed]
    block = RtcpReceiverInfo(report.ssrc, 0, 0, 0, 0, echoed, 0)
    assert client.ciphers is not None
    data = client.ciphers.outgoing.protect_rtcp(rtcp.receiver_reports(1, [block]))
    peer.downlink.round_trip = 0.0
    target.sfu.on_rtcp(peer, data, sent + 0.07, sent + 0.05)
    assert peer.downlink.round_trip == pytest.approx(0.05)


async def test_a_publishers_own_reports_are_the_only_ones(target: Target) -> None:
    send_media(target, 8, reports=True)
    reports = sender_reports(target, "b")
    assert reports
    # The light client's clock says seconds since 1900; ours counts from the start of the machine.
    assert all(report.sender_info.ntp_timestamp >> 32 > 2208988800 for report, _ in reports)


async def test_a_mid_in_rtcp_says_where_an_ssrc_belongs(target: Target) -> None:
    client, peer = target.clients["a"], target.sfu.rooms["room"].peers["a"]
    audio = peer.publications.by_kind[Kind.AUDIO]
    assert client.ciphers is not None

    def say(ssrc: int, mid: str) -> None:
        report = rtcp.receiver_reports(1, [RtcpReceiverInfo(1, 0, 0, 0, 0, 0, 0)])
        message = report + rtcp.source_description(ssrc, "load", mid)
        client._send_now(client.ciphers.outgoing.protect_rtcp(message))
        target.sfu.forwarder.drain(target.port)

    say(77, audio.mid)
    say(78, "no such section")
    assert peer.publications.announced[77] == ("a", Kind.AUDIO)
    assert 78 not in peer.publications.announced
    for ssrc in range(100, 200):
        say(ssrc, audio.mid)
        target.sfu.timers.serve(peer, target.sfu.now() + 1)
    assert len(peer.publications.announced) <= peer.limits.streams


async def test_feedback_is_read_while_a_probe_waits_for_it_and_not_without_end(
    target: Target,
) -> None:
    client, peer = target.clients["b"], target.sfu.rooms["room"].peers["b"]
    prober = peer.downlink.prober
    assert client.ciphers is not None
    prober.begin(100_000.0, 1_000_000.0, target.sfu.now())
    assert prober.round is not None
    numbers = [prober.next_number(100, target.sfu.now()) for _ in range(12)]
    report = rtcp.receiver_reports(1, [RtcpReceiverInfo(1, 0, 0, 0, 0, 0, 0)])
    report += b"".join(build_feedback([5.0], number, 0, 1, 2) for number in numbers)
    client._send_now(client.ciphers.outgoing.protect_rtcp(report))
    target.sfu.forwarder.drain(target.port)
    assert list(prober.round.delays) == numbers[: rtcp_received.MOST_FEEDBACK]
    assert not peer.refused


async def test_who_leaves_is_told_that_our_sources_end(target: Target) -> None:
    peer = target.sfu.rooms["room"].peers["b"]
    sources = {peer.ssrc, *peer.downlink.by_ssrc}
    received(target, "b")
    target.sfu.execute(Leave("room", "b"))
    (compound,) = (one for one in received(target, "b") if isinstance(one[-1], RtcpByePacket))
    assert [type(packet) for packet in compound] == [RtcpRrPacket, RtcpSdesPacket, RtcpByePacket]
    assert set(compound[-1].sources) == sources


def full_intra_request(outbound_ssrc: int, number: int) -> bytes:
    """A FIR (RFC 5104 section 4.3.1.1) among requests for streams of others."""
    entries = ((7, 1), (outbound_ssrc, number), (8, 1))
    return bytes(
        RtcpPsfbPacket(4, 1, 0, b"".join(struct.pack("!IB3x", *entry) for entry in entries))
    )


async def test_a_repeated_intra_request_is_one_request_until_a_keyframe_is_lost(
    target: Target,
) -> None:
    """RFC 5104 section 4.3.1.2: who repeats it two round trips after a keyframe did not get that."""
    send_media(target, 1)
    client, room = target.clients["b"], target.sfu.rooms["room"]
    peer = room.peers["b"]
    outbound = peer.downlink.outbound_streams["a", Kind.VIDEO]
    assert client.ciphers is not None
    assert outbound.inbound is not None
    peer.downlink.round_trip = 0.5
    keyframe_at = 1000.0
    wanted = []
    for number, after in ((1, 0.1), (1, 0.9), (2, 0.9), (2, 0.95), (2, 1.1), (3, 0.1)):
        assert outbound.inbound.starts_keyframe(b"\x10\x50", keyframe_at)
        request = client.ciphers.outgoing.protect_rtcp(full_intra_request(outbound.ssrc, number))
        now = keyframe_at + after
        rtcp_received.handle(peer, bytes(request), now, now, room.peers.get)
        wanted.append(outbound.inbound.keyframe_wanted)
    assert wanted == [True, False, True, False, True, True]


async def test_an_intra_request_during_a_pause_is_heard_when_it_is_repeated(
    target: Target,
) -> None:
    send_media(target, 1)
    client, room = target.clients["b"], target.sfu.rooms["room"]
    peer = room.peers["b"]
    outbound = peer.downlink.outbound_streams["a", Kind.VIDEO]
    inbound = outbound.inbound
    assert client.ciphers is not None
    assert inbound is not None
    assert inbound.starts_keyframe(b"\x10\x50", 1000.0)
    for outbound.inbound in (None, inbound):
        request = client.ciphers.outgoing.protect_rtcp(full_intra_request(outbound.ssrc, 1))
        rtcp_received.handle(peer, bytes(request), 1000.1, 1000.1, room.peers.get)
    assert inbound.keyframe_wanted


async def test_names_of_several_sources_hide_no_request_beside_them(target: Target) -> None:
    send_media(target, 1)
    client, peer = target.clients["b"], target.sfu.rooms["room"].peers["b"]
    outbound = peer.downlink.outbound_streams["a", Kind.VIDEO]
    assert client.ciphers is not None
    assert outbound.inbound is not None
    outbound.inbound.keyframe_wanted = False
    # One zero ends the first source's items (RFC 3550 section 6.5).
    names = struct.pack("!IBB1sx", 1, CNAME, 1, b"x") + struct.pack(
        "!IBB1sx", 0xF0F0F0F0, 1, 1, b"y"
    )
    description = struct.pack("!BBH", 0x82, 202, len(names) // 4) + names
    request = bytes(RtcpPsfbPacket(1, 1, outbound.ssrc))
    message = bytes(RtcpRrPacket(1, [])) + description + request
    client._send_now(client.ciphers.outgoing.protect_rtcp(message))
    target.sfu.forwarder.drain(target.port)
    assert outbound.inbound.keyframe_wanted
    assert not peer.refused


async def test_a_publisher_without_a_clock_gets_reports_by_ours(target: Target) -> None:
    client = target.clients["a"]
    assert client.ciphers is not None
    assert client.audio is not None
    for _ in range(8):
        report = rtcp.sender_report(client.audio.ssrc, RtcpSenderInfo(0, 5, 1, 1), "load")
        client._send_now(client.ciphers.outgoing.protect_rtcp(report))
        send_media(target, 1)
    reports = sender_reports(target, "b")
    assert reports
    assert all(report.sender_info.ntp_timestamp for report, _ in reports)
