"""Who is silent is disconnected after half a minute; who sends anything authentic is not."""

import time
from collections.abc import AsyncIterator, Callable

import pytest

from media.rooms.liveness import SILENCE_SECONDS
from media.rooms.peer import Peer
from media.transport.port import Destination, Port
from scripts.traffic.relay_clients import LoadClient
from scripts.traffic.relay_target import HOST, Target
from tests.media.support import Clock, until

SECONDS = 3 * int(SILENCE_SECONDS)
"How long each client is watched."


class Watched(Target):
    """A room of three whose clock is moved second by second."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)

    def peer(self, name: str) -> Peer:
        return self.sfu.rooms["room"].peers[name]

    def pass_seconds(self, count: int, each: Callable[[int], None]) -> list[tuple[str, int]]:
        """Let time pass while ``a`` and ``b`` check; who parted, and in which second."""
        parted: list[tuple[str, int]] = []
        for second in range(count):
            self.clock.ahead += 1.0
            for name in "ab":
                self.clients[name].check()
            each(second)
            self.sfu.forwarder.drain(self.port)
            for _ in range(50):
                self.sfu.timers.tick()
            parted += [(name, second) for name, _ in self.parted[len(parted) :]]
        return parted


@pytest.fixture
async def target() -> AsyncIterator[Watched]:
    watched = Watched()
    await watched.fill("abc")
    yield watched
    await watched.close()


def send_audio(client: LoadClient) -> None:
    assert client.audio is not None
    client.audio.timestamp += 48000
    client.send_packets(client.audio, 1, time.monotonic())


def report(client: LoadClient) -> None:
    client.report(time.monotonic())


async def test_who_is_silent_is_disconnected_and_the_others_stay(target: Watched) -> None:
    parted = target.pass_seconds(SECONDS, lambda second: None)
    assert [name for name, _ in parted] == ["c"]
    assert SILENCE_SECONDS - 2 <= parted[0][1] <= SILENCE_SECONDS + 2
    assert target.parted == [("c", "silent")]
    assert set(target.sfu.rooms["room"].peers) == {"a", "b"}


@pytest.mark.parametrize("speak", [send_audio, report])
@pytest.mark.parametrize("native", [True, False])
async def test_who_sends_without_checks_stays(
    target: Watched, native: bool, speak: Callable[[LoadClient], None]
) -> None:
    target.sfu.forwarder.native = native and target.sfu.forwarder.native
    silent = SECONDS // 2

    def each(second: int) -> None:
        if second < silent:
            speak(target.clients["c"])

    parted = target.pass_seconds(SECONDS, each)
    assert [name for name, _ in parted] == ["c"], "until it is silent"
    assert abs(parted[0][1] - silent - SILENCE_SECONDS) <= 2


async def test_who_sends_data_over_dtls_stays(target: Watched) -> None:
    handshake = target.clients["c"].handshake
    assert handshake is not None
    assert target.pass_seconds(int(SILENCE_SECONDS) - 2, lambda second: None) == []
    alive_at = target.peer("c").liveness.alive_at
    await handshake._transport._send_data(b"data")
    target.sfu.forwarder.drain(target.port)
    await until(lambda: target.peer("c").liveness.spoke, "the record is decrypted")
    assert target.pass_seconds(SECONDS, lambda second: None)[0][1] >= SILENCE_SECONDS - 4
    assert alive_at < target.clock()


async def test_what_anybody_can_send_keeps_nobody(target: Watched) -> None:
    """Forged packets, records and reports from the client's own address."""
    client = target.clients["c"]
    audio = client.audio
    assert audio is not None

    def each(second: int) -> None:
        for forged in (
            audio.template + bytes(16),
            bytes.fromhex("80c80006") + bytes(44),
            bytes.fromhex("17fefd00010000000000ff0010") + bytes(16),
        ):
            client._send_now(forged)

    parted = target.pass_seconds(SECONDS, each)
    assert [name for name, _ in parted] == ["c"]
    assert parted[0][1] <= SILENCE_SECONDS + 2


async def test_what_comes_from_elsewhere_than_where_its_packets_go_keeps_nobody(
    target: Watched,
) -> None:
    """It once sent from there, and still does; but nobody has heard of its destination."""
    client = target.clients["c"]
    old_port, old = client.port, client.destination
    client.port = Port(HOST, 0)
    client.destination = Destination()
    client.destination.move(client.port, old.address)
    client.check()
    target.sfu.forwarder.drain(target.port)
    client.port, new_port, client.destination = old_port, client.port, old
    try:
        assert len(target.peer("c").addresses) == 2
        parted = target.pass_seconds(SECONDS, lambda second: send_audio(client))
        assert [name for name, _ in parted] == ["c"]
        assert parted[0][1] <= SILENCE_SECONDS + 2
    finally:
        new_port.close()
