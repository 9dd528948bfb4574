"""The emulated network does to packets what it was told. Needs root."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.vnet import Network, NetworkUnavailable

ADDRESSES = {"near": "10.77.0.1", "far": "10.77.0.2"}
PORT = 7000

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
host, port, count, size, gap, wait = sys.argv[1], *map(float, sys.argv[2:])
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sent, times = {}, []
for number in range(int(count)):
    sent[number] = time.monotonic()
    probe.sendto(number.to_bytes(4, "big").ljust(int(size), b"."), (host, int(port)))
    time.sleep(gap)
deadline = time.monotonic() + wait
while len(times) < count and (left := deadline - time.monotonic()) > 0:
    probe.settimeout(left)
    try:
        data = probe.recv(2000)
    except TimeoutError:
        break
    times.append(time.monotonic() - sent[int.from_bytes(data[:4], "big")])
print(json.dumps(times))
"""


@dataclass
class Line:
    """Two hosts, the far one answering every datagram."""

    network: Network

    def round_trips(
        self, count: int = 5, size: int = 100, gap: float = 0.0, wait: float = 1.0
    ) -> list[float]:
        """Seconds until the answers that came; without a gap, all but the first include queueing."""
        arguments = [ADDRESSES["far"], PORT, count, size, gap, wait]
        done = subprocess.run(
            [*self.network.command("near"), sys.executable, "-c", PROBE, *map(str, arguments)],
            check=True,
            capture_output=True,
        )
        times: list[float] = json.loads(done.stdout)
        return times


@pytest.fixture
def network() -> Iterator[Network]:
    with contextlib.ExitStack() as stack:
        try:
            network = stack.enter_context(Network(ADDRESSES, seed=1))
        except NetworkUnavailable as reason:
            pytest.fail(str(reason), pytrace=False)
        yield network


@pytest.fixture
def line(network: Network) -> Iterator[Line]:
    command = [*network.command("far"), sys.executable, "-c", ECHO, ADDRESSES["far"], str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as echo:
        assert echo.stdout is not None
        assert echo.stdout.readline() == b"ready\n"
        yield Line(network)
        echo.kill()


def test_a_clean_line_loses_nothing_and_is_fast(line: Line) -> None:
    times = line.round_trips(count=20, gap=0.002)
    assert len(times) == 20
    assert min(times) < 0.02


def test_delay_counts_each_way(line: Line) -> None:
    line.network.shape("near", delay_ms=75)
    times = line.round_trips(count=3)
    assert len(times) == 3
    assert 0.150 <= min(times) < 0.190


def test_delay_of_one_direction_counts_once(line: Line) -> None:
    line.network.shape("far", "down", delay_ms=80)
    assert 0.080 <= min(line.round_trips()) < 0.120


def test_loss_loses_about_its_share(line: Line) -> None:
    line.network.shape("near", "up", loss=0.3)
    times = line.round_trips(count=300, gap=0.001, wait=0.5)
    assert 180 <= len(times) <= 240
    assert line.network.counters("near", "up").dropped == 300 - len(times)


def test_a_narrow_line_is_slow_and_drops_what_waits_too_long(line: Line) -> None:
    line.network.shape("near", "up", rate_kbps=400, queue_ms=200)
    # 50 datagrams of about 1000 octets are 400 kbit, a second of this line.
    times = line.round_trips(count=50, size=972)
    assert 8 <= len(times) <= 16
    assert 0.17 <= max(times) <= 0.30


def test_jitter_spreads_the_times(line: Line) -> None:
    line.network.shape("near", "up", delay_ms=40, jitter_ms=30)
    times = line.round_trips(count=60, gap=0.002)
    assert max(times) - min(times) > 0.03


def test_a_blocked_port_is_silent_and_others_are_not(line: Line) -> None:
    line.network.shape("far", "down", block=[("udp", PORT)])
    assert line.round_trips(wait=0.2) == []
    line.network.shape("far", "down", block=[("udp", PORT + 1), ("tcp", None)])
    assert len(line.round_trips()) == 5


def test_a_dead_line_comes_back(line: Line) -> None:
    line.network.shape("far", dead=True)
    assert line.round_trips(wait=0.2) == []
    line.network.shape("far", dead=False)
    assert len(line.round_trips()) == 5


def test_a_misspelled_condition_is_refused(line: Line) -> None:
    with pytest.raises(TypeError, match="delay"):
        line.network.shape("near", delay=5)


def test_nothing_is_left_behind() -> None:
    with pytest.raises(ZeroDivisionError), Network(ADDRESSES) as network:
        names = [network.namespace(host) for host in ADDRESSES]
        assert all(os.path.exists(f"/run/netns/{name}") for name in names)
        raise ZeroDivisionError
    assert not any(os.path.exists(f"/run/netns/{name}") for name in names)


def test_without_root_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NetworkUnavailable, match="needs root"), Network(ADDRESSES):
        pass
