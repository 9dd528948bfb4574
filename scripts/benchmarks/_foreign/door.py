"""The door between the driver and its clients: offers go out, answers and counts come in.

    GET  /offer/NAME     the next offer, as soon as there is one; 204 if none came within some
                         seconds, 410 when it is over
    POST /answer/NAME    {"revision", "sdp"}
    POST /counts/NAME    {"received": {SSRC: packets}}, every second

An offer is {"sdp", "revision", "fresh", "publish": [{"mid", "kind"}], "receive": the same}. What
the driver does with an answer is not known here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from media.messages import OfferNeeded

PORT = 8080
WAIT = 10.0
"Seconds that a request for an offer is held."


class Door:
    """``take_answer`` gets the client's name, the revision and the SDP of each answer."""

    def __init__(self, take_answer: Callable[[str, int, str], None]) -> None:
        self.present: set[str] = set()
        "Clients that have come."
        self.counts: dict[str, dict[str, int]] = {}
        "By client: SSRC -> packets received on its present connection, as it said last."
        self.over = False
        self._take_answer = take_answer
        self._offers: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    def offer(self, event: OfferNeeded) -> None:
        """Put an offer out for its client."""
        parts: dict[str, list[dict[str, str]]] = {"publish": [], "subscribe": []}
        for track in event.tracks:
            parts[track.direction].append({"mid": track.mid, "kind": track.kind.value})
        self._queue(event.peer_id).put_nowait(
            {
                "sdp": event.sdp,
                "revision": event.revision,
                "fresh": event.fresh,
                "publish": parts["publish"],
                "receive": parts["subscribe"],
            }
        )

    def _queue(self, name: str) -> asyncio.Queue[dict[str, Any]]:
        return self._offers.setdefault(name, asyncio.Queue())

    async def _get_offer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.present.add(name)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                while not self.over:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            return web.json_response(await self._queue(name).get())
        raise web.HTTPGone() if self.over else web.HTTPNoContent()

    async def _post_answer(self, request: web.Request) -> web.Response:
        answer = await request.json()
        self._take_answer(request.match_info["name"], answer["revision"], answer["sdp"])
        return web.Response(status=204)

    async def _post_counts(self, request: web.Request) -> web.Response:
        self.counts[request.match_info["name"]] = (await request.json())["received"]
        return web.Response(status=204)

    @contextlib.asynccontextmanager
    async def serving(self, host: str) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_get("/offer/{name}", self._get_offer)
        application.router.add_post("/answer/{name}", self._post_answer)
        application.router.add_post("/counts/{name}", self._post_counts)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, PORT).start()
            yield
        finally:
            await runner.cleanup()
