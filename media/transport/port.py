"""One UDP socket read and written in batches.

Here are buffers, and addresses as the kernel writes them; what a datagram means is not. On Linux
the native loop or :mod:`media.transport.batching` reads and writes many at a time; elsewhere the
same interface works through plain calls.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from dataclasses import dataclass, field
from typing import Any

import cffi  # type: ignore[import-untyped]

from media.native import native, native_where_built
from media.transport.batching import (
    ADDRESS_SPACE,
    BATCH,
    OUTGOING,
    SLOT,
    STAMP_SPACE,
    BatchedSocket,
    probe_segmentation,
    request_stamps,
)

__all__ = [
    "BATCH",
    "OUTGOING",
    "SLOT",
    "Counters",
    "Destination",
    "Port",
    "PortUnavailable",
    "pack_address",
    "unpack_address",
]

KERNEL_BUFFER = 4 << 20
"Bytes requested of the kernel per direction: half a second of 60 Mbit/s while we do not read."

_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33


class PortUnavailable(OSError):
    """The requested UDP port is taken, or its address is not on this machine."""


def pack_address(host: str, port: int, scope: int = 0) -> bytes:
    """The kernel's ``sockaddr_in`` (16 bytes) or ``sockaddr_in6`` (28 bytes) of an address."""
    address = ipaddress.ip_address(host)
    if address.version == 4:
        return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, address.packed)
    return (
        struct.pack("=H", socket.AF_INET6)
        + struct.pack("!HI16s", port, 0, address.packed)
        + struct.pack("=I", scope)
    )


def unpack_address(packed: bytes) -> tuple[str, int]:
    """Host and port of a packed address. Raises ValueError for another family."""
    (family,) = struct.unpack_from("=H", packed)
    (port,) = struct.unpack_from("!H", packed, 2)
    if family == socket.AF_INET:
        return str(ipaddress.IPv4Address(packed[4:8])), port
    if family == socket.AF_INET6:
        return str(ipaddress.IPv6Address(packed[8:24])), port
    raise ValueError(f"address family {family} is neither IPv4 nor IPv6")


@native_where_built
class DestinationState:
    """Where packets go, in the form the kernel needs."""

    __slots__ = ("_pending", "address", "port")

    port: Port | None
    address: bytes
    "Packed."

    def __init__(self) -> None:
        self._pending: list[int] = []


class Destination(DestinationState):
    """The address that the packets of one peer go to; ``move`` changes it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self.port: Port | None = None
        self.address = b""

    def move(self, port: Port, address: bytes) -> None:
        """Send to ``address`` (packed) through ``port`` from now on."""
        if self.port is not None:
            self.port.flush()
        self.port = port
        self.address = address


@dataclass(frozen=True)
class Counters:
    """What a port has done since it was opened."""

    received: int = 0
    sent: int = 0
    refused: int = 0
    "Datagrams the kernel refused because its buffer was full; they are lost like any other."
    segmented: int = 0
    "Datagrams that left as part of a segmented send."


@dataclass
class Buffers:
    """Memory of one port: ``BATCH`` slots to read into, ``OUTGOING`` slots to send from."""

    foreign: Any
    incoming: Any = field(init=False)
    outgoing: Any = field(init=False)

    def __post_init__(self) -> None:
        self.incoming = self.foreign.new("char[]", BATCH * SLOT)
        self.outgoing = self.foreign.new("char[]", OUTGOING * SLOT)


@native_where_built
class PortState:
    """What is queued on a port, and the counts of what went through it."""

    __slots__ = (
        "_touched",
        "read_at",
        "received",
        "refused",
        "segmentation",
        "segmented",
        "sent",
        "used",
    )

    used: int
    "Outgoing slots used since the last flush."
    segmentation: bool
    "Whether several datagrams may leave as one segmented send."
    received: int
    sent: int
    refused: int
    segmented: int
    read_at: int
    "When the last batch was read, by the machine's clock, in nanoseconds."

    def __init__(self) -> None:
        self._touched: list[Destination] = []

    def push(self, slot: int, length: int, destination: Destination) -> None:
        """Queue ``length`` bytes of ``slot`` for ``destination``, whose port must be this one."""
        pending = destination._pending
        if not pending:
            self._touched.append(destination)
        pending.append(slot << 16 | length)

    def take_queued(self) -> list[tuple[bytes, list[int]]]:
        """Empty the queue; a packed address and ``slot << 16 | length`` of what goes there."""
        queued = []
        for destination in self._touched:
            queued.append((destination.address, destination._pending))
            destination._pending = []
        self._touched.clear()
        self.used = 0
        return queued


def _bound(host: str, port: int, version: int) -> socket.socket:
    """A non-blocking UDP socket with large kernel buffers. Raises PortUnavailable."""
    udp = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        if version == 6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for forced, plain in (
            (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
            (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
        ):
            try:
                udp.setsockopt(socket.SOL_SOCKET, forced, KERNEL_BUFFER)
            except OSError:  # only root may exceed the system's limit
                udp.setsockopt(socket.SOL_SOCKET, plain, KERNEL_BUFFER)
        udp.bind((host, port))
    except OSError as error:
        udp.close()
        raise PortUnavailable(
            error.errno, f"UDP port {port} on {host} cannot be used: {error.strerror}"
        ) from error
    return udp


class Port(PortState):
    """A bound UDP socket of one address family.

    After :meth:`receive` returned n, datagram i < n is at ``incoming[i * SLOT :]``,
    ``lengths[i * 16 + 14]`` bytes long (where the kernel's structure has the length), from the
    packed address ``addresses[i * 28 : i * 28 + address_size]``, and had waited ``age(i)`` seconds;
    ``stamps[i * 4 :]`` is the kernel's message about that. To send, write into
    ``outgoing[slot * SLOT :]`` of a slot from :meth:`slot`, then :meth:`push` it; :meth:`flush`
    sends it.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        version = ipaddress.ip_address(host).version
        self.socket = _bound(host, port, version)
        self.number: int = self.socket.getsockname()[1]
        self.version = version
        self.address_size = 16 if version == 4 else 28
        self.foreign: Any = cffi.FFI()
        self.received = self.sent = self.refused = self.segmented = self.read_at = 0
        buffers = Buffers(self.foreign)
        self._buffers = buffers
        self.incoming = memoryview(self.foreign.buffer(buffers.incoming)).cast("B")
        self.outgoing = memoryview(self.foreign.buffer(buffers.outgoing)).cast("B")
        self.incoming_pointers = [buffers.incoming + i * SLOT for i in range(BATCH)]
        self.outgoing_pointers = [buffers.outgoing + i * SLOT for i in range(OUTGOING)]
        self.outgoing_pointer = int(self.foreign.cast("uintptr_t", buffers.outgoing))
        self.used = 0
        self.segmentation = False
        self.native = False
        "Whether the native loop serves this port."
        self._batched: BatchedSocket | None = None
        self._use_own_views()
        if sys.platform == "linux":
            self._batched = batched = BatchedSocket(self)
            self.addresses = batched.addresses
            self.lengths = batched.lengths
            self.stamps = batched.stamps
            self.segmentation = probe_segmentation(self.socket)
            request_stamps(self.socket)
            if native is not None:
                incoming = int(self.foreign.cast("uintptr_t", buffers.incoming))
                self.attach(  # type: ignore[attr-defined]
                    self.fileno(),
                    self.address_size,
                    batched.headers_pointer,
                    batched.addresses_pointer,
                    incoming,
                    self.outgoing_pointer,
                    (buffers, batched),
                )
                self.native = True

    def _use_own_views(self) -> None:
        self.addresses = memoryview(bytearray(BATCH * ADDRESS_SPACE))
        self.lengths = memoryview(bytearray(BATCH * 64)).cast("I")
        self.stamps = memoryview(bytearray(BATCH * STAMP_SPACE)).cast("q")

    @property
    def counters(self) -> Counters:
        """What went through the port since it was opened."""
        return Counters(self.received, self.sent, self.refused, self.segmented)

    def fileno(self) -> int:
        """The socket's descriptor, for an event loop."""
        return self.socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def receive(self) -> int:
        """Read up to ``BATCH`` waiting datagrams; returns their number."""
        if self.native:
            waiting: int = native.receive(self)
            return waiting
        count = self._batched.receive() if self._batched is not None else self._receive_plainly()
        self.received += count
        return count

    def length(self, index: int) -> int:
        """Bytes of datagram ``index`` of the last batch; ``SLOT`` means it was truncated."""
        return self.lengths[index * 16 + 14]

    def source(self, index: int) -> bytes:
        """The packed address datagram ``index`` of the last batch came from."""
        start = index * ADDRESS_SPACE
        return bytes(self.addresses[start : start + self.address_size])

    def age(self, index: int) -> float:
        """Seconds that datagram ``index`` of the last batch had waited to be read, if known, or 0.

        So a relay that waits for a processor does not mistake its own waiting for the network's.
        """
        return self._batched.age(index) if self._batched is not None else 0.0

    def _receive_plainly(self) -> int:
        count = 0
        while count < BATCH:
            start = count * SLOT
            try:
                size, sender = self.socket.recvfrom_into(self.incoming[start : start + SLOT])
            except OSError:
                break
            scope = sender[3] if self.version == 6 else 0
            address = pack_address(sender[0].split("%")[0], sender[1], scope)
            self.addresses[count * ADDRESS_SPACE : count * ADDRESS_SPACE + len(address)] = address
            self.lengths[count * 16 + 14] = size
            count += 1
        return count

    def slot(self) -> int:
        """A free slot to write one datagram into; if none is free, what is queued is sent first."""
        used = self.used
        if used == OUTGOING:
            self.flush()
            used = 0
        self.used = used + 1
        return used

    def send(self, data: bytes, destination: Destination) -> None:
        """Queue a copy of ``data`` for ``destination``; more than ``SLOT`` bytes are refused."""
        if len(data) > SLOT:
            self.refused += 1
            return
        slot = self.slot()
        start = slot * SLOT
        self.outgoing[start : start + len(data)] = data
        self.push(slot, len(data), destination)

    def send_to(self, data: bytes, address: bytes) -> None:
        """Queue a copy of ``data`` for a packed address that belongs to no peer yet."""
        destination = Destination()
        destination.move(self, address)
        self.send(data, destination)

    def flush(self) -> None:
        """Send everything queued. What the kernel refuses is dropped and counted."""
        if not self.used:
            return
        if self.native:
            native.send(self)
        elif self._batched is not None:
            self._batched.send(self.take_queued())
        else:
            self._send_plainly(self.take_queued())

    def _send_plainly(self, queued: list[tuple[bytes, list[int]]]) -> None:
        for packed, entries in queued:
            address = unpack_address(packed)
            for entry in entries:
                start = (entry >> 16) * SLOT
                try:
                    self.socket.sendto(self.outgoing[start : start + (entry & 0xFFFF)], address)
                    self.sent += 1
                except OSError:
                    self.refused += 1

    def use_batched_calls(self) -> None:
        """Do without the native loop, as where it is not built."""
        self.flush()
        self.native = False

    def use_plain_calls(self) -> None:
        """Do without batched system calls, as on a system that has none."""
        self.use_batched_calls()
        self._batched = None
        self._use_own_views()
        self.segmentation = False
