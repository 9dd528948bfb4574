"""Opening a session with 50 messages and one with 10,000: bytes and time until it can be used.

In a real browser that has nothing cached: from the address of the seat until the newest message
is on the page, the field for the next one is there, and the socket is open; bytes are those of all
answers (headers and compressed bodies) and of the frames of the socket. Over the socket alone: from
its request to the snapshot. Each session is opened once, by the browser or by a socket, so that the
server reads it from its database; long and short ones take turns.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from scripts.benchmarks._figures import lines
from scripts.traffic.browser import chromium, person
from scripts.traffic.server import (
    COOKIE,
    Place,
    Server,
    client,
    connect,
    furnish,
    serving,
    temporary_folder,
)
from signaling.identifier import new_id
from storage.store import Records, Store
from web.routes import path

SHORT, LONG = 50, 10_000
SESSIONS = 5
"Of each length, opened by the browser, and as many by a socket."
TEXT = "I have had a headache since yesterday evening, and the light hurts."
NEWEST = "This is the newest message."
AT_ONCE = 1000
WATCH = f"""
new MutationObserver(() => {{
  const newest = [...document.querySelectorAll("#chat-lines .text")].pop();
  const usable =
    newest?.textContent === {json.dumps(NEWEST)} &&
    document.querySelector("#room").dataset.line === "open" &&
    !document.querySelector("#chat-form").hidden;
  if (usable) window.__usableAt ??= performance.now();
}}).observe(document, {{ subtree: true, childList: true, attributes: true }});
"""


async def _write(data_dir: Path, places: Sequence[Place], count: int) -> None:
    """Fill each session with messages of both people, the newest one known."""
    store = await Store.open(data_dir, None)
    now = datetime.now(UTC)

    async def some(records: Records, place: Place, numbers: range) -> None:
        for number in numbers:
            author = place.invite_id if number % 2 else place.scheduler_id
            text = NEWEST if number == count - 1 else TEXT
            await records.chat.append(place.consultation_id, new_id(), author, "text", text, now)

    try:
        for place in places:
            for first in range(0, count, AT_ONCE):
                numbers = range(first, min(first + AT_ONCE, count))
                await store.write(partial(some, place=place, numbers=numbers))
    finally:
        await store.close()


async def _open_page(browser: Browser, server: Server, place: Place) -> tuple[float, int]:
    """Milliseconds and bytes until the session can be used."""
    context, page = await person(browser, server, "en")
    await context.add_cookies(
        [{"name": COOKIE, "value": place.service_user_cookie, "url": server.url}]
    )
    await page.add_init_script(WATCH)
    devtools = await context.new_cdp_session(page)
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.on(
        "Network.webSocketFrameReceived",
        lambda event: sizes.append(len(event["response"]["payloadData"].encode())),
    )
    await devtools.send("Network.enable")
    await page.goto(path("seat", invite_id=place.invite_id))
    usable = await page.wait_for_function("() => window.__usableAt")
    milliseconds = float(await usable.json_value())
    await page.wait_for_load_state("networkidle")
    await context.close()
    return milliseconds, round(sum(sizes))


async def _run() -> dict[str, Any]:
    with temporary_folder() as folder:
        data_dir = folder / "data"
        places = await furnish(data_dir, 4 * SESSIONS)
        short, long = places[::2], places[1::2]
        await _write(data_dir, short, SHORT)
        await _write(data_dir, long, LONG)
        pages: dict[int, list[tuple[float, int]]] = {SHORT: [], LONG: []}
        sockets: dict[int, list[float]] = {SHORT: [], LONG: []}
        async with serving(data_dir) as server, chromium() as browser, client() as session:
            in_turn = [pair for pairs in zip(short, long, strict=True) for pair in pairs]
            for number, place in enumerate(in_turn):
                count = LONG if number % 2 else SHORT
                if number < 2 * SESSIONS:
                    pages[count].append(await _open_page(browser, server, place))
                    continue
                began = time.perf_counter()
                socket = await connect(session, server, place, scheduler=False)
                sockets[count].append((time.perf_counter() - began) * 1000)
                await socket.close()
    return {
        str(count): {
            "usable_ms": statistics.median(milliseconds for milliseconds, _ in pages[count]),
            "bytes": statistics.median(size for _, size in pages[count]),
            "snapshot_ms": statistics.median(sockets[count]),
        }
        for count in (SHORT, LONG)
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    short, long = result[str(SHORT)], result[str(LONG)]
    rows = {
        "usable after, ms": "usable_ms",
        "bytes": "bytes",
        "over the socket alone: snapshot after, ms": "snapshot_ms",
    }
    return lines(
        [
            ["opening a session", f"{SHORT} messages", f"{LONG:,} messages", "ratio"],
            *(
                [title, short[key], long[key], long[key] / short[key]]
                for title, key in rows.items()
            ),
        ]
    )
