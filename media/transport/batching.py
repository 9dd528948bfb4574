"""Linux's batched system calls for one port, called through cffi.

A batch costs one ``recvmmsg`` and one ``sendmmsg``, and consecutive packets of one size to one
address leave as a single segmented send (UDP_SEGMENT). Where the native loop is built,
``media/native/send.c`` does the same in the same memory.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from typing import Any, Protocol

import cffi  # type: ignore[import-untyped]

SLOT = 2048
"Bytes reserved for one datagram: any Ethernet frame, an SRTP trailer, and a power of two."
BATCH = 64
"Datagrams read at a time: a 30 fps frame of ten publishers, and 128 KiB of buffer."
OUTGOING = 256
"Datagrams that may be queued; when all slots are used they are sent at once."
SEGMENTS = 32
"Datagrams in one segmented send; the kernel takes 64 and at most 65,507 bytes together."
ADDRESS_SPACE = 28
"Bytes reserved for the packed address of one datagram."

_UDP_SEGMENT = 103
_SO_TIMESTAMPNS = 35
STAMPED = _SO_TIMESTAMPNS << 32 | socket.SOL_SOCKET
"Level and type of the ancillary message with the time of arrival, read as one number."
STAMP_SPACE = 32
"Bytes of that message: its length, level, type, seconds and nanoseconds."
MOST_AGE = 2.0
"""Seconds that a datagram may have waited to be read. More, or less than nothing, means that the
machine's clock was set meanwhile; then the time of reading is what is known."""
_MESSAGE = struct.Struct("@QI4xQQQQ")
_VECTOR = struct.Struct("@QQ")
UNSEGMENTED_SECONDS = 60.0
"""For which a destination that refused gets no segmented send. Its link may be too narrow for segments
of that size, or its network card too plain, which says nothing of the others."""
MOST_REFUSALS = 256
_UNSEGMENTED_ERRORS = frozenset({errno.EIO, errno.EINVAL, errno.EOPNOTSUPP, errno.EMSGSIZE})

_DECLARATIONS = """
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov;
    size_t msg_iovlen; void *msg_control; size_t msg_controllen; int msg_flags; };
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
int sendmmsg(int, struct mmsghdr *, unsigned int, int);
"""


class BatchedPort(Protocol):
    """What the calls need of a port."""

    socket: socket.socket
    address_size: int
    incoming_pointers: list[Any]
    outgoing_pointer: int
    segmentation: bool
    sent: int
    segmented: int
    refused: int
    read_at: int


class BatchedSocket:
    """The batched calls of one port, with every structure they need allocated once."""

    def __init__(self, port: BatchedPort) -> None:
        foreign = cffi.FFI()
        foreign.cdef(_DECLARATIONS)
        library = foreign.dlopen(None)
        self._port = port
        self._foreign = foreign
        self._recvmmsg: Any = library.recvmmsg
        self._sendmmsg: Any = library.sendmmsg
        self._descriptor = port.socket.fileno()
        self._null = foreign.NULL
        self._unsegmented: dict[bytes, float] = {}
        "By destination: until when it gets no segmented send."
        self._prepare_reading(port)
        self._prepare_sending()

    def _prepare_reading(self, port: BatchedPort) -> None:
        foreign = self._foreign
        self._addresses = foreign.new("char[]", BATCH * ADDRESS_SPACE)
        self._vectors_in = foreign.new("struct iovec[]", BATCH)
        self._headers_in = foreign.new("struct mmsghdr[]", BATCH)
        self._stamps_in = foreign.new("char[]", BATCH * STAMP_SPACE)
        for index in range(BATCH):
            vector = self._vectors_in[index]
            vector.iov_base = port.incoming_pointers[index]
            vector.iov_len = SLOT
            header = self._headers_in[index].msg_hdr
            header.msg_name = self._addresses + index * ADDRESS_SPACE
            header.msg_namelen = port.address_size
            header.msg_iov = self._vectors_in + index
            header.msg_iovlen = 1
            header.msg_control = self._stamps_in + index * STAMP_SPACE
            header.msg_controllen = STAMP_SPACE
        self.addresses_pointer = int(foreign.cast("uintptr_t", self._addresses))
        self.headers_pointer = int(foreign.cast("uintptr_t", self._headers_in))
        self.addresses = memoryview(foreign.buffer(self._addresses)).cast("B")
        self.lengths = memoryview(foreign.buffer(self._headers_in)).cast("B").cast("I")
        self._headers_view_in = memoryview(foreign.buffer(self._headers_in)).cast("B").cast("Q")
        self.stamps = memoryview(foreign.buffer(self._stamps_in)).cast("B").cast("q")

    def _prepare_sending(self) -> None:
        foreign = self._foreign
        self._headers_out = foreign.new("struct mmsghdr[]", OUTGOING)
        self._vectors_out = foreign.new("struct iovec[]", OUTGOING)
        self._targets = foreign.new("char[]", OUTGOING * ADDRESS_SPACE)
        self._targets_view = memoryview(foreign.buffer(self._targets)).cast("B")
        self._targets_address = int(foreign.cast("uintptr_t", self._targets))
        # One ancillary message each: struct cmsghdr, then the segment size as 16 bits.
        self._controls = foreign.new("char[]", OUTGOING * 24)
        self._headers_view = memoryview(foreign.buffer(self._headers_out)).cast("B")
        self._vectors_view = memoryview(foreign.buffer(self._vectors_out)).cast("B")
        self._controls_view = memoryview(foreign.buffer(self._controls)).cast("B")
        for index in range(OUTGOING):
            struct.pack_into(
                "@QiiH6x",
                self._controls_view,
                index * 24,
                18,
                socket.IPPROTO_UDP,
                _UDP_SEGMENT,
                0,
            )
        self._sizes = self._controls_view.cast("H")
        self._vectors_address = int(foreign.cast("uintptr_t", self._vectors_out))
        self._controls_address = int(foreign.cast("uintptr_t", self._controls))

    def receive(self) -> int:
        """Read a batch; the number of datagrams."""
        count: int = self._recvmmsg(
            self._descriptor, self._headers_in, BATCH, socket.MSG_DONTWAIT, self._null
        )
        self._port.read_at = time.time_ns()
        # An error is either "nothing to read" or an unreachable destination reported late.
        return count if count > 0 else 0

    def age(self, index: int) -> float:
        """Seconds that datagram ``index`` had waited when it was read; 0 if that is not known."""
        headers, stamps = self._headers_view_in, self.stamps
        start = index * 4
        if headers[index * 8 + 5] != STAMP_SPACE:
            # The kernel wrote how much it used, and reads there how much it may use.
            headers[index * 8 + 5] = STAMP_SPACE
            stamps[start + 1] = 0
        if stamps[start + 1] != STAMPED:
            return 0.0
        arrived_at = stamps[start + 2] * 1_000_000_000 + stamps[start + 3]
        age = (self._port.read_at - arrived_at) / 1e9
        return age if 0.0 <= age <= MOST_AGE else 0.0

    def send(self, queued: list[tuple[bytes, list[int]]]) -> None:
        """Send what ``Port.take_queued`` gave; what the kernel refuses is dropped and counted."""
        port = self._port
        base = port.outgoing_pointer
        vectors = self._vectors_view
        headers = self._headers_view
        pack_vector = _VECTOR.pack_into
        pack_message = _MESSAGE.pack_into
        used = 0
        messages = 0
        runs: list[tuple[int, bytes]] = []
        for index, (address, pending) in enumerate(queued):
            target = index * ADDRESS_SPACE
            self._targets_view[target : target + len(address)] = address
            total = len(pending)
            segmentation = port.segmentation and not self._refuses(address)
            first = 0
            while first < total:
                size = pending[first] & 0xFFFF
                start = used
                last = first
                while True:
                    length = pending[last] & 0xFFFF
                    pack_vector(vectors, used * 16, base + (pending[last] >> 16) * SLOT, length)
                    used += 1
                    last += 1
                    # A shorter packet may end a segmented send, but not stand inside one.
                    if (
                        not segmentation
                        or length != size
                        or last == total
                        or pending[last] & 0xFFFF > size
                        or last - first == SEGMENTS
                    ):
                        break
                count = last - first
                if count > 1:
                    self._sizes[messages * 12 + 8] = size
                pack_message(
                    headers,
                    messages * 64,
                    self._targets_address + target,
                    len(address),
                    self._vectors_address + start * 16,
                    count,
                    self._controls_address + messages * 24 if count > 1 else 0,
                    24 if count > 1 else 0,
                )
                runs.append((count, address))
                messages += 1
                first = last
        self._dispatch(runs)

    def _refuses(self, address: bytes) -> bool:
        """Whether a destination has lately refused a segmented send."""
        return bool(self._unsegmented) and self._unsegmented.get(address, 0.0) > time.monotonic()

    def _note_refusal(self, address: bytes) -> None:
        now = time.monotonic()
        if len(self._unsegmented) >= MOST_REFUSALS:
            self._unsegmented = {one: at for one, at in self._unsegmented.items() if at > now}
        if len(self._unsegmented) < MOST_REFUSALS:
            self._unsegmented[address] = now + UNSEGMENTED_SECONDS

    def _dispatch(self, runs: list[tuple[int, bytes]]) -> None:
        """Hand the messages to the kernel; how many packets each carries, and where to."""
        port = self._port
        total = len(runs)
        done = 0
        while done < total:
            sent: int = self._sendmmsg(
                self._descriptor, self._headers_out + done, total - done, socket.MSG_DONTWAIT
            )
            if sent > 0:
                for count, _ in runs[done : done + sent]:
                    port.sent += count
                    if count > 1:
                        port.segmented += count
                done += sent
                continue
            count, address = runs[done]
            if count > 1 and self._foreign.errno in _UNSEGMENTED_ERRORS:
                self._note_refusal(address)
                self._send_singly(done, count)
            else:
                port.refused += count
            done += 1

    def _send_singly(self, message: int, count: int) -> None:
        """Send the packets of a refused segmented message one by one."""
        header = self._headers_out[message].msg_hdr
        single = self._foreign.new("struct mmsghdr[]", 1)
        single[0].msg_hdr.msg_name = header.msg_name
        single[0].msg_hdr.msg_namelen = header.msg_namelen
        single[0].msg_hdr.msg_iovlen = 1
        for index in range(count):
            single[0].msg_hdr.msg_iov = header.msg_iov + index
            if self._sendmmsg(self._descriptor, single, 1, socket.MSG_DONTWAIT) > 0:
                self._port.sent += 1
            else:
                self._port.refused += 1


def request_stamps(udp: socket.socket) -> None:
    """Have the kernel tell when each datagram arrived (socket(7), SO_TIMESTAMPNS), if it can."""
    try:
        udp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return


def probe_segmentation(udp: socket.socket) -> bool:
    """Whether this kernel knows UDP_SEGMENT; a network card without it is noticed when sending."""
    try:
        udp.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, 0)
    except OSError:
        return False
    return True
