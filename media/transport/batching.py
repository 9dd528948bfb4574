"""Linux's batched system calls for one port, called through cffi.

A batch costs one ``recvmmsg`` and one ``sendmmsg``, and consecutive packets of one size to one
place leave as a single segmented send (UDP_SEGMENT). ``media/native/send.c`` does the same in the same
memory where it is built.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import Any, Protocol

import cffi  # type: ignore[import-untyped]

SLOT = 2048
"Bytes reserved for one datagram: any Ethernet frame, an SRTP trailer, and a power of two."
BATCH = 64
"Datagrams read at a time: a 30 fps frame of ten publishers, and 128 KiB of buffer."
OUTGOING = 256
"Datagrams that may wait to be sent; when they are used up they are sent at once."
SEGMENTS = 32
"Datagrams in one segmented send; the kernel takes 64 and at most 65,507 bytes together."
ADDRESS_SPACE = 28
"Bytes reserved for the packed address of one datagram."

_UDP_SEGMENT = 103
_MESSAGE = struct.Struct("@QI4xQQQQ")
_VECTOR = struct.Struct("@QQ")
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
    """What of a port the calls need."""

    socket: socket.socket
    address_size: int
    incoming_pointers: list[Any]
    outgoing_pointer: int
    segmentation: bool
    sent: int
    segmented: int
    refused: int


class BatchedSocket:
    """The Linux batch calls of one port, with every structure they need made once."""

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

        self._addresses = foreign.new("char[]", BATCH * ADDRESS_SPACE)
        self._vectors_in = foreign.new("struct iovec[]", BATCH)
        self._headers_in = foreign.new("struct mmsghdr[]", BATCH)
        for index in range(BATCH):
            vector = self._vectors_in[index]
            vector.iov_base = port.incoming_pointers[index]
            vector.iov_len = SLOT
            header = self._headers_in[index].msg_hdr
            header.msg_name = self._addresses + index * ADDRESS_SPACE
            header.msg_namelen = port.address_size
            header.msg_iov = self._vectors_in + index
            header.msg_iovlen = 1
        self.addresses_pointer = int(foreign.cast("uintptr_t", self._addresses))
        self.headers_pointer = int(foreign.cast("uintptr_t", self._headers_in))
        self.addresses = memoryview(foreign.buffer(self._addresses)).cast("B")
        self.lengths = memoryview(foreign.buffer(self._headers_in)).cast("B").cast("I")

        self._headers_out = foreign.new("struct mmsghdr[]", OUTGOING)
        self._vectors_out = foreign.new("struct iovec[]", OUTGOING)
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
        # An error is either "nothing waits" or an unreachable destination reported late.
        return count if count > 0 else 0

    def send(self, touched: list[Any]) -> None:
        """Send what destinations have pending; what the kernel refuses is dropped and counted."""
        port = self._port
        base = port.outgoing_pointer
        vectors = self._vectors_view
        headers = self._headers_view
        pack_vector = _VECTOR.pack_into
        pack_message = _MESSAGE.pack_into
        segmentation = port.segmentation
        used = 0
        messages = 0
        runs: list[int] = []
        for destination in touched:
            pending = destination.pending
            total = len(pending)
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
                    # A shorter packet may close a segmented send, never stand inside one.
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
                    destination.address_pointer,
                    destination.address_length,
                    self._vectors_address + start * 16,
                    count,
                    self._controls_address + messages * 24 if count > 1 else 0,
                    24 if count > 1 else 0,
                )
                runs.append(count)
                messages += 1
                first = last
            pending.clear()
        self._dispatch(runs)

    def _dispatch(self, runs: list[int]) -> None:
        """Hand messages 0..len(runs) to the kernel; ``runs[i]`` is how many packets i carries."""
        port = self._port
        total = len(runs)
        done = 0
        while done < total:
            sent: int = self._sendmmsg(
                self._descriptor, self._headers_out + done, total - done, socket.MSG_DONTWAIT
            )
            if sent > 0:
                for count in runs[done : done + sent]:
                    port.sent += count
                    if count > 1:
                        port.segmented += count
                done += sent
                continue
            if runs[done] > 1 and self._foreign.errno in _UNSEGMENTED_ERRORS:
                port.segmentation = False
                self._send_singly(done, runs[done])
            else:
                port.refused += runs[done]
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


def probe_segmentation(udp: socket.socket) -> bool:
    """Whether this kernel knows UDP_SEGMENT; a card that does not is noticed when sending."""
    try:
        udp.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, 0)
    except OSError:
        return False
    return True
