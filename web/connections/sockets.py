"""One WebSocket: how fast it may send, what is queued for it, and when a slow reader is cut off."""

import asyncio
from datetime import datetime

from aiohttp import web

from signaling.errors import TooManyRequests
from signaling.moments.milliseconds import to_ms
from signaling.wire import messages as wire
from signaling.wire.values import CLOSE_CODES

MAX_QUEUED_BYTES = 2 * 2**20
"""A reader this far behind is cut off; it reconnects and resumes. The welcome is not counted, only what
is queued behind it: nobody is too slow for their own snapshot."""
MAX_QUEUED_FRAMES = 2000
BURST = 200
RATE = 50.0
"""Messages a socket may send in a burst, and per second: setting up a call between four people takes
some 120 candidates within a few seconds."""
FAREWELLS: dict[str, wire.Message] = {"replaced": wire.Replaced(), "gone": wire.Goodbye("gone")}


class Socket:
    """One live connection, as `signaling.ports.connection.Connection`: `send` never waits."""

    def __init__(
        self, response: web.WebSocketResponse, transport: asyncio.Transport | None, peer_id: str
    ) -> None:
        self.peer_id = peer_id
        self._response = response
        self._frames: list[tuple[str, int]] = []
        "(frame, size that counts towards the queue); 0 for a frame that does not count."
        self._queued_bytes = self._queued_frames = 0
        self._closing: tuple[int, bytes] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._transport = transport
        self._acted = False

    def act(self) -> None:
        """The user did something by hand."""
        self._acted = True

    def acted(self) -> bool:
        """Whether the user did anything by hand since the last call."""
        acted, self._acted = self._acted, False
        return acted

    def send(self, frame: str, *, counted: bool = True) -> None:
        if self._closing is not None:
            return
        size = len(frame) if counted else 0
        self._frames.append((frame, size))
        self._queued_bytes += size
        self._queued_frames += bool(size)
        if self._queued_bytes > MAX_QUEUED_BYTES or self._queued_frames > MAX_QUEUED_FRAMES:
            self._cut_off()
            return
        self._write_soon()

    @property
    def closing(self) -> bool:
        """Whether it no longer sends or handles anything."""
        return self._closing is not None

    def tell_end(self, ends_at: datetime, now: datetime) -> None:
        """Say when the time of the user's sign-in is over."""
        left = max(0, to_ms(ends_at) - to_ms(now))
        self.send(wire.encode(wire.SignInEnds(to_ms(ends_at), left)))

    def end(self, reason: str) -> None:
        """Say farewell and close, because access was revoked for `reason`."""
        if farewell := FAREWELLS.get(reason):
            self.send(wire.encode(farewell))
        self.close(reason)

    def close(self, reason: str) -> None:
        if self._closing is None:
            self._closing = (CLOSE_CODES[reason], reason.encode())
            self._write_soon()

    async def finish(self) -> None:
        """Wait until everything queued has been written."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=2)

    def _write_soon(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="socket writer")

    async def _write(self) -> None:
        try:
            while self._frames:
                frames, self._frames = self._frames, []
                for frame, size in frames:
                    await self._response.send_str(frame)
                    self._queued_bytes -= size
                    self._queued_frames -= bool(size)
            if self._closing is not None:
                code, reason = self._closing
                await self._response.close(code=code, message=reason)
        except (ConnectionError, RuntimeError):
            self._frames.clear()
        finally:
            self._writer = None  # thousands of sockets are idle

    def _cut_off(self) -> None:
        """Abort the connection of a reader that does not read; a goodbye would not reach it."""
        self._closing = (CLOSE_CODES["slow"], b"slow")
        self._frames.clear()
        if self._writer is not None:
            self._writer.cancel()
        if self._transport is not None:
            self._transport.abort()


class Allowance:
    """A token bucket for the messages of one socket."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = asyncio.get_running_loop().time()

    def take(self) -> None:
        """Raises TooManyRequests when used up."""
        if self._after_one() < 0:
            raise TooManyRequests

    async def wait(self) -> None:
        """Take one; where it is used up, wait until there is one again."""
        if (left := self._after_one()) < 0:
            await asyncio.sleep(-left / RATE)

    def _after_one(self) -> float:
        now = asyncio.get_running_loop().time()
        self._left = min(BURST, self._left + (now - self._at) * RATE) - 1
        self._at = now
        return self._left


SOCKETS: web.AppKey[set[Socket]] = web.AppKey("sockets", set)
