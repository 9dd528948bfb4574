"""A line with long round trips between browsers and a server, on loopback."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.serving import Server, serving

FASTER_TIME = """
(() => {
  const factor = %d;
  const { setTimeout: later, performance } = window;
  window.setTimeout = (action, delay, ...rest) => later(action, (delay ?? 0) / factor, ...rest);
  const now = performance.now.bind(performance);
  performance.now = () => now() * factor;
  for (const name of ["requestStart", "responseStart"]) {
    const { get } = Object.getOwnPropertyDescriptor(PerformanceResourceTiming.prototype, name);
    Object.defineProperty(PerformanceResourceTiming.prototype, name, {
      get() { return get.call(this) * factor; },
    });
  }
})();
"""
"Runs before a page's own scripts: whatever it times is over so many times sooner."


@dataclass
class SlowLine:
    """Delays each connection by that of TCP and TLS, and each chunk by half a round trip."""

    round_trip: float
    "Seconds."
    tls_rounds: int
    port: int = 0
    to: int = 0
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await asyncio.sleep((1 + self.tls_rounds) * self.round_trip)
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.to)
            self._ends.add(inner_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, inner_writer))
                both.create_task(self._carry(inner_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Everything comes in its order and late; nothing waits for what is before it."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                loop.call_later(self.round_trip / 2, writer.write, chunk)
        loop.call_later(self.round_trip / 2, writer.close)

    @contextlib.asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[Server]:
        """A server whose address is that of this line."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        line = await asyncio.start_server(self._take, sock=listener)
        url = f"http://localhost:{self.port}"
        async with line, serving(folder, TELECONNECT_PUBLIC_URL=url) as server:
            self.to = server.config.port
            yield server
            line.close()
            for task in self._serving:
                task.cancel()
            for end in self._ends:
                end.transport.abort()
