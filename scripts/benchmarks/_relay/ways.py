"""Ways of two pages to call each other: through the relay, Janus or coturn; and the pages."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import Page

from media.messages import Event, OfferNeeded, Publishing
from media.relay.client import Relay, RelaySettings
from media.rtp.codecs import Kind
from media.turn_credentials import TurnService
from scripts.benchmarks._relay.janus import Janus
from scripts.benchmarks._relay.network_page import open_page
from scripts.benchmarks._relay.turn import Coturn
from scripts.traffic.browser import chromium
from web.calls.relay import ENCODINGS

HOSTS = {"server": "10.77.0.1", "near": "10.77.0.2", "far": "10.77.0.3"}
PATIENCE = 40.0
"Seconds within which both must see each other."
SECRET = "shared with coturn"
CALLING = "calling"
"Printed by the part within the network when its call begins."
RESOLVER = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 10.77.0.*"


class Way(Protocol):
    """A server that carries a call of two pages."""

    @property
    def process_id(self) -> int: ...

    async def start(self) -> None: ...

    async def call(self, near: Page, far: Page) -> None:
        """Connect both pages; returns once signaling is done, whether or not media flows yet."""

    async def stop(self) -> None: ...


class RelayWay:
    """The relay, with the client code of a session's page."""

    def __init__(self) -> None:
        self.relay = Relay(RelaySettings(addresses=(HOSTS["server"],)), self._on_event)
        self._pages: dict[str, Page] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def process_id(self) -> int:
        return self.relay.process_ids()[0]

    def _soon(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            self._soon(self._offer(event))

    async def _offer(self, event: OfferNeeded) -> None:
        tracks = [
            {"mid": x.mid, "kind": x.kind.value, "direction": x.direction, "peer_id": x.peer_id}
            for x in event.tracks
        ]
        offer = {"revision": event.revision, "fresh": event.fresh, "sdp": event.sdp}
        page = self._pages[event.peer_id]
        await page.evaluate("offer => window.takeRelayOffer(offer)", {**offer, "tracks": tracks})

    async def start(self) -> None:
        await self.relay.start()
        await self.relay.open_room("room")

    async def call(self, near: Page, far: Page) -> None:
        for name, page in (("near", near), ("far", far)):
            self._pages[name] = page
            await page.expose_function("answered", functools.partial(self._answered, name))
            await page.evaluate("window.enterRelay()")
            publish = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO, ENCODINGS))
            await self.relay.join("room", name, publish)

    async def _answered(self, name: str, answer: dict[str, Any]) -> None:
        await self.relay.answer("room", name, answer["sdp"], answer["revision"])

    async def stop(self) -> None:
        await self.relay.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class JanusWay:
    """Janus's VideoRoom: each page publishes on one connection and subscribes on another."""

    def __init__(self) -> None:
        self.janus = Janus()

    @property
    def process_id(self) -> int:
        return self.janus.process_id

    async def start(self) -> None:
        await self.janus.start(HOSTS["server"])
        await self.janus.make_room(1)

    async def call(self, near: Page, far: Page) -> None:
        async def publish(page: Page) -> int:
            offer = await page.evaluate("window.offer('sendonly')")
            feed, answer = await self.janus.publish(1, offer)
            await page.evaluate("sdp => window.finish(sdp)", answer)
            await page.evaluate("window.connected()")
            return feed

        async def subscribe(page: Page, feed: int) -> None:
            # Janus knows a publisher later than the publisher's browser knows it is connected.
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        handle, offer = await self.janus.subscribe(1, feed)
                        break
                    except RuntimeError:
                        await asyncio.sleep(0.05)
            answer = await page.evaluate("sdp => window.answer(sdp, 'recvonly')", offer)
            await self.janus.answer(handle, answer)

        feeds = await asyncio.gather(publish(near), publish(far))
        await asyncio.gather(subscribe(near, feeds[1]), subscribe(far, feeds[0]))

    async def stop(self) -> None:
        await self.janus.stop()


class CoturnWay:
    """No server but TURN: the browsers speak to each other through it alone."""

    def __init__(self) -> None:
        self.coturn = Coturn()

    @property
    def process_id(self) -> int:
        return self.coturn.process_id

    async def start(self) -> None:
        await self.coturn.start(HOSTS["server"], SECRET)

    async def call(self, near: Page, far: Page) -> None:
        host, port = self.coturn.address
        service = TurnService((f"turn:{host}:{port}",), SECRET)
        servers = [one.as_dictionary() for one in service.servers_for("anybody", time.time())]
        configuration = {"iceServers": servers, "iceTransportPolicy": "relay"}
        offer = await near.evaluate("way => window.offer('sendrecv', way)", configuration)
        answer = await far.evaluate(
            "([sdp, way]) => window.answer(sdp, 'sendrecv', way)", [offer, configuration]
        )
        await near.evaluate("sdp => window.finish(sdp)", answer)

    async def stop(self) -> None:
        await self.coturn.stop()


WAYS: dict[str, Callable[[], Way]] = {"relay": RelayWay, "janus": JanusWay, "coturn": CoturnWay}


@contextlib.asynccontextmanager
async def page_on(program: Path, camera: Path) -> AsyncIterator[Page]:
    """The page in a browser of its own."""
    arguments = (f"--use-file-for-fake-video-capture={camera}", RESOLVER)
    async with chromium(*arguments, program=str(program)) as browser:
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await open_page(page)
        yield page
