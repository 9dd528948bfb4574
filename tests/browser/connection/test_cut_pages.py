"""Pages whose end does not arrive: their connection breaks while they do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, link_to
from tests.serving import Server

STALLED = 8_000
"Milliseconds, as in js/whole.js."
FIRST_OF_IT = 3000
"Bytes that come of a page: its head, and not the button or the chat."


@dataclass
class BreakingLine:
    """A proxy for a web server that breaks the connection in the middle of one answer."""

    server_port: int
    port: int = 0
    page: str = ""
    "The path of the answer to break."
    last: bytes = b""
    "What comes of it at last, of a page that is not compressed; empty: FIRST_OF_IT comes."
    broken: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            far_reader, far_writer = await asyncio.open_connection("localhost", self.server_port)
            asked: list[bytes] = []
            up = asyncio.create_task(_pass_on(reader, far_writer, asked, plain=bool(self.last)))
            try:
                while piece := await far_reader.read(65536):
                    if asked[-1].startswith(f"GET {self.page} ".encode()):
                        self.page = ""
                        while self.last not in piece:
                            piece += await far_reader.readexactly(1)
                        end = piece.index(self.last) + len(self.last)
                        writer.write(piece[: end or FIRST_OF_IT])
                        await writer.drain()
                        self.broken.set()
                        return
                    writer.write(piece)
                    await writer.drain()
            finally:
                up.cancel()
                far_writer.close()
                writer.close()


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    asked: list[bytes],
    *,
    plain: bool,
) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            asked.append(piece)
            writer.write(piece.replace(b"Accept-Encoding: ", b"X-Not-Asked: ") if plain else piece)
        writer.write_eof()


@pytest.fixture
async def line(server: Server) -> AsyncIterator[BreakingLine]:
    line = BreakingLine(urlsplit(server.url).port or 0)
    async with await asyncio.start_server(line.carry, "localhost", 0) as proxy:
        line.port = proxy.sockets[0].getsockname()[1]
        yield line


async def broken_page(page: Page, line: BreakingLine, path: str) -> None:
    """Go to a page of which the browser has only the beginning."""
    line.page = path
    await page.goto(f"http://localhost:{line.port}{path}", wait_until="commit")
    await line.broken.wait()
    assert await page.evaluate("document.readyState") == "loading"


async def test_a_landing_page_without_its_end_is_asked_for_again(
    server: Server, line: BreakingLine, new_context: NewContext
) -> None:
    link = await link_to(server)
    page = await (await new_context(allowed_errors=FAILED_LOADS)).new_page()
    await broken_page(page, line, link)
    await expect(page.get_by_role("button", name="Join the session")).to_be_visible()


async def test_a_session_without_its_end_is_asked_for_again(
    server: Server, line: BreakingLine, new_context: NewContext
) -> None:
    link = await link_to(server)
    # a socket opens under the server's own name only
    errors = [*FAILED_LOADS, "WebSocket connection"]
    page = await (await new_context(allowed_errors=errors)).new_page()
    await page.goto(f"http://localhost:{line.port}{link}")
    await page.get_by_role("button", name="Join the session").click()
    message = page.get_by_role("textbox", name="Message")
    await expect(message).to_be_visible()
    await broken_page(page, line, urlsplit(page.url).path)
    await expect(message).to_be_visible()


async def test_a_page_without_its_end_is_left_to_whoever_writes_there(
    server: Server, line: BreakingLine, new_context: NewContext
) -> None:
    link = await link_to(server)
    errors = [*FAILED_LOADS, "WebSocket connection"]
    page = await (await new_context(allowed_errors=errors)).new_page()
    await page.clock.install()
    line.last = b'enterkeyhint="send" autocomplete="off"></textarea>'
    await page.goto(f"http://localhost:{line.port}{link}")
    await page.evaluate("document.querySelector('form[data-seat]').submit()")
    message = page.get_by_role("textbox", name="Message")
    await expect(message).to_be_visible()
    await broken_page(page, line, urlsplit(page.url).path)
    await message.fill("I am here")
    gone: list[str] = []
    page.on("framenavigated", lambda frame: gone.append(frame.url))
    await page.clock.run_for(STALLED)
    for _ in range(3):
        async with page.expect_response("**/healthz"):
            await page.clock.run_for(STALLED)
    assert gone == []
    await expect(message).to_have_value("I am here")
    # what is not there can be lost no more
    await message.fill("")
    await page.clock.run_for(STALLED)
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    assert len(gone) == 1


async def test_a_browser_that_takes_the_beginning_for_the_whole_page_asks_again_too(
    server: Server, line: BreakingLine, other_browser: Browser
) -> None:
    """Firefox, where it is installed."""
    page = await other_browser.new_page()
    await page.clock.install()
    line.page = await link_to(server)
    await page.goto(f"http://localhost:{line.port}{line.page}", wait_until="commit")
    await line.broken.wait()
    await page.clock.run_for(STALLED)
    button = page.get_by_role("button", name="Join the session")
    await expect(button).to_have_count(0)
    await page.clock.run_for(STALLED)
    await expect(button).to_be_visible()
