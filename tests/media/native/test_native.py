"""The native loop and Python do the same to every packet.

Where the loop is not built, Python is compared with itself, and the relay works all the same.
"""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from aiortc.rtp import RtpPacket, unpack_header_extensions
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from media.participant_limits import Limits
from media.rtp.header_extensions import FORWARDED_EXTENSIONS
from media.transport.port import pack_address
from media.transport.srtp import Cipher
from tests.media.native.packet_worlds import (
    ALL_EXTENSIONS,
    AUDIO_SSRC,
    DECLINED,
    EXTENSIONS,
    NEW_SSRC,
    PROFILE,
    PUBLISHER,
    RTX_SSRC,
    SUBSCRIBERS,
    VIDEO_SSRC,
    World,
    key,
    packet,
)

KEYFRAME = bytes.fromhex("90e0 8005 07 20 50") + bytes(20)
DELTA = bytes.fromhex("90e0 8006 08 20 51") + bytes(30)
DESCRIPTORS = [
    KEYFRAME,
    DELTA,
    bytes.fromhex("10 50") + bytes(9),
    bytes.fromhex("80 80 7f 01"),
    bytes.fromhex("90 c0 85 05"),
    bytes.fromhex("90 40 07"),
    bytes.fromhex("90 f0"),
    b"\x90",
    b"",
]
REDUNDANT = bytes.fromhex("ef 000003 6f 010203 aabbcc")


class Sender:
    """A publisher's browser: protects packets, and may send any of them again or corrupted."""

    def __init__(self) -> None:
        policy = Policy(key=key(1), ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILE)
        policy.allow_repeat_tx = True
        self.session = Session(policy)
        self.sent: list[bytes] = []
        self.sequences = {AUDIO_SSRC: 100, VIDEO_SSRC: 0xFFF0, RTX_SSRC: 5, NEW_SSRC: 9}
        self.number = 0xFFF8

    def protect(
        self,
        ssrc: int,
        payload_type: int,
        payload: bytes,
        extensions: bytes,
        step: int = 1,
        padding: int = 0,
    ) -> bytes:
        sequence = (self.sequences[ssrc] + step) & 0xFFFF
        if step > 0:
            self.sequences[ssrc] = sequence
        self.number = (self.number + 1) & 0xFFFF
        data = packet(
            ssrc, payload_type, sequence, sequence * 960, payload, extensions, self.number
        )
        if padding:
            data = bytes((data[0] | 0x20,)) + data[1:] + bytes(padding - 1) + bytes((padding,))
        self.sent.append(self.session.protect(data))
        return self.sent[-1]


ACTIONS = st.one_of(
    st.tuples(st.just("audio"), st.sampled_from(sorted(ALL_EXTENSIONS)), st.integers(-3, 4)),
    st.tuples(
        st.just("video"),
        st.sampled_from(sorted(ALL_EXTENSIONS)),
        st.integers(-3, 4),
        st.sampled_from(DESCRIPTORS),
    ),
    st.tuples(st.just("plain"), st.integers(1, 9)),
    st.tuples(st.just("red"), st.booleans()),
    st.tuples(st.just("codec"), st.sampled_from([102, 97, 0, 127])),
    st.tuples(st.just("repeat"), st.integers(0, 40)),
    st.tuples(st.just("rtx"), st.integers(0, 12)),
    st.tuples(st.just("again"), st.integers(1, 12)),
    st.tuples(st.just("spoilt"), st.integers(0, 200), st.integers(1, 255)),
    st.tuples(st.just("cut"), st.integers(0, 60)),
    st.tuples(st.just("new"), st.sampled_from(sorted(ALL_EXTENSIONS))),
    st.tuples(st.just("garbage"), st.binary(min_size=0, max_size=60)),
    st.tuples(st.just("long"), st.integers(1400, 2048)),
    st.tuples(st.just("pause"), st.integers(0, 5)),
    st.tuples(st.just("miss"), st.integers(0, 2), st.integers(0, 30)),
    st.tuples(st.just("wait"), st.floats(0, 0.1)),
    st.tuples(st.just("late"), st.one_of(st.none(), st.floats(-1, 3))),
    st.tuples(st.just("batch")),
)


def datagram(sender: Sender, action: tuple) -> list[bytes]:
    """What the publisher sends by one action."""
    match action:
        case ("audio", name, step):
            return [sender.protect(AUDIO_SSRC, 111, b"opus", ALL_EXTENSIONS[name], step)]
        case ("video", name, step, payload):
            return [sender.protect(VIDEO_SSRC, 96, payload, ALL_EXTENSIONS[name], step)]
        case ("plain", count):
            return [
                sender.protect(VIDEO_SSRC, 96, DELTA * 20, EXTENSIONS["usual"])
                for _ in range(count)
            ] + [sender.protect(AUDIO_SSRC, 111, b"sound", EXTENSIONS["with level"])]
        case ("red", right):
            payload = REDUNDANT if right else REDUNDANT[:2]
            return [sender.protect(AUDIO_SSRC, 63, payload, EXTENSIONS["with level"])]
        case ("codec", payload_type):
            return [sender.protect(VIDEO_SSRC, payload_type, DELTA, EXTENSIONS["usual"])]
        case ("repeat", back):
            number = (sender.sequences[VIDEO_SSRC] - back) & 0xFFFF
            payload = number.to_bytes(2) + DELTA
            return [sender.protect(RTX_SSRC, 97, payload, EXTENSIONS["usual"])]
        case ("rtx", _):
            return [sender.protect(RTX_SSRC, 97, b"", EXTENSIONS["usual"])]
        case ("again", back):
            return sender.sent[-back:][:1]
        case ("spoilt", place, mask):
            data = bytearray(sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"]))
            data[place % len(data)] ^= mask
            return [bytes(data)]
        case ("cut", length):
            return [sender.protect(AUDIO_SSRC, 111, b"opus", EXTENSIONS["usual"])[:length]]
        case ("new", name):
            return [sender.protect(NEW_SSRC, 111, b"opus", ALL_EXTENSIONS[name])]
        case ("garbage", data):
            return [data, bytes((0x80, 200)) + data]
        case ("long", length):
            return [bytes((0x80, 96)) + bytes(length - 2)]
    return []


@settings(deadline=None)
@given(st.lists(ACTIONS, max_size=40), st.sampled_from([10**9, 400_000]))
def test_both_do_the_same(actions: list[tuple], bitrate: int) -> None:
    limits = Limits(bitrate=bitrate)
    worlds = [World(native=True, limits=limits), World(native=False, limits=limits)]
    sender = Sender()
    batch = [
        sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"]),
        sender.protect(AUDIO_SSRC, 111, b"opus", EXTENSIONS["with level"]),
    ]
    try:
        for action in [*actions, ("batch",)]:
            batch += datagram(sender, action)
            if action[0] in ("batch", "pause", "miss", "wait", "late") or len(batch) > 40:
                waited = action[1] if action[0] == "late" else None
                for world in worlds:
                    world.give(batch, waited=waited)
                batch = []
            for world in worlds:
                if action[0] == "wait":
                    world.time += action[1]
                elif action[0] == "pause":
                    one = world.outbound_streams[action[1]]
                    inbound = world.inbound_streams[one.kind]
                    one.follow(None if one.inbound else inbound, world.time)
                elif action[0] == "miss":
                    world.miss(action[1], action[2])
            native, python = (world.state() for world in worlds)
            for what, value in python.items():
                assert native[what] == value, what
        arrivals = [world.publisher.take_arrivals() for world in worlds]
        assert arrivals[0] == arrivals[1]
        assert worlds[0].forwarder.errors == 0
    finally:
        for world in worlds:
            world.close()


@pytest.mark.parametrize("native", [True, False])
def test_a_golden_packet(native: bool) -> None:
    world = World(native)
    try:
        sender = Sender()
        world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
        world.give([sender.protect(VIDEO_SSRC, 96, b"\x80\x80\x05picture", EXTENSIONS["usual"])])
        opened = world.opened(0)
    finally:
        world.close()
    # Version and extension, VP8, the subscription's second number, time one step on, its SSRC;
    # the send time of second 1000, the transport-wide number blanked.
    assert (
        opened[1]
        == bytes.fromhex("90 60 ff03 fffff3c1 00000091 bede0002 22 a00000 00 0000 00")
        + b"\x80\x80\x05picture"
    )


def extensions_of(data: bytes) -> list[int]:
    """The identifiers of a packet's header extensions, as another parser reads them."""
    profile, words = int.from_bytes(data[12:14]), int.from_bytes(data[14:16])
    assert profile in (0xBEDE, 0x1000)
    return [number for number, _ in unpack_header_extensions(profile, data[16 : 16 + 4 * words])]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("name", sorted(set(ALL_EXTENSIONS) - {"none", "cut short"}))
def test_no_extension_leaves_but_those_offered(native: bool, name: str) -> None:
    world = World(native)
    try:
        sender = Sender()
        for _ in range(3):
            world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, ALL_EXTENSIONS[name])])
            world.give([sender.protect(AUDIO_SSRC, 111, b"opus", ALL_EXTENSIONS[name])])
        for media, ssrc in zip(("audio", "video"), (0x90, 0x91), strict=True):
            opened = [data for data in world.opened(0) if data[8:12] == ssrc.to_bytes(4)]
            assert len(opened) == 3
            for data in opened:
                found = extensions_of(data)
                assert set(found) <= set(FORWARDED_EXTENSIONS[media])
                assert len(set(found)) == len(found)
                if 2 in found:
                    assert bytes.fromhex("a00000") in data, "the send time is the relay's"
    finally:
        world.close()


@pytest.mark.parametrize("native", [True, False])
def test_no_extension_leaves_that_was_not_accepted(native: bool) -> None:
    world = World(native)
    try:
        sender, block = Sender(), bytes.fromhex("40 1e 22 000000 50 01 31 0000 00")
        both = ((VIDEO_SSRC, 96, KEYFRAME), (AUDIO_SSRC, 111, b"opus"))
        for one in (*both, *both, *both, (AUDIO_SSRC, 63, REDUNDANT)):
            world.give([sender.protect(*one, block)])
        for seat in range(SUBSCRIBERS):
            world.miss(seat, 1)
            opened = world.opened(seat)
            found = {number for data in opened for number in extensions_of(data)}
            assert found == {number for number in (2, 4, 5) if not DECLINED[seat] >> number & 1}
            assert {data[1] & 0x7F for data in opened} >= {96, 97, 111}
    finally:
        world.close()


@pytest.mark.parametrize("native", [True, False])
def test_octets_are_those_of_the_payload(native: bool) -> None:
    world = World(native)
    try:
        sender = Sender()
        for name in ("usual", "with mid", "with level", "none", "two bytes"):
            world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, ALL_EXTENSIONS[name])])
            world.give([sender.protect(AUDIO_SSRC, 111, b"opus", ALL_EXTENSIONS[name])])
            world.give([sender.protect(AUDIO_SSRC, 63, REDUNDANT, ALL_EXTENSIONS[name])])
            world.give([sender.protect(VIDEO_SSRC, 96, DELTA, ALL_EXTENSIONS[name], padding=9)])
        for seat in range(2):
            for outbound in world.outbound_streams[2 * seat : 2 * seat + 2]:
                packets = [
                    RtpPacket.parse(data)
                    for data in world.opened(seat)
                    if data[8:12] == outbound.ssrc.to_bytes(4)
                ]
                assert len(packets) == outbound.packets == 10
                assert sum(len(one.payload) for one in packets) == outbound.payload_octets
    finally:
        world.close()


@pytest.mark.parametrize("native", [True, False])
def test_mutations_harm_nothing(native: bool) -> None:
    """Authentic packets with arbitrary content, which only the owner of the key can send."""
    chance = random.Random(7)
    world = World(native)
    try:
        sender = Sender()
        world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
        for _ in range(100):
            batch = []
            for _ in range(20):
                data = bytearray(
                    packet(
                        chance.choice((AUDIO_SSRC, VIDEO_SSRC, VIDEO_SSRC, RTX_SSRC)),
                        chance.choice((96, 96, 97, 111, 63, 102)),
                        sender.sequences[VIDEO_SSRC] + 1 & 0xFFFF,
                        chance.getrandbits(32),
                        chance.randbytes(chance.choice((0, 1, 2, 5, 1100))),
                        chance.choice(list(ALL_EXTENSIONS.values())),
                    )
                )
                sender.sequences[VIDEO_SSRC] = sender.sequences[VIDEO_SSRC] + 1 & 0xFFFF
                if chance.random() < 0.5:
                    data[chance.choice((0, 1, *range(12, min(28, len(data)))))] ^= 1 << (
                        chance.randrange(8)
                    )
                try:
                    batch.append(sender.session.protect(bytes(data)))
                except Exception:
                    batch.append(bytes(data))
            world.give(batch)
        assert world.forwarder.errors == 0
        assert sum(map(len, world.received)) > 100
    finally:
        world.close()


@pytest.mark.parametrize("native", [True, False])
def test_what_is_repeated_has_numbers_of_its_own(native: bool) -> None:
    world = World(native)
    try:
        sender = Sender()
        world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
        for turn in range(6):
            world.give([sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"])])
            for seat, video in enumerate(world.outbound_streams[1::2]):
                world.time += 0.1
                world.miss(seat, 3)
                if turn == 3:
                    video.follow(None, world.time)
                    video.follow(world.inbound_streams["video"], world.time)
                    world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
        repeated = [(0xA0 + 2 * seat + 1, seat) for seat in range(3)]
        for ssrc, seat in repeated:
            assert sum(one == ssrc for one, _ in world.numbers[seat]) > 16
        assert world.forwarder.errors == 0
    finally:
        world.close()


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("length", [100, 1356, 1400, 1500])
def test_what_is_forwarded_can_be_repeated(native: bool, length: int) -> None:
    world = World(native)
    try:
        sender = Sender()
        world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
        picture = DELTA + bytes(length - 16 - 24 - len(DELTA))
        sender.sequences[VIDEO_SSRC] += 1
        sequence = sender.sequences[VIDEO_SSRC]
        long = packet(VIDEO_SSRC, 96, sequence, sequence * 960, picture, EXTENSIONS["usual"])
        protected = Cipher(PROFILE, key(1), outgoing=True).protect_packet(long)
        assert len(protected) == length
        world.give([protected])
        world.give([sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"])])
        for seat in range(3):
            world.miss(seat, 1)
            again = RtpPacket.parse(world.opened(seat)[-2])
            assert again.ssrc == world.outbound_streams[2 * seat + 1].rtx_ssrc
            assert again.payload[2:] == picture
            assert world.peers[seat].refused == 0
    finally:
        world.close()


@pytest.mark.parametrize("native", [True, False])
def test_what_is_late_from_before_a_pause_gets_no_number_again(native: bool) -> None:
    world = World(native)
    try:
        sender = Sender()

        def deltas(count: int) -> list[bytes]:
            return [
                sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"]) for _ in range(count)
            ]

        world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"]), *deltas(3)])
        late = deltas(2)
        world.give(deltas(1))
        video = world.outbound_streams[1]
        video.follow(None, world.time)
        world.give(deltas(3))
        video.follow(world.inbound_streams["video"], world.time)
        world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
        world.give(late)
        assert [len(one) for one in world.numbers] == [6, 11, 11]
        assert world.forwarder.errors == 0
    finally:
        world.close()


def test_python_sees_no_ordinary_packet() -> None:
    world = World(native=True)
    seen = []
    accept = world.forwarder._accept
    world.forwarder._accept = lambda *arguments: seen.append(accept(*arguments))
    sender = Sender()
    world.give([sender.protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])])
    world.give([sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"]) for _ in range(30)])
    world.close()
    # The keyframe that subscribers waited for is no ordinary one.
    assert len(seen) == (1 if world.forwarder.native else 31)
    assert [len(one) for one in world.received] == [31, 31, 31]


def test_a_stranger_is_no_publisher() -> None:
    for native in (True, False):
        world = World(native)
        data = Sender().protect(VIDEO_SSRC, 96, KEYFRAME, EXTENSIONS["usual"])
        world.give([data], pack_address("127.0.0.1", 10))
        world.give([data], PUBLISHER)
        assert (world.forwarder.strangers, world.publisher.refused) == (1, 0)
        assert [len(one) for one in world.received] == [1, 1, 1]
        world.close()


def test_the_relay_works_in_python_alone() -> None:
    """The packet tests again, as without a compiler."""
    here = Path(__file__).parents[1]
    addresses = (
        "sfu/test_sfu",
        "forwarding/test_packet_loop",
        "transport/test_port",
        "streams/test_inbound",
        "rtp/test_transport_cc",
        "native/test_native",
    )
    program = (
        "import sys; sys.modules['media.native._native'] = None; import pytest;"
        "from media.native import native; assert native is None;"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    files = [str(here / f"{name}.py") for name in addresses]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            "-q",
            "-p",
            "no:cacheprovider",
            *files,
            "--deselect",
            f"{Path(__file__).relative_to(here.parents[1])}::{'test_the_relay_works_in_python_alone'}",
        ],
        capture_output=True,
        text=True,
        cwd=here.parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
