"""The other browser: Firefox with fake devices, where it is installed."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")

PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    # Without a sound card nothing would ever be played.
    "media.cubeb.force_mock_context": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    # No requests to its maker.
    "services.settings.server": "data:,#remote-settings-dummy/v1",
}


@asynccontextmanager
async def launched_firefox() -> AsyncIterator[Browser]:
    """A running Firefox, which must be installed."""
    assert FIREFOX is not None, "scripts/setup --test installs Firefox"
    async with async_playwright() as playwright:
        browser = await playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=FIREFOX,
            firefox_user_prefs=PREFERENCES,
            env={**os.environ, "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"},
        )
        yield browser
        await browser.close()
