"""Whatever strangers and participants send, other calls go on, and no memory grows.

The attack on a worker process runs for some seconds here, and for minutes with
``scripts/test --soak tests/media/networks/test_hostile.py``.
"""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiortc import RTCCertificate

from media.messages import Connected, Disconnected, Event, OfferNeeded, Publishing
from media.participant_limits import GAP_CHARGE, SSRCS, Limits
from media.relay.client import Relay, RelaySettings
from media.rooms.peer import Peer
from media.rtp.codecs import Kind
from media.transport.port import BATCH
from scripts.traffic.hostile import STRANGERS, Hostile, stun_request
from scripts.traffic.relay_clients import LoadClient
from scripts.traffic.relay_target import Target
from tests.media.support import until

KINDS = tuple(Hostile.kinds(Hostile.__new__(Hostile)))


@pytest.fixture
async def target():
    target = Target()
    await target.fill()
    yield target
    await target.close()


@pytest.fixture
def peer(target: Target) -> Peer:
    return target.sfu.rooms["room"].peers["a"]


@pytest.fixture
def hostile(target: Target) -> Hostile:
    hostile = Hostile(target.clients["a"], seed=7)
    deliver(target, hostile, hostile.honest(), 1)
    return hostile


def deliver(target: Target, hostile: Hostile, datagrams: Iterator[bytes], number: int) -> int:
    """Send so many datagrams at once and handle them; returns how many the relay then sent."""
    before = target.port.counters.sent
    for _ in range(number):
        hostile.send(next(datagrams))
    hostile.client.port.flush()
    while target.sfu.forwarder.drain(target.port):
        pass
    return target.port.counters.sent - before


@pytest.mark.parametrize("kind", KINDS)
async def test_no_participant_makes_it_fail_or_grow(
    target: Target, hostile: Hostile, peer: Peer, kind: str
) -> None:
    sfu = target.sfu
    datagrams = hostile.kinds()[kind]()
    for _ in range(5):
        deliver(target, hostile, datagrams, 200)
        for _ in range(60):  # every timer has its turn
            sfu.timers.tick()
    assert sfu.forwarder.errors == 0
    assert len(peer.inbound_streams) <= peer.limits.streams
    assert len(peer.publications.repairs) <= peer.limits.streams
    assert len(peer.seen_ssrcs) <= SSRCS
    assert len(sfu.forwarder.gaps) <= len(peer.inbound_streams) + 1
    assert not peer.take_arrivals()
    for inbound in peer.inbound_streams.values():
        assert len(inbound.missing) <= 256


async def test_sender_reports_are_passed_on_at_their_pace_alone(
    target: Target, hostile: Hostile
) -> None:
    assert deliver(target, hostile, hostile.sender_reports(), 20) <= 2 * len(target.clients)


async def test_a_participant_cannot_buy_much_work_with_long_reports(
    target: Target, hostile: Hostile, peer: Peer
) -> None:
    deliver(target, hostile, hostile.requests(), 100)
    assert peer.over_limit >= 70


async def test_gaps_are_paid_for(target: Target, hostile: Hostile, peer: Peer) -> None:
    budget = peer.limits.bitrate / 8 * peer.limits.burst
    now = target.sfu.now()
    target.sfu.forwarder.clock = lambda: now  # nothing is added meanwhile
    deliver(target, hostile, hostile.gaps(), 1000)
    accepted = 1000 - peer.over_limit
    # the native loop looks at a batch before Python charges the gaps in it: they become a debt
    assert accepted <= budget / (256 * 16) + 1 + BATCH
    assert peer.octets_left <= budget - accepted * 255 * GAP_CHARGE


async def test_forged_handshakes_are_looked_at_in_measure(
    target: Target, hostile: Hostile, peer: Peer
) -> None:
    deliver(target, hostile, hostile.records(), 1000)
    assert peer.over_limit >= 1000 - 2 * peer.limits.records


async def test_what_is_spoofed_leaves_a_participant_its_allowance(
    target: Target, hostile: Hostile, peer: Peer
) -> None:
    before = peer.allowance.rtcp
    deliver(target, hostile, STRANGERS["like RTCP"](random.Random(1)), 500)
    assert peer.allowance.rtcp >= before
    assert peer.refused >= 400


async def test_feedback_on_packets_in_the_worst_order_fits_a_packet(
    target: Target, hostile: Hostile, peer: Peer
) -> None:
    numbers = [(index * 37) % 1000 for index in range(1000)]
    packets = iter(
        hostile.seal(
            hostile.rtp(hostile.own_ssrc, 5000 + index, extensions=b"\x31" + struct.pack("!H", one))
        )
        for index, one in enumerate(numbers)
    )
    start = target.sfu.now()
    clock = iter(start + 0.01 * turn for turn in range(10_000))
    target.sfu.forwarder.clock = lambda: next(clock)
    for _ in range(20):
        deliver(target, hostile, packets, 50)
    arrivals = peer.take_arrivals()
    assert len(arrivals) == 1000
    message = peer.uplink.arrival_log.feedback(arrivals, 1, 2)
    assert len(message) < 1200


def dropped(*ports: int) -> int:
    """Datagrams that the kernel dropped: a busy machine reads late (proc_net_udp(5))."""
    lines = Path("/proc/net/udp").read_text("ascii").splitlines()[1:]
    return sum(
        int(columns[-1])
        for columns in map(str.split, lines)
        if int(columns[1].partition(":")[2], 16) in ports
    )


class HonestCall:
    """Two participants in a room of their own, who count the packets they exchange."""

    def __init__(self, one: LoadClient, two: LoadClient, relay_port: int) -> None:
        self.sides = (one, two)
        self.ports = (one.port.number, two.port.number, relay_port)

    async def run(self) -> None:
        """Send a frame in three packets and an audio packet fifty times a second, for ever."""
        checked = 0.0
        while True:
            now = time.monotonic()
            for side in self.sides:
                assert side.video is not None and side.audio is not None
                side.video.timestamp += 1800
                side.audio.timestamp += 960
                side.send_packets(side.video, 3, now)
                side.send_packets(side.audio, 1, now)
            if now - checked >= 1:
                # By the clock: on a busy machine rounds are fewer than fifty.
                checked = now
                for side in self.sides:
                    side.check()
                    side.report(now)
            await asyncio.sleep(0.02)
            self.read()

    def read(self) -> None:
        for side in self.sides:
            side.read(time.monotonic())

    def counts(self) -> tuple[list[int], list[int]]:
        """Packets sent by each, received by each other."""
        sent = [
            sum(stream.packets for stream in (side.audio, side.video) if stream)
            for side in self.sides
        ]
        return sent, [side.received for side in reversed(self.sides)]

    def whole(self) -> bool:
        self.read()
        sent, received = self.counts()
        return sum(received) + dropped(*self.ports) >= sum(sent)


class Battle:
    """A worker with an honest call in one room and hostile participants in another."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.events: list[Event] = []
        self.clients: dict[str, LoadClient] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.relay = Relay(RelaySettings(addresses=("127.0.0.1",), limits=Limits()), self._on_event)

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self._answer(event))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _answer(self, event: OfferNeeded) -> None:
        client = self.clients[event.peer_id]
        connecting = asyncio.ensure_future(client.connect(event.sdp)) if event.fresh else None
        answer = client.answer(event.sdp)
        await self.relay.answer(event.room_id, event.peer_id, answer, event.revision)
        if connecting is not None:
            await connecting

    async def begin(self) -> None:
        certificate = RTCCertificate.generateCertificate()
        await self.relay.start()
        both = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))
        for room, names in (("honest", "ab"), ("hostile", "xyz")):
            await self.relay.open_room(room)
            for name in names:
                self.clients[name] = LoadClient(certificate, "127.0.0.1")
                await self.relay.join(room, name, both)
        await until(
            lambda: (
                sum(isinstance(event, Connected) for event in self.events) >= 5 and not self.tasks
            ),
            "all are connected",
        )

    async def rage(self, seconds: float) -> int:
        """Attack for so long, 200 datagrams at a time; returns how many were sent."""
        hostile = [Hostile(self.clients[name], seed=ord(name)) for name in "xy"]
        attacks = [
            (client, datagrams()) for client in hostile for datagrams in client.kinds().values()
        ]
        spoofed = [(client, make(self.chance)) for client in hostile for make in STRANGERS.values()]
        strangers = [make(self.chance) for make in STRANGERS.values()]
        strangers.append(self._guesses())
        sent = 0
        end = time.monotonic() + seconds
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            stranger.connect(("127.0.0.1", self.relay.ports[0]))
            while time.monotonic() < end:
                for _ in range(40):
                    for one, datagrams in (
                        self.chance.choice(attacks),
                        self.chance.choice(attacks),
                        self.chance.choice(attacks),
                        self.chance.choice(spoofed),
                    ):
                        one.send(next(datagrams))
                    with suppress(BlockingIOError):
                        stranger.send(next(self.chance.choice(strangers)))
                    sent += 5
                for one in hostile:
                    one.client.port.flush()
                    one.client.check()
                    while one.client.port.receive():
                        pass
                while self.clients["z"].port.receive():
                    pass
                self.clients["z"].check()
                await asyncio.sleep(0.05)
        return sent

    def _guesses(self) -> Iterator[bytes]:
        """Checks that name participants of the worker and guess their passwords."""
        while True:
            client = self.clients[self.chance.choice("abxy")]
            yield stun_request(client.remote.ufrag, "guess")

    async def figures(self) -> tuple[int, int]:
        """Memory in use and unexpected errors, as the worker next reports them."""
        before = self.relay.figures[0]
        await until(lambda: self.relay.figures[0] is not before, "the worker answers")
        return self.relay.figures[0].resident_bytes, self.relay.figures[0].errors

    async def end(self) -> None:
        for client in self.clients.values():
            await client.close()
        await self.relay.stop()


async def battle(seconds: float, seed: int) -> tuple[int, int]:
    """Attack a worker; returns datagrams sent, and bytes it grew by after a fifth of the time."""
    scene = Battle(seed)
    await scene.begin()
    honest = HonestCall(scene.clients["a"], scene.clients["b"], scene.relay.ports[0])
    try:
        await until(lambda: not honest.read(), "the first packets")
        speaking = asyncio.ensure_future(honest.run())
        await until(lambda: min(honest.counts()[1]) > 20, "the honest call is heard")
        sent = await scene.rage(seconds / 5)
        begun, _ = await scene.figures()
        sent += await scene.rage(seconds * 4 / 5)
        grown, errors = await scene.figures()
        before = min(honest.counts()[1])
        await until(
            lambda: speaking.done() or min(honest.counts()[1]) > before + 20, "the call goes on"
        )
        assert not speaking.done(), speaking.exception()
        speaking.cancel()
        with suppress(asyncio.CancelledError):
            await speaking
        await until(honest.whole, "every honest packet arrives that reached the worker")
        assert errors == 0
        assert not [
            event
            for event in scene.events
            if isinstance(event, Disconnected) and event.peer_id in "ab"
        ]
        return sent, grown - begun
    finally:
        await scene.end()


async def test_an_honest_call_goes_on_beside_an_attack(capfd: pytest.CaptureFixture[str]) -> None:
    sent, _ = await battle(4.0, seed=1)
    assert sent > 0
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.soak
async def test_minutes_of_attack_leave_no_trace(
    capfd: pytest.CaptureFixture[str], soak_minutes: float
) -> None:
    sent, grown = await battle(soak_minutes * 60, seed=random.randrange(1 << 32))
    with capfd.disabled():
        print(f"\n{sent:,} hostile datagrams, the worker grew by {grown / 1024:,.0f} KiB")
    assert "Traceback" not in capfd.readouterr().err
    assert grown < 8 << 20
