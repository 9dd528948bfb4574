"""ICE over TCP (RFC 6544): connections that clients open to our passive candidates.

Each connection has a UDP socket of its own on loopback, connected to the port of the packet loop,
and the two exchange packets. So a client that comes by TCP is one more address for the packet loop,
whatever serves that: checks, the handshake, limits and a change of network are the same. One check
must come first, for a peer that exists, before there is such a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ipaddress
import resource
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from media.transport.framing import Deframer, FramingError, framed
from media.transport.port import SLOT, pack_address

MOST_UNSENT = 48 << 10
"""Bytes that a slow reader may leave unsent before video is dropped: a second at 400 kbit/s. Packets
that come later than that are of no use, and what is dropped is loss, to which senders adapt."""
SMALL = 400
"Bytes of a packet that may be audio: dropped only when twice as much is unsent."
STUCK_MILLISECONDS = 15_000
"Without any acknowledgment for so long the kernel ends a connection (tcp(7), TCP_USER_TIMEOUT)."
LAST_SECONDS = 1.0
"For a client to take what was sent to it last, as the worker ends."
PACKETS_AT_ONCE = 64
RESERVED_DESCRIPTORS = 64
"Open files of a worker for anything but these connections, two of which each takes."
TWIN_BUFFER = 1 << 20

Address = tuple[str, int]
_SIOCOUTQNSD = 0x894B
_TCP_USER_TIMEOUT = 18
_NUMBER = struct.Struct("i")


@dataclass(frozen=True)
class Bounds:
    """What strangers may take."""

    connections: int = 1000
    "Of one worker. A newer one takes the place of the oldest that has proven nothing."
    of_a_network: int = 100
    "Of one IPv4 address or IPv6 /64: a clinic behind one address, each with two or three."
    packets: int = 4000
    """Per second from one connection, as many as a participant's limits allow by UDP. Each costs
    more here, before it is counted there; beyond this the connection ends."""
    proof_seconds: float = 5.0
    "Until a check must have proven the password; and between two looks whether it still counts."


class TcpListener:
    """Accepts clients for one worker and takes their packets to its UDP port at ``target``.

    ``may_begin`` says whether a packet is a check that names a peer, ``is_proven`` whether a packed
    address is that of a peer. ``mapped`` gets, by packed address, where a client really is.
    """

    def __init__(
        self,
        target: Address,
        may_begin: Callable[[bytes], bool],
        is_proven: Callable[[bytes], bool],
        mapped: dict[bytes, Address],
        bounds: Bounds | None = None,
    ) -> None:
        self.target = target
        self.bounds = bounds or affordable_bounds()
        self.may_begin = may_begin
        self.is_proven = is_proven
        self.mapped = mapped
        self.connections: dict[TcpConnection, None] = {}
        "Oldest first."
        self.unproven: dict[TcpConnection, None] = {}
        self.networks: Counter[str] = Counter()
        self.dropped = 0
        "Packets that a slow reader did not get."
        self.refused = 0
        "Connections over a limit, or that began with anything but a check for a peer."
        self._servers: dict[str, asyncio.Server] = {}

    async def listen(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Listen at these hosts and no others; those at which it does, in their order."""
        wanted = tuple(dict.fromkeys(hosts))
        for host in [host for host in self._servers if host not in wanted]:
            self._servers.pop(host).close()
        for host in wanted:
            if host not in self._servers:
                bound = _bound(host, self.target[1])
                if bound is not None:
                    self._servers[host] = await asyncio.get_running_loop().create_server(
                        lambda: TcpConnection(self), sock=bound
                    )
        return tuple(host for host in wanted if host in self._servers)

    async def close(self) -> None:
        """Listen no more, and end every connection once its client has what was sent to it."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        ending = list(self.connections)
        for connection in ending:
            connection.finish()
        if ending:
            await asyncio.wait([one.lost for one in ending], timeout=LAST_SECONDS)
        for connection in ending:
            connection.end()

    def admits(self, network: str) -> bool:
        """Whether one more connection may begin; the oldest without a proof may go for it."""
        if self.networks[network] >= self.bounds.of_a_network:
            return False
        if len(self.connections) >= self.bounds.connections:
            if not self.unproven:
                return False
            next(iter(self.unproven)).end()
        return True


class TcpConnection(asyncio.Protocol):
    """One client's connection and its UDP socket on loopback."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._deframer = Deframer()
        self._transport: asyncio.Transport | None = None
        self.lost: asyncio.Future[None] = self._loop.create_future()
        "Done when nothing is left of the connection."
        self._network = ""
        self._source: Address = ("", 0)
        self._twin: socket.socket | None = None
        self._twin_address = b""
        self._timer: asyncio.TimerHandle | None = None
        self._packets_left = float(listener.bounds.packets)
        self._refilled_at = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peername = transport.get_extra_info("peername")
        listener = self._listener
        network = network_of(peername[0]) if peername else ""
        if not network or not listener.admits(network):
            listener.refused += 1
            self._transport.abort()
            return
        self._network, self._source = network, (peername[0].partition("%")[0], peername[1])
        listener.networks[network] += 1
        listener.connections[self] = listener.unproven[self] = None
        with contextlib.suppress(OSError):  # a system that has no such option
            transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, STUCK_MILLISECONDS
            )
        self._timer = self._loop.call_later(listener.bounds.proof_seconds, self._look)

    def data_received(self, data: bytes) -> None:
        before = self._deframer.frames
        try:
            packets = self._deframer.feed(data)
        except FramingError:
            self.end()
            return
        if not self._may_send(self._deframer.frames - before):
            self._listener.refused += 1
            self.end()
            return
        for packet in packets:
            if self._twin is None and not self._begin(packet):
                return
            assert self._twin is not None
            try:
                self._twin.send(packet)
            except OSError:
                self._listener.dropped += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        if not self.lost.done():
            self.lost.set_result(None)

    def finish(self) -> None:
        """Close the connection after what the packet loop has sent to it."""
        while self._answer() == PACKETS_AT_ONCE:
            pass
        self._forget()
        if self._transport is not None:
            self._transport.close()

    def end(self) -> None:
        """Close the connection; what is unsent is lost."""
        self._forget()
        if self._transport is not None:
            self._transport.abort()

    def _may_send(self, packets: int) -> bool:
        """Charge what arrived; False if it is more than ``Bounds.packets`` allow."""
        now, most = self._loop.time(), self._listener.bounds.packets
        refill = most * (now - self._refilled_at)
        self._packets_left = min(self._packets_left + refill, most) - packets
        self._refilled_at = now
        return self._packets_left >= 0

    def _begin(self, packet: bytes) -> bool:
        """Open the socket on loopback if the packet is a check for a peer; else end."""
        listener = self._listener
        if self not in listener.connections:
            return False
        twin = _twin_of(listener.target) if listener.may_begin(packet) else None
        if twin is None:
            listener.refused += 1
            self.end()
            return False
        host, port = twin.getsockname()[:2]
        self._twin, self._twin_address = twin, pack_address(host, port)
        listener.mapped[self._twin_address] = self._source
        self._loop.add_reader(twin.fileno(), self._answer)
        return True

    def _answer(self) -> int:
        """Take packets of the packet loop to the client; how many were tried, at most so many."""
        twin, transport = self._twin, self._transport
        if twin is None or transport is None:
            return 0
        unsent = self.unsent()
        frames: list[bytes] = []
        for tried in range(1, PACKETS_AT_ONCE + 1):  # noqa: B007 (its last value counts)
            try:
                packet = twin.recv(SLOT)
            except ConnectionRefusedError:  # a port that is closed already; more may be waiting
                continue
            except OSError:
                break
            if unsent > (MOST_UNSENT if len(packet) > SMALL else 2 * MOST_UNSENT):
                self._listener.dropped += 1
                continue
            frames.append(framed(packet))
            unsent += len(packet)
        if frames:
            transport.write(b"".join(frames))
        return tried

    def unsent(self) -> int:
        """Bytes that wait here and in the kernel for the network to take them."""
        assert self._transport is not None
        here: int = self._transport.get_write_buffer_size()
        try:
            descriptor = self._transport.get_extra_info("socket").fileno()
            (there,) = _NUMBER.unpack(fcntl.ioctl(descriptor, _SIOCOUTQNSD, _NUMBER.pack(0)))
        except OSError:  # closed, or a system that does not tell
            there = 0
        return here + int(there)

    def _look(self) -> None:
        """End it unless its address is that of a peer, as one proven check makes it."""
        listener = self._listener
        if not self._twin_address or not listener.is_proven(self._twin_address):
            self.end()
            return
        listener.unproven.pop(self, None)
        self._timer = self._loop.call_later(listener.bounds.proof_seconds, self._look)

    def _forget(self) -> None:
        listener = self._listener
        if self._timer is not None:
            self._timer.cancel()
        if self not in listener.connections:
            return
        del listener.connections[self]
        listener.unproven.pop(self, None)
        listener.networks[self._network] -= 1
        if not listener.networks[self._network]:
            del listener.networks[self._network]
        if self._twin is not None:
            self._loop.remove_reader(self._twin.fileno())
            self._twin.close()
            listener.mapped.pop(self._twin_address, None)
            self._twin = None


def network_of(host: str) -> str:
    """The IPv4 address or the IPv6 /64 that a host is in."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def affordable_bounds() -> Bounds:
    """Those for which this process may open files enough."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return Bounds()
    return Bounds(min(Bounds.connections, max(1, (files - RESERVED_DESCRIPTORS) // 2)))


def _twin_of(target: Address) -> socket.socket | None:
    """A UDP socket connected to ``target``; None if this machine has no more to give."""
    version = ipaddress.ip_address(target[0]).version
    try:
        twin = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    except OSError:
        return None
    try:
        twin.setblocking(False)
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TWIN_BUFFER)
        twin.connect(target)
    except OSError:
        twin.close()
        return None
    return twin


def _bound(host: str, port: int) -> socket.socket | None:
    """A socket to listen with; None if the port is taken there, or the host is not this machine's."""
    version = ipaddress.ip_address(host).version
    tcp = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if version == 6:
            tcp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        tcp.bind((host, port))
        tcp.listen()
    except OSError:
        tcp.close()
        return None
    return tcp
