"""Bad networks on one machine: hosts with losses, delays, narrow links and firewalls between them.

Each host is a network namespace with one TUN device; a child process (this file run as a program)
switches IPv4 packets between the devices and treats every one as the conditions of its two legs
say: up from the sender, then down to the receiver. No kernel module for traffic shaping is needed,
only root, iproute2 and /dev/net/tun. Nothing leaves the namespaces.

    with Network({"server": "10.77.0.1", "patient": "10.77.0.2"}) as network:
        network.shape("patient", loss=0.05, delay_ms=75, rate_kbps=300)
        subprocess.Popen([*network.command("server"), sys.executable, "-m", "web"])
"""

import asyncio
import contextlib
import ctypes
import dataclasses
import fcntl
import heapq
import ipaddress
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Direction = Literal["up", "down", "both"]

TUN_DEVICE = Path("/dev/net/tun")
TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
CLONE_NEWNET = 0x40000000
MTU = 1400
"Below 1500 as on many real links, so that oversized packets show up here."
PROTOCOLS = {6: "tcp", 17: "udp"}


class NetworkUnavailable(RuntimeError):
    """This machine or this user cannot have the emulated network; the sentence says why."""


@dataclasses.dataclass
class Conditions:
    """Impairments of one leg, in one direction."""

    loss: float = 0.0
    "Share of packets lost, 0 to 1, independent of each other."
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    "Delay varies evenly by at most this much either way, so packets may overtake each other."
    rate_kbps: float | None = None
    queue_ms: float = 300.0
    "With a rate: packets that would queue for longer than this are dropped (tail drop)."
    policed: bool = False
    "With a rate: no packet waits; `queue_ms` is how much may come in a burst, and more is dropped."
    doubled: float = 0.0
    "Share of packets that arrive twice, 0 to 1."
    block: list[tuple[str, int | None]] = dataclasses.field(default_factory=list)
    'Refused traffic as ("udp" or "tcp", destination port or None for all), without an answer.'
    only: list[tuple[str, int | None]] = dataclasses.field(default_factory=list)
    "If given, all other traffic of TCP and UDP is refused."
    apart_from: list[str] = dataclasses.field(default_factory=list)
    "Addresses to and from which nothing passes, without an answer."
    dead: bool = False


@dataclasses.dataclass
class Counters:
    packets: int = 0
    dropped: int = 0
    octets: int = 0


class Network:
    """The hosts by name, for the length of a `with` block; conditions can change at any time."""

    def __init__(self, hosts: Mapping[str, str], seed: int | None = None) -> None:
        """Addresses of `hosts` share one /24. With `seed` the same packets are lost each time."""
        self._hosts = dict(hosts)
        self._seed = seed
        self._prefix = f"vnet{os.getpid() % 100000}"
        self._resources = contextlib.ExitStack()
        self._switch: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise NetworkUnavailable("The emulated network needs root.")
        if not TUN_DEVICE.exists():
            raise NetworkUnavailable(f"The emulated network needs {TUN_DEVICE}.")
        with contextlib.ExitStack() as resources:
            for host in self._hosts:
                _ip("netns", "add", self.namespace(host))
                resources.callback(_remove, self.namespace(host))
            self._switch = resources.enter_context(self._start_switch())
            # Leaving Popen closes the switch's input, which is its order to stop, and waits for it.
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._switch = None
        self._resources.close()

    def _start_switch(self) -> subprocess.Popen[str]:
        order = {"prefix": self._prefix, "hosts": self._hosts, "seed": self._seed}
        switch = subprocess.Popen(
            [sys.executable, __file__, json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert switch.stdout is not None
        answer = switch.stdout.readline().strip()
        if answer != "ready":
            with switch:
                switch.kill()
            raise NetworkUnavailable(answer or "The switch between the namespaces did not start.")
        return switch

    def namespace(self, host: str) -> str:
        return f"{self._prefix}-{host}"

    def command(self, host: str) -> list[str]:
        """The prefix that makes a command line run on `host`."""
        return ["ip", "netns", "exec", self.namespace(host)]

    @contextlib.contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """Within, this thread is on `host`: sockets that it makes and programs that it starts stay there."""
        with (
            open("/proc/thread-self/ns/net", "rb") as here,
            open(f"/run/netns/{self.namespace(host)}", "rb") as there,
        ):
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def wrapper(self, host: str, program: str, path: Path) -> Path:
        """Writes a script that runs `program` on `host`, for those who accept only a file.

        Playwright's `executable_path` is one; file descriptors pass through to the program.
        """
        path.write_text(f'#!/bin/sh\nexec {" ".join(self.command(host))} {program} "$@"\n')
        path.chmod(0o755)
        return path

    def shape(self, host: str, direction: Direction = "both", **conditions: Any) -> None:
        """Sets the named fields of `Conditions` on the legs of `host`; the others stay."""
        unknown = conditions.keys() - {field.name for field in dataclasses.fields(Conditions)}
        if unknown:
            raise TypeError(f"No such condition: {', '.join(sorted(unknown))}")
        self._ask({"shape": [host, direction, conditions]})

    def reset(self, host: str) -> None:
        """Removes all impairments from the legs of `host`."""
        self.shape(host, **dataclasses.asdict(Conditions()))

    def counters(self, host: str, direction: Literal["up", "down"]) -> Counters:
        """Packets that entered this leg since the start, and how many of them it dropped."""
        return Counters(**self._ask({"counters": [host, direction]}))

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._switch and self._switch.stdin and self._switch.stdout, "not entered"
        self._switch.stdin.write(json.dumps(order) + "\n")
        self._switch.stdin.flush()
        answer: dict[str, Any] = json.loads(self._switch.stdout.readline())
        return answer


def why_none(hosts: Mapping[str, str]) -> str:
    """The sentence that says what namespaces with these hosts lack here; empty where they can be had."""
    try:
        with Network(hosts):
            return ""
    except NetworkUnavailable as reason:
        return str(reason)


def _ip(*arguments: str) -> None:
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise NetworkUnavailable("The emulated network needs ip of iproute2.") from None
    if done.returncode != 0:
        raise NetworkUnavailable(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _enter(namespace: int) -> None:
    """Move this thread to the network namespace that a descriptor is of."""
    # `os.setns` came with Python 3.12
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise NetworkUnavailable(f"setns: {os.strerror(ctypes.get_errno())}.")


# What follows runs in the child process.


class Leg:
    """One direction of one host's link: decides when a packet leaves it, if ever."""

    def __init__(self, chance: random.Random) -> None:
        self.conditions = Conditions()
        self.counters = Counters()
        self._chance = chance
        self._free_at = 0.0
        "When the last accepted packet will have been sent at the link's rate."

    def departure(self, arrival: float, packet: bytes) -> float | None:
        """The time at which `packet` leaves, in seconds of the loop's clock; None if dropped."""
        self.counters.packets += 1
        self.counters.octets += len(packet)
        departure = self._departure(arrival, packet)
        if departure is None:
            self.counters.dropped += 1
        return departure

    def _departure(self, arrival: float, packet: bytes) -> float | None:
        conditions = self.conditions
        if conditions.dead or self._blocked(packet) or self._chance.random() < conditions.loss:
            return None
        sent = arrival
        if conditions.rate_kbps:
            start = max(arrival, self._free_at)
            if (start - arrival) * 1000 > conditions.queue_ms:
                return None
            self._free_at = start + len(packet) * 8 / (conditions.rate_kbps * 1000)
            sent = arrival if conditions.policed else self._free_at
        jitter_ms = self._chance.uniform(-1, 1) * conditions.jitter_ms
        return sent + max(0.0, conditions.delay_ms + jitter_ms) / 1000

    def copies(self) -> int:
        """How often a packet that passes arrives."""
        doubled = self.conditions.doubled
        return 2 if doubled and self._chance.random() < doubled else 1

    def _blocked(self, packet: bytes) -> bool:
        protocol = PROTOCOLS.get(packet[9])
        block, only = self.conditions.block, self.conditions.only
        if self.conditions.apart_from and self._apart(packet):
            return True
        if protocol is None or not (block or only):
            return False
        header_length = (packet[0] & 0x0F) * 4
        (port,) = struct.unpack_from("!H", packet, header_length + 2)

        def named(traffic: list[tuple[str, int | None]]) -> bool:
            return any(one == protocol and number in (None, port) for one, number in traffic)

        return named(block) or (bool(only) and not named(only))

    def _apart(self, packet: bytes) -> bool:
        ends = (packet[12:16], packet[16:20])
        return any(socket.inet_aton(each) in ends for each in self.conditions.apart_from)


class Switch:
    """Moves packets from device to device, each no earlier than both of its legs allow."""

    def __init__(
        self, hosts: Mapping[str, str], devices: Mapping[str, int], seed: int | None
    ) -> None:
        """`devices` are descriptors that give and take whole IPv4 packets without blocking."""
        chance = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self.legs = {host: {"up": Leg(chance), "down": Leg(chance)} for host in hosts}
        self._host_of = {ipaddress.ip_address(hosts[host]).packed: host for host in hosts}
        self._devices = devices
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._accepted = 0
        self._timer: asyncio.TimerHandle | None = None
        for host, device in self._devices.items():
            self._loop.add_reader(device, self._take_in, host, device)

    def _take_in(self, host: str, device: int) -> None:
        for _ in range(64):  # then the other hosts get their turn
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                break
            self._accept(host, packet)
        self._set_timer()

    def _accept(self, sender: str, packet: bytes) -> None:
        is_version_4 = packet[0] >> 4 == 4
        receiver = self._host_of.get(packet[16:20]) if is_version_4 else None
        if receiver is None:
            return
        sent = self.legs[sender]["up"].departure(self._loop.time(), packet)
        if sent is None:
            return
        arrives = self.legs[receiver]["down"].departure(sent, packet)
        if arrives is None:
            return
        copies = self.legs[sender]["up"].copies() * self.legs[receiver]["down"].copies()
        for _ in range(copies):
            # The number keeps packets of the same instant in order.
            self._accepted += 1
            entry = (arrives, self._accepted, self._devices[receiver], packet)
            heapq.heappush(self._waiting, entry)

    def _set_timer(self) -> None:
        if not self._waiting:
            return
        first = self._waiting[0][0]
        if self._timer is not None:
            if self._timer.when() <= first:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(first, self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now + 0.0005:
            _, _, device, packet = heapq.heappop(self._waiting)
            # A full device queue loses the packet, as a real one would.
            with contextlib.suppress(OSError):
                os.write(device, packet)
        self._set_timer()

    def close(self) -> None:
        """Stop watching the devices; they stay open."""
        for device in self._devices.values():
            self._loop.remove_reader(device)
        if self._timer is not None:
            self._timer.cancel()

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order:
            case {"shape": [host, direction, conditions]}:
                for name in ("up", "down") if direction == "both" else (direction,):
                    leg = self.legs[host][name]
                    leg.conditions = dataclasses.replace(leg.conditions, **conditions)
                return {}
            case {"counters": [host, direction]}:
                return dataclasses.asdict(self.legs[host][direction].counters)
        raise ValueError(order)


def _open_device(prefix: str, host: str, address: str) -> int:
    """A TUN device inside the host's namespace, read and written from outside of it."""
    device = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK)
    namespace = f"{prefix}-{host}"
    # The kernel allows 15 characters; the final name is given inside the namespace.
    name = f"tun{os.getpid()}{len(os.listdir('/proc/self/fd'))}"[:15]
    try:
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_WITHOUT_HEADER))
    except OSError as error:
        raise NetworkUnavailable(f"No TUN device: {error.strerror}.") from None
    _ip("link", "set", name, "netns", namespace)
    # Neighbor and router solicitations of IPv6 would only disturb the counters.
    no_version_6 = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
    _ip("netns", "exec", namespace, "sh", "-c", f"{no_version_6} 2>/dev/null || true")
    _ip("-n", namespace, "link", "set", name, "name", "eth0")
    _ip("-n", namespace, "link", "set", "lo", "up")
    _ip("-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
    _ip("-n", namespace, "link", "set", "eth0", "mtu", str(MTU), "up")
    return device


def _remove(namespace: str) -> None:
    """Delete a namespace, unless it is gone already."""
    if Path("/run/netns", namespace).exists():
        with contextlib.suppress(NetworkUnavailable):
            _ip("netns", "del", namespace)


async def _main(prefix: str, hosts: dict[str, str], seed: int | None) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM):
        # Whoever ends a benchmark may mean all of its processes; this one is to clean up behind it.
        signal.signal(signum, signal.SIG_IGN)
    try:
        devices = {host: _open_device(prefix, host, address) for host, address in hosts.items()}
        switch = Switch(hosts, devices, seed)
    except NetworkUnavailable as reason:
        print(reason, flush=True)
        return
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(switch.obey(json.loads(line))), flush=True)
    switch.close()
    # Our input is closed, perhaps because the process that made the namespaces was killed.
    for host in hosts:
        _remove(f"{prefix}-{host}")


if __name__ == "__main__":
    asyncio.run(_main(**json.loads(sys.argv[1])))
