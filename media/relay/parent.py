"""Notices the end of the process that commands a worker.

Its control socket closes with it, unless a child of that process has a copy of the other end, such as a
fork without exec. Then the worker would go on, and its ports would be taken at the next start.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_UCRED = struct.Struct("3i")
"unix(7): process id, user id, group id."


@contextmanager
def watched(control: socket.socket, ended: Callable[[], None]) -> Iterator[None]:
    """Call ``ended`` in the running loop as soon as the process that made the pair of ``control`` has ended.

    Linux only; elsewhere, and where the process is out of sight, the socket alone tells.
    """
    watch = None
    try:
        watch = _descriptor_of(_maker_of(control))
    except ProcessLookupError:
        ended()
    if watch is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.remove_reader(watch)  # it stays readable
        ended()

    loop.add_reader(watch, tell)
    try:
        yield
    finally:
        loop.remove_reader(watch)
        os.close(watch)


def _maker_of(control: socket.socket) -> int:
    """The id of the process that called socketpair(2); 0 if unknown."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    said = control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid: int = _UCRED.unpack(said)[0]
    return pid


def _descriptor_of(pid: int) -> int | None:
    """A pidfd, which is readable once the process has ended. Raises ProcessLookupError."""
    if pid > 0 and hasattr(os, "pidfd_open"):
        try:
            return os.pidfd_open(pid)
        except ProcessLookupError:
            raise
        except OSError:  # a kernel or a container without it
            pass
    return None
