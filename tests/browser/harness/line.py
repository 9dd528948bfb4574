"""The line between browsers and a server, on loopback: it holds uploads in the middle, and is cut."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.web_process import Running, web_process

UPLOAD = b"PATCH /"


@dataclass
class Line:
    """A proxy for TCP. What goes up in pieces of files is counted, and stops at `most`."""

    port: int = 0
    "Its near end."
    to: int = 0
    "The server's port, which is another one after each start."
    most: float = float("inf")
    "Bytes of uploads that it carries in all."
    carried: int = 0
    is_up: bool = True
    held: asyncio.Event = field(default_factory=asyncio.Event)
    "Set while an upload waits for `carry`."
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def carry(self, more: float = float("inf")) -> None:
        """Carry as many more bytes of uploads."""
        self.most = self.carried + more
        self.held.clear()
        self._more.set()
        self._more = asyncio.Event()

    def cut(self) -> None:
        """Break all connections, and let no new ones through until `mend`."""
        self.is_up = False
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self.is_up = True

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        self._ends.add(writer)
        try:
            if not self.is_up:
                return
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
                ends.add(far_writer)
                self._ends.add(far_writer)
                await asyncio.gather(
                    self._carry_up(reader, far_writer), self._carry_down(far_reader, writer)
                )
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _carry_up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_upload = False
        while piece := await reader.read(16_384):
            is_upload = UPLOAD in piece or (is_upload and b" HTTP/1.1\r\n" not in piece)
            if is_upload:
                while self.carried + len(piece) > self.most:
                    self.held.set()
                    await self._more.wait()
                self.carried += len(piece)
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def _carry_down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def line() -> AsyncIterator[Line]:
    """A line whose far end is set once the server runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = Line(port=listener.getsockname()[1])
    async with await asyncio.start_server(made.take, sock=listener) as near:
        yield made
        near.close()
        await made.stop()


@contextlib.asynccontextmanager
async def server_behind(
    line: Line, data_dir: Path, *, first: bool = False
) -> AsyncIterator[tuple[Running, str]]:
    """`python -m web` at the far end: the process, and the path where its first account is made."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        line.to = free.getsockname()[1]
    async with web_process(
        data_dir,
        line.to,
        first=first,
        TELECONNECT_PUBLIC_URL=line.url,
        TELECONNECT_RELAY_WORKERS="0",
    ) as (running, printed):
        setup = re.search(r"/setup/[\w-]+", printed)
        yield running, setup.group() if setup else ""
