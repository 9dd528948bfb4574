"""The emulated network treats packets as configured.

How a leg judges a packet is arithmetic and told by numbers; that packets really pass is seen on a
switch between socket pairs and, where this machine can have them, between network namespaces.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import pytest

from scripts.traffic.network import (
    Conditions,
    Counters,
    Leg,
    Network,
    NetworkUnavailable,
    Switch,
    why_none,
)

ADDRESSES = {"near": "10.77.0.1", "far": "10.77.0.2"}
PORT = 7000
UDP = 17

ECHO = """
import socket, sys
echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
echo.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    data, sender = echo.recvfrom(2000)
    echo.sendto(data, sender)
"""

PROBE = """
import json, socket, sys, time
host, port, count, wait = sys.argv[1], *map(float, sys.argv[2:])
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sent, times = {}, []
for number in range(int(count)):
    sent[number] = time.monotonic()
    probe.sendto(number.to_bytes(4, "big"), (host, int(port)))
    time.sleep(0.001)
deadline = time.monotonic() + wait
while len(times) < count and (left := deadline - time.monotonic()) > 0:
    probe.settimeout(left)
    try:
        data = probe.recv(2000)
    except TimeoutError:
        break
    times.append(time.monotonic() - sent[int.from_bytes(data, "big")])
print(json.dumps(times))
"""


LACKING = why_none(ADDRESSES)
REMARK = f"The network is emulated inside of one process only. {LACKING}" if LACKING else ""


# --- one leg ----------------------------------------------------------------------------------


def datagram(size: int = 1000, port: int = PORT, protocol: int = UDP) -> bytes:
    """An IPv4 packet from near to far, `size` octets long with its headers of 28."""
    addresses = b"".join(socket.inet_aton(address) for address in ADDRESSES.values())
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0, 64, protocol, 0) + addresses
    return (head + struct.pack("!HHHH", 5000, port, size - 20, 0)).ljust(size, b".")


def leg(**conditions: object) -> Leg:
    one = Leg(random.Random(1))
    one.conditions = Conditions(**conditions)  # type: ignore[arg-type]
    return one


def test_a_clean_leg_holds_nothing_back() -> None:
    assert [leg().departure(at, datagram()) for at in (0.0, 1.5)] == [0.0, 1.5]


def test_a_firewall_lets_only_what_is_named_through() -> None:
    one = leg(only=[("tcp", 443)])
    tcp = 6
    assert one.departure(0.0, datagram(port=443, protocol=tcp)) == 0.0
    assert one.departure(0.0, datagram(port=443)) is None
    assert one.departure(0.0, datagram(port=80, protocol=tcp)) is None


def test_a_leg_may_be_apart_from_one_host_only() -> None:
    one = leg(apart_from=[ADDRESSES["far"]])
    assert one.departure(0.0, datagram()) is None
    one.conditions = Conditions(apart_from=["10.77.0.3"])
    assert one.departure(0.0, datagram()) == 0.0


def test_a_delay_is_added() -> None:
    assert leg(delay_ms=75).departure(2.0, datagram()) == pytest.approx(2.075)


def test_loss_loses_about_its_share_and_counts_it() -> None:
    one = leg(loss=0.3)
    passed = sum(one.departure(0.0, datagram(100)) is not None for _ in range(3000))
    assert 0.67 < passed / 3000 < 0.73
    assert one.counters == Counters(3000, 3000 - passed, 300_000)


def test_a_narrow_leg_is_slow_and_drops_what_would_wait_too_long() -> None:
    one = leg(rate_kbps=400, queue_ms=200)
    times = [one.departure(0.0, datagram(1000)) for _ in range(50)]
    # 1000 octets take 20 ms; a packet that would queue for more than 200 ms is dropped
    assert times[:11] == pytest.approx([0.02 * place for place in range(1, 12)])
    assert times[11:] == [None] * 39
    assert one.departure(1.0, datagram(1000)) == pytest.approx(1.02)


def test_jitter_spreads_the_times_either_way() -> None:
    one = leg(delay_ms=40, jitter_ms=30)
    times = [one.departure(0.0, datagram()) or 0.0 for _ in range(200)]
    assert 0.01 <= min(times) < 0.02
    assert 0.06 < max(times) <= 0.07


def test_a_blocked_port_is_silent_and_others_are_not() -> None:
    one = leg(block=[("udp", PORT), ("tcp", None)])
    assert one.departure(0.0, datagram()) is None
    assert one.departure(0.0, datagram(port=PORT + 1)) == 0.0
    assert one.departure(0.0, datagram(port=PORT + 1, protocol=6)) is None


def test_nothing_passes_a_dead_leg() -> None:
    one = leg(dead=True)
    assert one.departure(0.0, datagram()) is None
    assert one.counters.dropped == 1


# --- a whole line -----------------------------------------------------------------------------


class Line(Protocol):
    """Two hosts; the far one echoes every datagram."""

    async def round_trips(self, count: int, wait: float = 60.0) -> list[float]:
        """Seconds until the answers that came; waits for all of them, or `wait` seconds."""

    def shape(self, host: str, direction: str = "both", **conditions: object) -> None: ...

    def counters(self, host: str, direction: str) -> Counters: ...


class Namespaces:
    """The line between two namespaces: programs of their own send and answer."""

    def __init__(self, network: Network) -> None:
        self.shape = network.shape
        self.counters = network.counters
        self._network = network

    async def round_trips(self, count: int, wait: float = 60.0) -> list[float]:
        arguments = [ADDRESSES["far"], PORT, count, wait]
        done = await asyncio.to_thread(
            subprocess.run,
            [*self._network.command("near"), sys.executable, "-c", PROBE, *map(str, arguments)],
            check=True,
            capture_output=True,
        )
        times: list[float] = json.loads(done.stdout)
        return times


class Pairs:
    """The line between two socket pairs, which take the place of the network devices."""

    def __init__(self) -> None:
        pairs = {host: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for host in ADDRESSES}
        self._sockets = [each for pair in pairs.values() for each in pair]
        for each in self._sockets:
            each.setblocking(False)
        self._near, self._far = (pairs[host][0] for host in ADDRESSES)
        self._switch = Switch(
            ADDRESSES, {host: pair[1].fileno() for host, pair in pairs.items()}, seed=1
        )
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._far, self._answer)

    def _answer(self) -> None:
        packet = self._far.recv(2000)
        self._far.send(packet[:12] + packet[16:20] + packet[12:16] + packet[20:])

    async def round_trips(self, count: int, wait: float = 60.0) -> list[float]:
        sent, times = {}, []
        for number in range(count):
            packet = datagram(100)[:-4] + number.to_bytes(4, "big")
            sent[packet[-4:]] = time.monotonic()
            await self._loop.sock_sendall(self._near, packet)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while len(times) < count:
                    packet = await self._loop.sock_recv(self._near, 2000)
                    times.append(time.monotonic() - sent[packet[-4:]])
        return times

    def shape(self, host: str, direction: str = "both", **conditions: object) -> None:
        self._switch.obey({"shape": [host, direction, conditions]})

    def counters(self, host: str, direction: str) -> Counters:
        return Counters(**self._switch.obey({"counters": [host, direction]}))

    def close(self) -> None:
        self._loop.remove_reader(self._far)
        self._switch.close()
        for each in self._sockets:
            each.close()


@pytest.fixture(params=["pairs", *([] if LACKING else ["namespaces"])])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    if request.param == "pairs":
        pairs = Pairs()
        yield pairs
        pairs.close()
        return
    with Network(ADDRESSES, seed=1) as network:
        command = [*network.command("far"), sys.executable, "-c", ECHO, ADDRESSES["far"], str(PORT)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as echo:  # noqa: ASYNC220
            assert echo.stdout is not None
            assert echo.stdout.readline() == b"ready\n"
            yield Namespaces(network)
            echo.kill()


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_clean_line_loses_nothing(line: Line) -> None:
    assert len(await line.round_trips(20)) == 20
    assert line.counters("near", "up").dropped == 0


async def test_delay_counts_each_way(line: Line) -> None:
    line.shape("near", delay_ms=75)
    assert min(await line.round_trips(3)) >= 0.149


async def test_what_is_not_lost_arrives(line: Line) -> None:
    line.shape("far", "up", loss=0.3)
    await line.round_trips(60, wait=0)
    await eventually(lambda: line.counters("far", "up").packets == 60)
    lost = line.counters("far", "up").dropped
    assert 0 < lost < 60
    await eventually(lambda: line.counters("near", "down").packets == 60 - lost)


async def test_a_blocked_port_is_silent_on_a_line(line: Line) -> None:
    line.shape("far", "down", block=[("udp", PORT)])
    assert await line.round_trips(5, wait=0.1) == []
    await eventually(lambda: line.counters("far", "down").dropped == 5)
    line.shape("far", "down", block=[("udp", PORT + 1), ("tcp", None)])
    assert len(await line.round_trips(5)) == 5


async def test_a_dead_line_comes_back(line: Line) -> None:
    line.shape("far", dead=True)
    assert await line.round_trips(5, wait=0.1) == []
    await eventually(lambda: line.counters("far", "down").dropped == 5)
    line.shape("far", dead=False)
    assert len(await line.round_trips(5)) == 5


async def test_two_hosts_can_be_kept_apart(line: Line) -> None:
    line.shape("near", apart_from=[ADDRESSES["far"]])
    assert await line.round_trips(5, wait=0.1) == []
    await eventually(lambda: line.counters("near", "up").dropped == 5)
    line.shape("near", apart_from=[])
    assert len(await line.round_trips(5)) == 5


async def test_a_misspelled_condition_is_refused(line: Line) -> None:
    with pytest.raises(TypeError, match="delay"):
        line.shape("near", delay=5)


def test_a_socket_stays_on_the_host_that_it_was_made_on() -> None:
    for _ in () if LACKING else (1,):
        with Network(ADDRESSES) as network:
            with network.inside("near"), socket.socket(type=socket.SOCK_DGRAM) as there:
                there.bind((ADDRESSES["near"], PORT))
            with socket.socket(type=socket.SOCK_DGRAM) as here, pytest.raises(OSError):
                here.bind((ADDRESSES["near"], PORT))


def test_nothing_is_left_behind() -> None:
    names: list[str] = []
    expected: type[Exception] = NetworkUnavailable if LACKING else ZeroDivisionError
    with pytest.raises(expected), Network(ADDRESSES) as network:
        names += [network.namespace(host) for host in ADDRESSES]
        assert all(os.path.exists(f"/run/netns/{name}") for name in names)
        raise ZeroDivisionError
    assert bool(names) is not bool(LACKING)
    assert not any(os.path.exists(f"/run/netns/{name}") for name in names)


def test_nothing_is_left_behind_by_a_program_that_is_ended() -> None:
    program = """
import sys, time
from scripts.traffic.network import Network
with Network({"near": "10.77.0.1"}) as network:
    print(network.namespace("near"), flush=True)
    time.sleep(60)
"""
    for signum in () if LACKING else (signal.SIGTERM, signal.SIGKILL):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as ended:
            assert ended.stdout is not None
            name = ended.stdout.readline().decode().strip()
            assert os.path.exists(f"/run/netns/{name}")
            ended.send_signal(signum)
        end = time.monotonic() + 60
        while os.path.exists(f"/run/netns/{name}"):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_without_root_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NetworkUnavailable, match="needs root"), Network(ADDRESSES):
        pass
