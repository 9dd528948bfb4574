"""One Chromium with its own fake camera and microphone, that calls nobody outside."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from scripts.traffic.server import COOKIE, Place, Server

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


LONGEST_WAIT = 30.0
"Seconds."

UNTIL = """
async (arg) => {
  const holds = %s;
  while (!(await holds(arg))) await new Promise((done) => setTimeout(done, 20));
}
"""


def installed() -> str | None:
    """The path of this machine's Chromium."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextlib.asynccontextmanager
async def chromium(*more: str, program: str | None = None) -> AsyncIterator[Browser]:
    """Started with ``more`` arguments besides the usual ones; of two that clash the last counts.

    ``program`` is a Chromium other than :func:`installed`.
    """
    path = program or installed()
    if path is None:
        raise RuntimeError("No Chromium on PATH; scripts/setup --test installs it.")
    # Chromium's sandbox does not work for root
    arguments = [*ARGUMENTS, *more, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


async def person(browser: Browser, server: Server, locale: str) -> tuple[BrowserContext, Page]:
    """A fresh browser context: nothing cached or stored, camera and microphone allowed."""
    context = await browser.new_context(
        base_url=server.url, locale=locale, permissions=["camera", "microphone"]
    )
    return context, await context.new_page()


async def sign_in(context: BrowserContext, server: Server, place: Place) -> None:
    """Give the browser the web session of the place's scheduler."""
    await context.add_cookies(
        [{"name": COOKIE, "value": place.scheduler_cookie, "url": server.url}]
    )


async def until(
    page: Page, predicate: str, *, arg: Any = None, timeout: float = LONGEST_WAIT
) -> None:
    """Wait until an asynchronous function of JavaScript gives a true value, at most ``timeout`` seconds.

    Playwright's ``wait_for_function`` does not await what it calls: any promise is true to it.
    """
    async with asyncio.timeout(timeout):
        await page.evaluate(UNTIL % predicate, arg)
