"""A packet counts as arrived when the kernel received it, however late the relay reads it."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from media.transport.batching import request_stamps
from media.transport.port import pack_address
from tests.media.native.packet_worlds import EXTENSIONS, VIDEO_SSRC, World
from tests.media.native.test_native import DELTA, Sender

LATE = 0.08
"Seconds for which nobody reads."


@pytest.fixture(scope="module")
def kernel_stamps() -> Iterator[None]:
    """Until this returns, the kernel may stamp a packet only when it is read.

    It begins to stamp what arrives a moment after the first socket on the machine has asked for it, and
    ends when the last such socket is closed.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request_stamps(asking)
        asking.bind(("127.0.0.1", 0))
        waited = 0.0
        while waited < 0.01:
            asking.sendto(b"", asking.getsockname())
            busy_until(time.monotonic() + 0.02)
            _, (ancillary, *_), *_ = asking.recvmsg(1, 128)
            seconds, nanoseconds = struct.unpack("=qq", ancillary[2])
            waited = time.time() - (seconds + nanoseconds / 1e9)
        yield


@pytest.fixture(params=["native", "Python"])
def world(request: pytest.FixtureRequest, kernel_stamps: None) -> Iterator[World]:
    world = World(native=request.param == "native")
    yield world
    world.close()


def busy_until(moment: float) -> None:
    """Keep the processor, as other work on a machine without a free one."""
    while time.monotonic() < moment:
        pass


def send_while_nobody_reads(world: World) -> list[tuple[float, float]]:
    """Send two packets `LATE` apart, and have them read as late again; between when each was sent."""
    world.forwarder.clock = time.monotonic
    sender = Sender()
    sent = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as publisher:
        publisher.bind(("127.0.0.1", 0))
        world.forwarder.demux.by_address[pack_address(*publisher.getsockname())] = world.publisher
        for _ in range(2):
            packet = sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"])
            begun = time.monotonic()
            publisher.sendto(packet, ("127.0.0.1", world.port.number))
            sent.append((begun, time.monotonic()))
            busy_until(sent[-1][1] + LATE)
        world.forwarder.drain(world.port)
    return sent


def test_feedback_tells_when_packets_arrived_not_when_they_were_read(world: World) -> None:
    sent = send_while_nobody_reads(world)
    arrivals = [at for _, at in world.publisher.take_arrivals()]
    for arrival, (begun, ended) in zip(arrivals, sent, strict=True):
        assert begun - 0.02 <= arrival <= ended + 0.02
    assert arrivals[1] - arrivals[0] > LATE / 2


def test_without_times_of_the_kernel_those_of_reading_count(world: World) -> None:
    world.port.use_plain_calls()
    send_while_nobody_reads(world)
    arrivals = [at for _, at in world.publisher.take_arrivals()]
    assert arrivals[0] == arrivals[1] == pytest.approx(time.monotonic(), abs=0.05)


def test_jitter_does_not_contain_the_waiting_to_be_read(world: World) -> None:
    sender = Sender()
    for waited in (0.0, 0.05):
        world.give(
            [sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"])],
            waited=waited,
        )
        world.time += 960 / 90_000 + 0.05
    # Both arrived 960 units of the timestamp apart, one was read 50 ms later than the other.
    assert world.inbound_streams["video"].jitter < 1


@pytest.mark.parametrize("waited", [-0.001, -3600.0, 3600.0, None])
def test_a_clock_that_is_set_meanwhile_makes_no_packet_old_or_early(
    world: World, waited: float | None
) -> None:
    sender = Sender()
    world.give([sender.protect(VIDEO_SSRC, 96, DELTA, EXTENSIONS["usual"])], waited=waited)
    assert [at for _, at in world.publisher.take_arrivals()] == [world.time]
