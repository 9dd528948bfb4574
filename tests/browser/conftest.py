"""Real browsers with a fake camera and microphone, whose contexts report what went wrong.

Each context watches all of its pages: an error on the console, an uncaught exception or a request
to a third party fails the test at its end, even if the test itself did not look at it.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    async_playwright,
    expect,
)

from media.transport.addresses import local_addresses
from tests.browser.harness.fakes import write_camera, write_microphone
from tests.browser.harness.firefox import FIREFOX, launched_firefox
from tests.browser.harness.probes import COLLECT_PEERS, PLAIN_MICROPHONE
from tests.serving import Server, ended, serving

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
HEADLESS_SHELL = "chromium-headless-shell"
"""The same engine, media included, without a browser's windows. Nobody sees those here, and they
took a third of the tests' time. It does not lock a profile."""

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # Otherwise Chromium resolves host names of its maker. This covers plain addresses too, for TCP.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1"
    + " , EXCLUDE 10.77.0.*"
    + "".join(f" , EXCLUDE {address}" for address in local_addresses()),
]

PATIENCE_MS = 60_000.0
"What must happen may take this long: a busy machine is no fault of the page."
expect.set_options(timeout=PATIENCE_MS)

LOOPBACK = {"localhost", "127.0.0.1"}

UNANSWERED = re.compile(r"net::ERR_|WebSocket connection to|Failed to load resource|NetworkError")
"What a browser says of a request to a server that is gone."


class NewContext(Protocol):
    """Makes a browser context, which is closed and checked at the end of the test."""

    async def __call__(
        self,
        *,
        base_url: str | None = None,
        locale: str = "en-GB",
        timezone: str = "UTC",
        viewport: tuple[int, int] = (1280, 800),
        dark: bool = False,
        permissions: Iterable[str] = ("camera", "microphone"),
        allowed_errors: Iterable[str] = (),
        **options: Any,
    ) -> BrowserContext:
        """With `base_url` only its origin is ours, otherwise every server on this machine.

        `allowed_errors` are regular expressions searched in console errors and exceptions;
        `options` go to Playwright's `Browser.new_context` as they are.
        """


def chromium_path() -> str:
    """Where the system's Chromium is; the test fails with one line if there is none."""
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium on PATH; scripts/setup --test installs it.", pytrace=False)


@pytest.fixture(scope="session")
def chromium_arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Chromium's command line: fake devices, and no requests of its own."""
    folder = tmp_path_factory.mktemp("devices")
    write_camera(folder / "camera.y4m")
    write_microphone(folder / "microphone.wav")
    return [
        *QUIET,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={folder / 'camera.y4m'}",
        f"--use-file-for-fake-audio-capture={folder / 'microphone.wav'}",
        "--autoplay-policy=no-user-gesture-required",
        # Containers have a small /dev/shm, and a page that overflows it crashes.
        "--disable-dev-shm-usage",
        # Chromium's sandbox does not work for root.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]


@pytest.fixture(scope="session")
async def browser(chromium_arguments: list[str]) -> AsyncIterator[Browser]:
    """One Chromium for all tests, which have contexts of their own."""
    path = shutil.which(HEADLESS_SHELL) or chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=chromium_arguments)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def firefox_or_chromium(browser: Browser) -> AsyncIterator[Browser]:
    if FIREFOX is None:
        yield browser
        return
    async with launched_firefox() as firefox:
        yield firefox


@pytest.fixture
async def other_browser(firefox_or_chromium: Browser) -> AsyncIterator[Browser]:
    """Firefox where it is installed, else the Chromium of all other tests; closes what it opened."""
    before = firefox_or_chromium.contexts
    yield firefox_or_chromium
    for context in firefox_or_chromium.contexts:
        if context not in before:
            await context.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The application with the nurse's account; modules that need another one have their own."""
    async with serving(tmp_path) as running:
        await running.account()
        yield running


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class Watch:
    """Collects what is wrong on the pages of one context."""

    def __init__(self, our_origin: str | None, allowed_errors: Iterable[str]) -> None:
        self._our_origin = our_origin
        self._allowed = [re.compile(pattern) for pattern in allowed_errors]
        self.faults: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._exception)
        context.on("request", self._request)
        context.on("page", self._page)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        source = message.location["url"]
        # A page that its server leaves behind asks for it until the page is closed.
        if UNANSWERED.search(message.text) and _origin(source) in ended:
            return
        self._error(f"console: {message.text} ({source})")

    def _exception(self, error: WebError) -> None:
        self._error(f"uncaught: {error.error}\n{error.error.stack}")

    def _error(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self._allowed):
            self.faults.append(text)

    def _page(self, page: Page) -> None:
        # Playwright does not count WebSockets as requests.
        page.on("websocket", lambda socket: self._address(socket.url))

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob", "about"):
            return
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if self._our_origin is None:
            is_ours = parts.hostname in LOOPBACK
        else:
            is_ours = f"{scheme}://{parts.netloc}" == self._our_origin
        if not is_ours:
            self.faults.append(f"third party: {url}")


@pytest.fixture
async def new_context(browser: Browser) -> AsyncIterator[NewContext]:
    """Makes contexts; closes them at the end and fails the test for the faults of their pages."""
    opened: list[tuple[BrowserContext, Watch]] = []

    async def make(
        *,
        base_url: str | None = None,
        locale: str = "en-GB",
        timezone: str = "UTC",
        viewport: tuple[int, int] = (1280, 800),
        dark: bool = False,
        permissions: Iterable[str] = ("camera", "microphone"),
        allowed_errors: Iterable[str] = (),
        **options: Any,
    ) -> BrowserContext:
        context = await browser.new_context(
            base_url=base_url,
            locale=locale,
            timezone_id=timezone,
            viewport={"width": viewport[0], "height": viewport[1]},
            color_scheme="dark" if dark else "light",
            permissions=list(permissions),
            **options,
        )
        watch = Watch(_origin(base_url) if base_url else None, allowed_errors)
        watch.follow(context)
        opened.append((context, watch))
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(COLLECT_PEERS)
        await context.add_init_script(PLAIN_MICROPHONE)
        return context

    yield make
    for context, _ in opened:
        await context.close()
    faults = [fault for _, watch in opened for fault in watch.faults]
    if faults:
        pytest.fail("The pages did what they must not:\n" + "\n".join(faults), pytrace=False)
