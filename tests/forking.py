"""Processes forked from one that has loaded their program, which takes far longer than the rest of a start."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache

_SOURCE = """
import importlib, json, os, socket, sys
orders = socket.socket(fileno=int(sys.argv[1]))
program = importlib.import_module(sys.argv[2])
exec(sys.argv[3])
while True:
    received, streams, _, _ = socket.recv_fds(orders, 1 << 20, 3)
    if not received:
        break
    order = json.loads(received)
    if "ended" in order:
        orders.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1]))
        continue
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            orders.close()
            for number, stream in enumerate(streams, 1):
                if stream != number:
                    os.dup2(stream, number)
                    os.close(stream)
            os.environ.clear()
            os.environ.update(order["environment"])
            sys.argv = order["arguments"]
            status = program.main() or 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    for stream in streams:
        os.close(stream)
    watched = os.pidfd_open(pid)
    socket.send_fds(orders, [b"%d" % pid], [watched])
    os.close(watched)
"""


class Starter:
    """The process from which a program is forked."""

    def __init__(self, program: str, also: str, prefix: Sequence[str] = ()) -> None:
        """Load a program, then run statements; `prefix` is the command that makes it run elsewhere."""
        self._orders, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._asking = threading.Lock()
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-c", _SOURCE, str(theirs.fileno()), program, also],
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        atexit.register(self.end)

    def end(self) -> None:
        """End it, once all that were forked from it have ended."""
        atexit.unregister(self.end)
        self._orders.close()
        self._process.wait()

    def start(
        self, environment: Mapping[str, str], streams: Sequence[int], arguments: Sequence[str]
    ) -> tuple[int, int]:
        """Start one with these descriptors from 1 on; its id, and a descriptor of it."""
        order = json.dumps({"environment": dict(environment), "arguments": list(arguments)})
        with self._asking:
            socket.send_fds(self._orders, [order.encode()], streams)
            pid, [watched], _, _ = socket.recv_fds(self._orders, 100, 1)
        return int(pid), watched

    def status_of(self, pid: int) -> int:
        """The exit status of a process that has ended."""
        with self._asking:
            self._orders.send(json.dumps({"ended": pid}).encode())
            return int(self._orders.recv(100))


_starter = cache(Starter)


class Forked:
    """A process as `asyncio.subprocess` has it."""

    def __init__(self, starter: Starter, pid: int, watched: int) -> None:
        self._starter = starter
        self.pid = pid
        self._watched = watched
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(watched, self._take)

    def _take(self) -> None:
        asyncio.get_running_loop().remove_reader(self._watched)
        os.close(self._watched)
        self.returncode = self._starter.status_of(self.pid)
        self._ended.set()

    def send_signal(self, number: int, /) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._watched, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


async def forked(
    program: str,
    environment: Mapping[str, str],
    streams: Sequence[int],
    arguments: Sequence[str] = (),
    *,
    also: str = "",
    starter: Starter | None = None,
) -> Forked:
    """Run `main()` of a module, with these descriptors from 1 on.

    What it is forked from, unless a `starter` is given, has run the statements `also`, once.
    """
    # how tests that begin a process are told from others
    sys.audit("os.fork")
    if starter is None:
        starter = await asyncio.to_thread(_starter, program, also)
    arguments = (program, *arguments)
    started = await asyncio.to_thread(starter.start, environment, streams, arguments)
    return Forked(starter, *started)
