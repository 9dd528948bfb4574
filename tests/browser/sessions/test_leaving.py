"""What the next person at a shared browser can find of the one before."""

import asyncio
import re

from playwright.async_api import Page, Route, expect

from scripts.traffic.browser import until
from tests.browser.conftest import NewContext
from tests.files import pdf, photo
from tests.people import Person
from tests.serving import Server

SECRET = "It hurts here"


async def join_and_write(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_role("button", name="Join the session").click()
    # until the scripts have taken over, Enter only begins a new line
    await expect(page.locator("#room")).to_have_attribute("data-line", "open")
    await page.get_by_label("Message").fill(SECRET)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("sent", exact=True).last).to_be_visible()


KEPT = """
async () => {
  const database = await new Promise((done) => {
    const request = indexedDB.open("teleconnect");
    // there was none, and one without its stores would be of no use to the pages
    request.onupgradeneeded = () => request.transaction.abort();
    request.onerror = () => done(null);
    request.onsuccess = () => done(request.result);
  });
  let count = localStorage.length + sessionStorage.length;
  if (!database) return count;
  for (const name of database.objectStoreNames) {
    const request = database.transaction(name).objectStore(name).count();
    count += await new Promise((done) => (request.onsuccess = () => done(request.result)));
  }
  database.close();
  return count;
}
"""


async def kept(page: Page) -> int:
    """How many entries the browser stores, in whatever way."""
    count: int = await page.evaluate(KEPT)
    return count


async def test_the_seat_that_was_taken_instead_is_not_given_up(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        first, second = await nurse.invite("Amina"), await nurse.invite("Bashir")
    context = await new_context(base_url=server.url, allowed_errors=["status of 4(04|10)"])
    page, other = await context.new_page(), await context.new_page()
    await join_and_write(page, first)
    seated = asyncio.Event()

    async def once_seated(route: Route) -> None:
        await seated.wait()
        await route.continue_()

    # whatever the page that lost its seat requests comes after the other one was taken
    await page.route(re.compile("/(leave|left)"), once_seated)
    await other.goto(second)
    await other.get_by_role("button", name="Leave the other session and join").click()
    waiting = other.get_by_role("heading", name="You are in the waiting room")
    await expect(waiting).to_be_visible()
    seated.set()
    await expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    await other.reload()
    await expect(waiting).to_be_visible()


async def test_nothing_is_found_by_going_back_nor_in_another_tab(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        first, second = await nurse.invite("Amina"), await nurse.invite("Bashir")
    # the pages that are gone say so with their status
    context = await new_context(base_url=server.url, allowed_errors=["status of 4(04|10)"])
    page, other = await context.new_page(), await context.new_page()
    await join_and_write(page, first)
    await page.evaluate("localStorage.setItem('draft', 'x'); sessionStorage.setItem('draft', 'x')")
    await page.get_by_label("Message").fill(SECRET)
    await until(page, KEPT)
    await page.get_by_role("button", name="Leave this device").click()
    await expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    assert await kept(page) == 0
    addresses = [page.url]
    while addresses[-1] != "about:blank":
        await expect(page.get_by_text(SECRET)).to_have_count(0)
        await page.go_back()
        addresses.append(page.url)
    assert first not in "".join(addresses)

    await join_and_write(page, first)
    await other.goto(second)
    await other.get_by_role("button", name="Leave the other session and join").click()
    await expect(other.get_by_role("heading", name="You are in the waiting room")).to_be_visible()
    await expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    await expect(page.get_by_text(SECRET)).to_have_count(0)
    assert await kept(page) == 0


async def test_files_that_are_being_sent_and_chosen_are_gone_with_whoever_leaves(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        first, second = await nurse.invite("Amina"), await nurse.invite("Bashir")
    context = await new_context(base_url=server.url, allowed_errors=["status of 4(04|10)"])
    page = await context.new_page()
    asked = asyncio.Event()
    await page.route(re.compile("/uploads/"), lambda _route: asked.set())
    files = page.locator("#choose-files")
    chosen = page.get_by_role("list", name="Chosen files").get_by_role("listitem")
    for leaves in (True, False):
        await join_and_write(page, first)
        asked.clear()
        await files.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()})
        await expect(chosen).to_have_count(1)
        await page.get_by_role("button", name="Send", exact=True).click()
        await asked.wait()
        await files.set_input_files(
            {"name": "b.pdf", "mimeType": "application/pdf", "buffer": pdf()}
        )
        await chosen.get_by_role("textbox").press_sequentially(SECRET)
        await until(page, f"async () => (await ({KEPT})()) === 4")
        if leaves:
            await page.get_by_role("button", name="Leave this device").click()
            await expect(page.get_by_role("heading", name="You have left")).to_be_visible()
        else:
            await page.goto(second)
            await page.get_by_role("button", name="Leave the other session and join").click()
            await expect(page.locator("#room")).to_have_attribute("data-line", "open")
            await expect(page.get_by_text(re.compile("a.jpg|b.pdf"))).to_have_count(0)
        assert await kept(page) == 0
