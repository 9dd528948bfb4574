"""A guest's page on a dead line: it opens from what the browser has kept, and says that it is alone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.line import Line, line
from tests.browser.harness.visits import FAILED_LOADS, join, link_to
from tests.serving import Server, serving
from web.routes import path

KEPT = """
async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.push([request.url, await (await cache.match(request)).text()]);
    }
  }
  return found;
}
"""
"What the caches of the browser hold: address and text of each."
UNTIL_KEPT = """
async (shell) => {
  const turn = () => new Promise((done) => setTimeout(done, 50));
  while (!(await caches.match(shell))) await turn();
}
"""


@dataclass(frozen=True)
class Clinic:
    server: Server
    line: Line
    "Between the browser and the server."

    async def link(self) -> str:
        return self.line.url + await link_to(self.server)


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with clinic_in(tmp_path) as made:
        yield made


@asynccontextmanager
async def clinic_in(folder: Path, **settings: str) -> AsyncIterator[Clinic]:
    async with (
        line() as wire,
        serving(folder, TELECONNECT_PUBLIC_URL=wire.url, **settings) as server,
    ):
        await server.account()
        wire.to = server.config.port
        yield Clinic(server, wire)


async def seated(page: Page, link: str) -> str:
    """Join, and wait until the browser has kept the page; the id of the invite."""
    await join(page, link)
    await expect(page.locator("#room")).to_have_attribute("data-line", "open")
    invite_id = await page.evaluate("document.body.dataset.inviteId")
    assert isinstance(invite_id, str)
    await page.evaluate(UNTIL_KEPT, path("seat_shell", invite_id=invite_id))
    return invite_id


async def test_a_page_that_is_reloaded_without_a_line_opens_and_says_so(
    clinic: Clinic, new_context: NewContext
) -> None:
    context = await new_context(base_url=clinic.line.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()
    await seated(page, await clinic.link())
    text = page.get_by_role("textbox", name="Message")
    clinic.line.cut()
    await expect(page.locator("#connection")).to_contain_text("Connection lost")
    await text.fill("It hurts since")
    await page.reload()
    await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    await expect(page.locator("#connection")).to_contain_text("Connection lost")
    await expect(text).to_have_value("It hurts since")
    await text.fill("It hurts since Monday")
    await text.press("Enter")
    state = page.locator(".line .state")
    await expect(state).to_have_text("sending")
    await page.reload()
    await expect(state).to_have_text("sending")
    clinic.line.mend()
    await expect(state).to_have_text("sent")
    await expect(page.get_by_role("heading", name="You are in the waiting room")).to_be_visible()
    await expect(page.locator("#host")).to_have_text("Nurse Joy")
    await expect(page.locator("#connection")).to_be_hidden()


async def test_what_a_browser_keeps_says_nothing_about_anybody(
    clinic: Clinic, new_context: NewContext
) -> None:
    context = await new_context(base_url=clinic.line.url)
    page = await context.new_page()
    link = await clinic.link()
    await join(page, link)
    await expect(page.locator("#room")).to_have_attribute("data-line", "open")
    await page.get_by_role("textbox", name="Message").fill("Since zyzzyva")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("sent", exact=True)).to_be_visible()
    await page.reload()
    invite_id = page.url.rpartition("/")[2]
    await page.evaluate(UNTIL_KEPT, path("seat_shell", invite_id=invite_id))
    kept = await page.evaluate(KEPT)
    found = "\n".join(f"{address} {body}" for address, body in kept)
    for secret in ("Amina", "Joy", "zyzzyva", link.rpartition("/")[2]):
        assert secret not in found, secret
    assert re.search(r"keeping-?\w*\.js", found), "what is typed is kept by it"
