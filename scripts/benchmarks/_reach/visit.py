"""One visit of a phone with an empty profile, timed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from scripts.benchmarks._engines.devtools import Chromium
from scripts.benchmarks._engines.fetching import Engine
from scripts.benchmarks._engines.phone import Broken
from scripts.benchmarks._reach.wire import Wire

LONGEST = 90.0
PAINTED = (
    'performance.getEntriesByType("paint").some((one) => one.name === "first-contentful-paint")'
)
JOIN = "form[data-seat] button"
USABLE = f"""
(() => {{
  const join = document.querySelector("{JOIN}");
  return Boolean(join && join.getClientRects().length && !join.disabled) && {PAINTED};
}})()
"""
"Whether Join is painted and can be pressed."
LIVE = """
(() => {
  const room = document.querySelector("#room");
  const said = document.querySelector("#other-side");
  return Boolean(room && room.dataset.line === "open" && said && said.textContent);
})()
"""
"Whether the page says that its line is open."
PEER_USABLE = f"""
(() => {{
  const login = document.querySelector("#login-container");
  return Boolean(login && !login.classList.contains("invisible")) && {PAINTED};
}})()
"""
EMPTY_USABLE = f'Boolean(document.querySelector("button")) && {PAINTED}'
QUIET_SECONDS = 0.5


async def _until(phone: Chromium, expression: str, what: str) -> float:
    """The moment at which it became true. Raises Broken."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        try:
            if await phone.evaluate(expression):
                return time.monotonic()
        except Broken:
            pass  # between two pages
        await asyncio.sleep(0.02)
    raise Broken(what)


async def _start(program: Path, trust: Path | None, language: str, flags: list[str]) -> Chromium:
    phone = await Chromium.start(Engine("today", "chromium", program), *flags, trust=trust)
    await phone.send("Network.setUserAgentOverride", userAgent=phone.agent, acceptLanguage=language)
    return phone


async def _go(phone: Chromium, url: str) -> float:
    began = time.monotonic()
    await phone.send("Page.navigate", url=url)
    return began


async def come(
    url: str, program: Path, trust: Path | None, *, think: float, language: str, flags: list[str]
) -> dict[str, Any]:
    """From the tapped link to the live waiting room, with `think` seconds of reading between."""
    phone = await _start(program, trust, language, flags)
    wire = Wire()
    try:
        phone.listeners.append(wire.hear)
        navigating = asyncio.create_task(_go(phone, url))
        began = time.monotonic()
        landing = await _until(phone, USABLE, "the landing page did not come") - began
        await navigating
        await asyncio.sleep(think)
        joined = time.monotonic()
        if not await phone.press(JOIN):
            raise Broken("Join cannot be pressed")
        live = await _until_live(phone, wire) - joined
        figures = wire.figures()
        await _until_quiet(wire)
        settled = wire.figures()
        return {
            "landing": landing, "live": live, **figures,
            "settled_bytes": settled["bytes"], "settled_requests": settled["on_the_wire"],
        }  # fmt: skip
    finally:
        await phone.close()


async def _until_live(phone: Chromium, wire: Wire) -> float:
    """The socket has brought the room, and the page has taken it."""
    while True:
        moment = await _until(phone, LIVE, "the waiting room did not become live")
        if wire.snapshot_at is not None:
            return moment
        await asyncio.sleep(0.02)


async def _until_quiet(wire: Wire) -> None:
    """Nothing more is heard for a moment. A request that a navigation ends may never be heard of."""
    heard = -1
    while heard != wire.heard:
        heard = wire.heard
        await asyncio.sleep(QUIET_SECONDS)


async def look(
    url: str, program: Path, trust: Path | None, flags: list[str], *, usable: str
) -> dict[str, Any]:
    """From the tapped link to the first usable screen of another page than ours."""
    phone = await _start(program, trust, "en-US", flags)
    wire = Wire()
    try:
        phone.listeners.append(wire.hear)
        navigating = asyncio.create_task(_go(phone, url))
        began = time.monotonic()
        moment = await _until(phone, usable, "the page did not come")
        await navigating
        return {"usable": moment - began, **wire.figures()}
    finally:
        await phone.close()
