"""A slow link on this machine: a proxy for TCP that carries so many bytes a second, and can be cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

STEP_SECONDS = 0.02
"So often the link carries something: as much as its speed allows in that time."


@dataclass
class SlowLink:
    """The link; `port` is its near end."""

    bytes_per_second: float
    half: int
    port: int = 0
    carried_up: int = 0
    "Bytes that have arrived at the far end."
    half_carried: asyncio.Event = field(default_factory=asyncio.Event)
    "Set once `carried_up` has reached `half`."
    _works: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def cut(self, seconds: float) -> None:
        """Carry nothing for a while; then both ends learn that their connections are gone."""
        self._works.clear()
        cut = list(self._open)
        await asyncio.sleep(seconds)
        for writer in cut:
            writer.transport.abort()
        self._works.set()

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        """Move bytes of one direction until either end hangs up."""
        most = max(1, int(self.bytes_per_second * STEP_SECONDS))
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(most):
                await self._works.wait()
                writer.write(piece)
                await writer.drain()
                if up:
                    self.carried_up += len(piece)
                    if self.carried_up >= self.half:
                        self.half_carried.set()
                await asyncio.sleep(len(piece) / self.bytes_per_second)
            writer.write_eof()

    @contextlib.asynccontextmanager
    async def joining(self, *writers: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._open |= set(writers)
        try:
            yield
        finally:
            self._open -= set(writers)
            for writer in writers:
                writer.close()


@contextlib.asynccontextmanager
async def slow_link(port: int, bits_per_second: float, half: int) -> AsyncIterator[SlowLink]:
    """A link to a port of this machine; `half` is the number of bytes at which it says so."""
    link = SlowLink(bits_per_second / 8, half)
    link._works.set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # small buffers: what a real link queues is little
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port, limit=16384)
        except OSError:
            writer.close()
            return
        async with link.joining(writer, far_writer):
            await asyncio.gather(
                link.carry(reader, far_writer, up=True), link.carry(far_reader, writer, up=False)
            )

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=16384)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
