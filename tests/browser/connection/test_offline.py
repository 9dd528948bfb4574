"""A guest's page on a dead line: it opens from what the browser has kept, and says that it is alone."""

import asyncio
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, Page, async_playwright, expect

from tests.browser.chat.test_killed_browser import kill
from tests.browser.conftest import PATIENCE_MS, NewContext, chromium_path
from tests.browser.harness.line import Line, line
from tests.browser.harness.visits import FAILED_LOADS, join, link_to
from tests.people import Person
from tests.serving import Server, serving
from web.keys import STATIC, STORE
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
COOKIES_AT_ONCE = 512
LATER = 4_102_444_800.0
"An end in 2100."
MESSAGES = ["It hurts since zyzzyva", "and more at night"]
STORED = """
async ([name, count]) => {
  const turn = () => new Promise((done) => setTimeout(done, 50));
  const stored = async () => {
    const database = await new Promise((done) => {
      const request = indexedDB.open("teleconnect");
      request.onupgradeneeded = () => request.transaction.abort(); // the page has to make it
      request.onerror = () => done(null);
      request.onsuccess = () => done(request.result);
    });
    const request = database?.transaction(name).objectStore(name).count();
    const found = request && (await new Promise((done) => (request.onsuccess = () => done(request.result))));
    database?.close();
    return found ?? 0;
  };
  for (let turns = 0; turns < 600; turns += 1) {
    if ((await stored()) === count) return;
    await turn();
  }
  throw new Error(`${await stored()} are stored`);
}
"""
"Waits until so many messages, or drafts, are stored."
UNTIL_NEW = """
async ([shell, digest]) => {
  const turn = () => new Promise((done) => setTimeout(done, 50));
  for (let turns = 0; turns < 600; turns += 1) {
    const names = await caches.keys();
    const found = await caches.match(shell);
    if (names.length === 1 && (await found?.text())?.includes(digest)) return;
    await turn();
  }
  throw new Error(await caches.keys());
}
"""
UNTIL_EMPTY = """
async () => {
  const turn = () => new Promise((done) => setTimeout(done, 50));
  const stored = async () => {
    const database = await new Promise((done) => {
      const request = indexedDB.open("teleconnect");
      request.onupgradeneeded = () => request.transaction.abort();
      request.onerror = () => done(null);
      request.onsuccess = () => done(request.result);
    });
    let count = 0;
    for (const name of database?.objectStoreNames ?? []) {
      const request = database.transaction(name).objectStore(name).count();
      count += await new Promise((done) => (request.onsuccess = () => done(request.result)));
    }
    database?.close();
    return count;
  };
  const workers = async () => (await navigator.serviceWorker.getRegistrations()).length;
  const left = async () =>
    [(await caches.keys()).length, await workers(), await stored(), localStorage.length];
  for (let turns = 0; turns < 600; turns += 1) {
    if (!(await left()).some(Boolean)) return;
    await turn();
  }
  throw new Error(`caches, workers, entries, choices: ${await left()}`);
}
"""
"Waits until no cache, no worker, no choice and nothing of what was written is in the browser."
UNTIL_KEPT = """
async (shell) => {
  const turn = () => new Promise((done) => setTimeout(done, 50));
  for (let turns = 0; turns < 600; turns += 1) {
    if (await caches.match(shell)) return;
    await turn();
  }
  throw new Error("not kept");
}
"""


@dataclass(frozen=True)
class Clinic:
    server: Server
    line: Line
    "Between the browser and the server."

    async def link(self) -> str:
        return self.line.url + await link_to(self.server)

    async def texts(self, invite_id: str) -> list[str]:
        """What stands in the chat."""
        read = self.server.app[STORE].read
        invite = await read.invites.get(invite_id)
        assert invite is not None
        lines = await read.chat.page(invite.consultation_id)
        return [line.text for line in lines if line.kind == "text"]

    async def close(self, invite_id: str) -> None:
        """The scheduler ends the session: nobody has come."""
        invite = await self.server.app[STORE].read.invites.get(invite_id)
        assert invite is not None
        case = {"consultation_id": invite.consultation_id}
        async with Person(self.server) as nurse:
            await nurse.sign_in()
            assert (await nurse.post(path("cancel_session", **case))).status == 303

    async def purge(self, invite_id: str) -> None:
        store = self.server.app[STORE]
        invite = await store.read.invites.get(invite_id)
        assert invite is not None
        await store.write(lambda records: records.consultations.purge(invite.consultation_id))

    async def until_texts(self, invite_id: str, wanted: list[str]) -> None:
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while await self.texts(invite_id) != wanted:  # noqa: ASYNC110 - of a store in this process
                await asyncio.sleep(0.1)


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


@asynccontextmanager
async def profile(folder: Path, arguments: list[str]) -> AsyncIterator[BrowserContext]:
    """A browser with a profile on the disk: the others have no Background Sync."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path=chromium_path(), args=arguments
        )
        context.set_default_timeout(PATIENCE_MS)
        yield context
        with suppress(Error):  # a browser that was killed is closed
            await context.close()


async def until_stored(page: Page, count: int) -> None:
    await page.evaluate(STORED, ["commands", count])


async def until_cookies_stored(context: BrowserContext, folder: Path) -> None:
    """Wait until the seat's cookie is on the disk.

    Chromium writes cookies there half a minute after a change, or at once after some hundred changes:
    so these are made. Without it the next browser has no seat, and deletes what was written there.
    """
    others = [f"{number}.example.org" for number in range(COOKIES_AT_ONCE)]
    await context.add_cookies(
        [
            {"name": "n", "value": "", "domain": each, "path": "/", "expires": LATER}
            for each in others
        ]
    )
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not has_seat(folder):  # noqa: ASYNC110 - a file of another program
            await asyncio.sleep(0.1)


def has_seat(folder: Path) -> bool:
    """Whether the cookie is in the profile; the file may be half written."""
    for file in folder.rglob("Cookies"):
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as kept,
        ):
            if kept.execute("SELECT 1 FROM cookies WHERE name = 'teleconnect'").fetchone():
                return True
    return False


async def until_drafted(page: Page) -> None:
    await page.evaluate(STORED, ["drafts", 1])


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


async def test_a_message_of_a_closed_page_stands_there_once_when_the_line_is_back(
    clinic: Clinic, chromium_arguments: list[str], tmp_path: Path
) -> None:
    async with profile(tmp_path / "profile", chromium_arguments) as context:
        page, rest = await context.new_page(), await context.new_page()
        invite_id = await seated(page, await clinic.link())
        await expect(page.locator("#room")).to_have_attribute("data-line", "open")
        clinic.line.cut()
        await expect(page.locator("#connection")).to_contain_text("Connection lost")
        for message in MESSAGES:
            await page.get_by_role("textbox", name="Message").fill(message)
            await page.keyboard.press("Enter")
        await expect(page.locator(".line .state")).to_have_text(["sending", "sending"])
        await until_stored(page, len(MESSAGES))
        await page.close()
        assert await clinic.texts(invite_id) == []
        clinic.line.mend()
        await clinic.until_texts(invite_id, MESSAGES)
        # and the page that is opened afterwards has nothing left to send
        await rest.goto(clinic.line.url + path("seat", invite_id=invite_id))
        await expect(rest.locator(".line .state")).to_have_text(["sent", "sent"])
        await until_stored(rest, 0)
    assert await clinic.texts(invite_id) == MESSAGES


async def test_a_browser_that_was_killed_opens_the_page_and_what_was_written_without_a_line(
    clinic: Clinic, chromium_arguments: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    async with profile(folder, chromium_arguments) as context:
        page = await context.new_page()
        invite_id = await seated(page, await clinic.link())
        clinic.line.cut()
        await expect(page.locator("#connection")).to_contain_text("Connection lost")
        await page.get_by_role("textbox", name="Message").fill(MESSAGES[0])
        await page.keyboard.press("Enter")
        await until_stored(page, 1)
        await until_cookies_stored(context, folder)
        kill(folder)
    async with profile(folder, chromium_arguments) as context:
        page = await context.new_page()
        await page.goto(clinic.line.url + path("seat", invite_id=invite_id))
        await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
        await expect(page.locator(".line .text")).to_have_text([MESSAGES[0]])
        # with the page open: after a failure the browser may wait for minutes before it syncs again
        clinic.line.mend()
        await clinic.until_texts(invite_id, MESSAGES[:1])
    assert await clinic.texts(invite_id) == MESSAGES[:1]


async def test_a_server_that_does_not_answer_in_time_is_no_line_and_later_it_is_one(
    clinic: Clinic, new_context: NewContext
) -> None:
    context = await new_context(base_url=clinic.line.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()
    await seated(page, await clinic.link())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        clinic.line.to = silent.getsockname()[1]
        clinic.line.cut()
        clinic.line.mend()
        await page.reload()
        await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
        clinic.line.cut()
    clinic.line.to = clinic.server.config.port
    clinic.line.mend()
    await expect(page.get_by_role("heading", name="You are in the waiting room")).to_be_visible()
    await page.reload()
    await expect(page.locator("body")).not_to_have_attribute("data-offline", re.compile(""))
    await expect(page.get_by_role("heading", name="You are in the waiting room")).to_be_visible()


async def test_a_new_version_of_the_page_takes_the_place_of_the_old_one(
    clinic: Clinic, new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = await new_context(base_url=clinic.line.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()
    invite_id = await seated(page, await clinic.link())
    static = clinic.server.app[STATIC]
    old, new = static.current.digest, "0123456789abcdef"
    assert any(old in address for address, _ in await page.evaluate(KEPT))
    for build in (static.current, static.older):  # all servers of this process share them
        monkeypatch.setattr(build, "digest", new)
    await page.reload()
    await page.evaluate(UNTIL_NEW, [path("seat_shell", invite_id=invite_id), new])
    kept = await page.evaluate(KEPT)
    assert all(old not in f"{address} {body}" for address, body in kept)
    clinic.line.cut()
    await page.reload()
    await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    await expect(page.locator("#connection")).to_contain_text("Connection lost")


async def test_nothing_is_left_when_the_session_is_over(
    clinic: Clinic, new_context: NewContext
) -> None:
    context = await new_context(base_url=clinic.line.url, allowed_errors=[*FAILED_LOADS, "410"])
    page = await context.new_page()
    invite_id = await seated(page, await clinic.link())
    await page.get_by_role("textbox", name="Message").fill(MESSAGES[0])
    await until_drafted(page)
    await clinic.close(invite_id)
    await expect(page.get_by_role("heading", name="over")).to_be_visible()
    await page.evaluate(UNTIL_EMPTY)


@pytest.mark.parametrize("way", ["seat", "link", "purged"])
async def test_nothing_is_left_when_the_page_is_opened_after_the_session(
    clinic: Clinic, new_context: NewContext, way: str
) -> None:
    context = await new_context(base_url=clinic.line.url, allowed_errors=[*FAILED_LOADS, "410"])
    page = await context.new_page()
    link = await clinic.link()
    invite_id = await seated(page, link)
    address = page.url
    await page.get_by_role("switch", name="Save data").click()
    await page.get_by_role("textbox", name="Message").fill(MESSAGES[0])
    await until_drafted(page)
    await page.goto(clinic.line.url + path("help"))
    await clinic.close(invite_id)
    if way == "purged":
        await clinic.purge(invite_id)
    await page.goto(address if way == "seat" else link)
    await expect(page.get_by_role("heading", name=re.compile("link|over"))).to_be_visible()
    await expect(page.get_by_text(MESSAGES[0])).to_have_count(0 if way == "purged" else 1)
    await page.evaluate(UNTIL_EMPTY)


async def test_nothing_is_left_when_somebody_leaves_the_device_without_a_line_too(
    clinic: Clinic, new_context: NewContext
) -> None:
    context = await new_context(base_url=clinic.line.url, allowed_errors=FAILED_LOADS)
    page, other = await context.new_page(), await context.new_page()
    link = await clinic.link()
    for has_line in (True, False):
        await other.goto(clinic.line.url + path("help"))
        await seated(page, link)
        await page.get_by_role("textbox", name="Message").fill(MESSAGES[0])
        await until_drafted(page)
        if not has_line:
            clinic.line.cut()
            await expect(page.locator("#connection")).to_contain_text("Connection lost")
        await page.get_by_role("button", name="Leave this device").click()
        if has_line:
            await expect(page.get_by_role("heading", name="You have left")).to_be_visible()
        await other.evaluate(UNTIL_EMPTY)


async def test_what_was_written_at_a_seat_that_was_given_up_is_deleted_unread(
    clinic: Clinic, chromium_arguments: list[str], tmp_path: Path
) -> None:
    async with profile(tmp_path / "profile", chromium_arguments) as context:
        page, rest = await context.new_page(), await context.new_page()
        link = await clinic.link()
        invite_id = await seated(page, link)
        await rest.goto(clinic.line.url + path("help"))
        clinic.line.cut()
        await expect(page.locator("#connection")).to_contain_text("Connection lost")
        await page.get_by_role("textbox", name="Message").fill(MESSAGES[0])
        await page.keyboard.press("Enter")
        await until_stored(page, 1)
        await page.close()
        async with Person(clinic.server) as elsewhere:
            await elsewhere.join(link.removeprefix(clinic.line.url))
            clinic.line.mend()
            await rest.evaluate(UNTIL_EMPTY)
    assert await clinic.texts(invite_id) == []
