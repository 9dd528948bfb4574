"""A browser that is killed right after "Send", and opened again, has lost nothing."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, async_playwright, expect

from scripts.traffic.browser import until
from tests.browser.chat.test_unsent_messages import CUTTABLE_LINE, texts
from tests.browser.conftest import PATIENCE_MS, chromium_path
from tests.browser.harness.firefox import FIREFOX, PREFERENCES
from tests.browser.harness.visits import is_live, join, link_to
from tests.serving import Server
from web.keys import STORE

MESSAGES = ["The first message", "Two tablets", "and none at night"]
DRAFT_STORED = """
async (draft) => {
  const { src } = document.querySelector("script[type=module]");
  const { openStore } = await import(new URL("../shared/browser-store.js", src));
  return (await (await openStore()).entries("drafts")).some(([, text]) => text === draft);
}
"""

Launch = Callable[[Path], AsyncIterator[BrowserContext]]


@pytest.fixture
def chromium(chromium_arguments: list[str]) -> Launch:
    async def launch(profile: Path) -> AsyncIterator[BrowserContext]:
        async with async_playwright() as playwright:
            yield await playwright.chromium.launch_persistent_context(
                profile, executable_path=chromium_path(), args=chromium_arguments
            )

    return launch


@pytest.fixture
def firefox() -> Launch:
    async def launch(profile: Path) -> AsyncIterator[BrowserContext]:
        assert FIREFOX is not None, "scripts/setup --test installs Firefox"
        async with async_playwright() as playwright:
            yield await playwright.firefox.launch_persistent_context(
                profile,
                channel="moz-firefox",
                executable_path=FIREFOX,
                firefox_user_prefs=PREFERENCES,
                env={**os.environ, "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"},
            )

    return launch


def kill(profile: Path) -> None:
    """End the browser of a profile at once. Both write their process id into a link there."""
    for name, before in (("SingletonLock", "-"), ("lock", "+")):
        if (profile / name).is_symlink():
            os.kill(int(os.readlink(profile / name).rpartition(before)[2]), signal.SIGKILL)
            (profile / name).unlink(missing_ok=True)
            return
    pytest.fail(f"no browser runs with {profile}")


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
async def test_what_was_sent_without_a_connection_arrives_once_after_a_kill(
    kind: str, server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    launch = asynccontextmanager(request.getfixturevalue(kind))
    profile = tmp_path / "profile"
    link = server.url + await link_to(server)
    async with launch(profile) as context:
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(CUTTABLE_LINE)
        page = await context.new_page()
        await join(page, link)
        await is_live(page)
        invite_id = page.url.rpartition("/")[2]
        await page.evaluate("__setLine(false)")
        text = page.get_by_role("textbox", name="Message")
        for message in MESSAGES:
            await text.fill(message)
            await until(page, DRAFT_STORED, arg=message)
            await text.press("Enter")
        kill(profile)
    async with launch(profile) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await join(page, link)
        states = page.locator(".line .state")
        await expect(states.nth(len(MESSAGES) - 2)).to_have_text("sent")
        # A kill before the disk has answered leaves the last one where it was typed.
        if await page.get_by_role("textbox", name="Message").input_value():
            await page.get_by_role("textbox", name="Message").press("Enter")
        await expect(states).to_have_text(["sent"] * len(MESSAGES))
        await page.reload()
        await expect(states).to_have_text(["sent"] * len(MESSAGES))
        await context.close()
    invite = await server.app[STORE].read.invites.get(invite_id)
    assert invite is not None
    assert await texts(server, invite.consultation_id) == MESSAGES


async def test_what_was_typed_and_not_sent_is_in_the_field_after_a_kill(
    chromium: Launch, server: Server, tmp_path: Path
) -> None:
    launch = asynccontextmanager(chromium)
    profile = tmp_path / "profile"
    link = server.url + await link_to(server)
    async with launch(profile) as context:
        page = await context.new_page()
        await join(page, link)
        await is_live(page)
        text = page.get_by_role("textbox", name="Message")
        await text.press_sequentially("It hurts since")
        await until(page, DRAFT_STORED, arg="It hurts since")
        kill(profile)
    async with launch(profile) as context:
        page = await context.new_page()
        await join(page, link)
        await expect(page.get_by_role("textbox", name="Message")).to_have_value("It hurts since")
        await context.close()
