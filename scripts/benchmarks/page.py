"""Bytes that a service user's browser loads, from the opened link until it waits.

Counted as they come over the wire (Chrome DevTools Protocol, `encodedDataLength`: headers and
compressed bodies) in a browser that has nothing cached: the landing page, the answer to "Join the
session", the session page and all they load. WebSocket frames are not among them.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, expect

from scripts.benchmarks._figures import lines
from scripts.traffic.browser import chromium, person
from scripts.traffic.server import Place, Server, furnish, serving, temporary_folder
from web.routes import path
from web.texts.catalogs import OWN_NAMES

BUDGET_BYTES = 60_000


def _named(address: str, size: float) -> dict[str, Any]:
    return {"path": urlsplit(address).path.rpartition("/")[2][:40], "bytes": round(size)}


async def _load(browser: Browser, server: Server, place: Place, language: str) -> dict[str, Any]:
    context, page = await person(browser, server, language)
    devtools = await context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    sizes: dict[str, float] = {}
    redirects: list[float] = []
    bodies: list[float] = []

    def request(event: dict[str, Any]) -> None:
        # a redirect keeps its request id, and its answer comes with the request that follows it
        if "redirectResponse" in event:
            redirects.append(event["redirectResponse"]["encodedDataLength"])
        addresses[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = event["encodedDataLength"]

    devtools.on("Network.dataReceived", lambda event: bodies.append(event["encodedDataLength"]))
    devtools.on("Network.requestWillBeSent", request)
    devtools.on("Network.loadingFinished", finished)
    await devtools.send("Network.enable")
    await page.goto(path("landing", token=place.invite_token))
    await page.locator("form button[type=submit], form button:not([type])").last.click()
    await page.wait_for_url(f"**{path('seat', invite_id=place.invite_id)}")
    await expect(page.locator("#chat-text")).to_be_enabled()
    await page.wait_for_load_state("networkidle")
    await asyncio.sleep(0.5)
    await context.close()
    ours = {
        request_id: address
        for request_id, address in addresses.items()
        if urlsplit(address).scheme in ("http", "https")
    }
    origin = urlsplit(server.url)
    third_party = {
        address for address in ours.values() if urlsplit(address).netloc != origin.netloc
    }
    largest = sorted(
        ((sizes.get(request_id, 0), address) for request_id, address in ours.items()), reverse=True
    )
    return {
        "language": language,
        "bytes": round(sum(sizes.get(request_id, 0) for request_id in ours) + sum(redirects)),
        "body_bytes": round(sum(bodies)),
        "requests": len(ours) + len(redirects),
        "third_party_requests": len(third_party),
        "largest": [_named(address, size) for size, address in largest[:5]],
    }


async def _run() -> dict[str, Any]:
    languages = list(OWN_NAMES)
    with temporary_folder() as folder:
        data_dir = folder / "data"
        places = await furnish(
            data_dir, len(languages), state="planned", languages=languages, seated=False
        )
        async with serving(data_dir) as server, chromium() as browser:
            pages = [
                await _load(browser, server, place, language)
                for place, language in zip(places, languages, strict=True)
            ]
    return {"budget_bytes": BUDGET_BYTES, "languages": pages}


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    pages = result["languages"]
    if not pages:
        return "no language"
    heaviest = max(pages, key=lambda page: int(page["bytes"]))
    largest = ", ".join(f"{file['path']} {file['bytes']:,}" for file in heaviest["largest"])
    return (
        lines(
            [
                [
                    f"language (at most {result['budget_bytes']:,} bytes)",
                    "bytes",
                    "of them bodies",
                    "requests",
                    "third parties",
                ],
                *(
                    [
                        page["language"],
                        page["bytes"],
                        page["body_bytes"],
                        page["requests"],
                        page["third_party_requests"],
                    ]
                    for page in pages
                ),
            ]
        )
        + f"\n\nLargest in {heaviest['language']}: {largest}"
    )
