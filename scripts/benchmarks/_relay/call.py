"""A call of four real browser pages through a relay of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from media.messages import Connected, Event, OfferNeeded
from media.relay.client import Relay, RelaySettings
from scripts.benchmarks._relay.page import Guest, serve_page, write_camera
from scripts.traffic.browser import chromium
from scripts.traffic.server import temporary_folder

NAMES = ("a", "b", "c", "d")


class Call:
    """The pages of a call and the relay's events about them."""

    def __init__(self) -> None:
        self.relay = Relay(RelaySettings(), self._on_event)
        self.guests: dict[str, Guest] = {}
        self.connections = 0
        self._awaited = 0
        self._complete = asyncio.Event()
        self.faults: list[str] = []
        "What went wrong with answers."
        self._tasks: set[asyncio.Task[None]] = set()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self.guests[event.peer_id].answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._answered)
        elif isinstance(event, Connected):
            self.connections += 1
            if self.connections >= self._awaited:
                self._complete.set()

    def expect_all(self) -> None:
        """Have :meth:`wait` wait for a connection of each page from now on."""
        self._awaited = self.connections + len(NAMES)
        self._complete.clear()

    async def wait(self) -> None:
        """Wait for the connections expected. Raises TimeoutError after a minute."""
        async with asyncio.timeout(60):
            await self._complete.wait()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.faults.append(str(error))


@contextlib.asynccontextmanager
async def call_of_four() -> AsyncIterator[Call]:
    """Four contexts of one Chromium in one room, all connected."""
    call = Call()
    with temporary_folder() as folder:
        camera = folder / "camera.y4m"
        write_camera(camera)
        more = (f"--use-file-for-fake-video-capture={camera}",)
        async with chromium(*more) as browser, serve_page() as url:
            await call.relay.start()
            try:
                await call.relay.open_room("room")
                call.expect_all()
                for name in NAMES:
                    context = await browser.new_context(permissions=["camera", "microphone"])
                    call.guests[name] = Guest(call.relay, name, await context.new_page())
                    await call.guests[name].enter(url)
                    await call.relay.join("room", name)
                await call.wait()
                yield call
            finally:
                await call.relay.stop()
