"""`python -m web`: a process of its own that tests can kill.

Loading the program and its files takes ten times as long as the rest of a start, so servers are
forked from one process that has done both. One that is started `afresh` is as operators have it.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

_SOURCE = """
import json, os, socket, sys
import web.__main__
from web.static_files import StaticFiles
from web.texts.catalogs import Catalogs
Catalogs.load()
StaticFiles.load()
orders = socket.socket(fileno=int(sys.argv[1]))
while True:
    received, streams, _, _ = socket.recv_fds(orders, 1 << 20, 2)
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
                os.dup2(stream, number)
                os.close(stream)
            os.environ.clear()
            os.environ.update(order["environment"])
            sys.argv = ["web"]
            status = web.__main__.main()
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


class Running(Protocol):
    """A process as `asyncio.subprocess` has it."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, signal: int, /) -> None: ...

    def kill(self) -> None: ...

    async def wait(self) -> int: ...


class _Starter:
    """The process from which the servers are forked."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SOURCE, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()
        atexit.register(self._end)

    def _end(self) -> None:
        self._orders.close()
        self._process.wait()

    def start(self, environment: dict[str, str], streams: tuple[int, int]) -> tuple[int, int]:
        """Start a server with this standard output and error; its id, and a descriptor of it."""
        order = json.dumps({"environment": environment}).encode()
        socket.send_fds(self._orders, [order], streams)
        pid, [watched], _, _ = socket.recv_fds(self._orders, 100, 1)
        return int(pid), watched

    def status_of(self, pid: int) -> int:
        """The exit status of a process that has ended."""
        self._orders.send(json.dumps({"ended": pid}).encode())
        return int(self._orders.recv(100))


@cache
def _starter() -> _Starter:
    return _Starter()


class _Forked:
    def __init__(self, starter: _Starter, pid: int, watched: int) -> None:
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


async def _forked(environment: dict[str, str], streams: tuple[int, int]) -> _Forked:
    # how tests that begin a process are told from others
    sys.audit("os.fork")
    starter = await asyncio.to_thread(_starter)
    return _Forked(starter, *await asyncio.to_thread(starter.start, environment, streams))


def _environment(settings: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PORT": "0", **settings}


@asynccontextmanager
async def _reading() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """A pipe: what comes out of it, and where it goes in."""
    ours, theirs = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb")
    )
    try:
        yield reader, theirs
    finally:
        transport.close()


@asynccontextmanager
async def web_process(
    data_dir: Path, port: int = 0, *, first: bool = False, afresh: bool = False, **settings: str
) -> AsyncIterator[tuple[Running, str]]:
    """The process once it serves, and what it printed: at its `first` start two lines."""
    environment = _environment(
        {"TELECONNECT_DATA_DIR": str(data_dir), "PORT": str(port), **settings}
    )
    async with _reading() as (output, theirs):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        running: Running
        try:
            if afresh:
                running = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "web", env=environment, stdout=theirs, stderr=nowhere
                )
            else:
                running = await _forked(environment, (theirs, nowhere))
        finally:
            os.close(theirs)
            os.close(nowhere)
        try:
            async with asyncio.timeout(120):
                printed = (await output.readline()).decode()
                if first:
                    printed += (await output.readline()).decode()
            yield running, printed
        finally:
            if running.returncode is None:
                running.send_signal(signal.SIGTERM)
            async with asyncio.timeout(120):
                await running.wait()


async def refused_start(**settings: str) -> tuple[int, str, str]:
    """A server that ends by itself: its exit status, standard output and standard error."""
    async with _reading() as (output, to_output), _reading() as (errors, to_errors):
        try:
            running = await _forked(_environment(settings), (to_output, to_errors))
        finally:
            os.close(to_output)
            os.close(to_errors)
        try:
            async with asyncio.timeout(120):
                printed, said = await asyncio.gather(output.read(), errors.read())
        finally:
            running.kill()
            status = await running.wait()
    return status, printed.decode(), said.decode()
