"""`python -m web`: a process of its own that tests can kill.

Loading the program and its files takes ten times as long as the rest of a start, so servers are
forked from one process that has done both. One that is started `afresh` is as operators have it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol

from tests.engines.databases import database_url
from tests.forking import Forked, Starter, forked

_LOADED = """
from web.static_files import StaticFiles
from web.texts.catalogs import Catalogs
Catalogs.load()
StaticFiles.load()
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


@contextmanager
def starting_elsewhere(prefix: Sequence[str]) -> Iterator[Starter]:
    """What servers are forked from in another place, such as a network namespace.

    The prefix is the command that makes a command line run there.
    """
    starter = Starter("web.__main__", _LOADED, prefix)
    try:
        yield starter
    finally:
        starter.end()


async def _forked(
    environment: dict[str, str], streams: tuple[int, int], starter: Starter | None = None
) -> Forked:
    return await forked("web.__main__", environment, streams, also=_LOADED, starter=starter)


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
    data_dir: Path,
    port: int = 0,
    *,
    first: bool = False,
    afresh: bool = False,
    starter: Starter | None = None,
    **settings: str,
) -> AsyncIterator[tuple[Running, str]]:
    """The process once it serves, and what it printed: at its `first` start two lines."""
    if "TELECONNECT_DATABASE_URL" not in settings:
        settings["TELECONNECT_DATABASE_URL"] = await database_url(data_dir)
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
                )  # fmt: skip
            else:
                running = await _forked(environment, (theirs, nowhere), starter)
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
