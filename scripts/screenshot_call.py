"""People who come into a session and its call, to be photographed."""

import contextlib
from collections.abc import Sequence

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from web.routes import path


async def join(guest: Page, token: str) -> None:
    await guest.goto(path("landing", token=token))
    await guest.click("button.huge")
    await guest.wait_for_selector("#chat-lines .event")


async def everybody_in_view(page: Page, guests: Sequence[Page]) -> None:
    """Wait for everybody else in a call; on a busy machine the picture shows what is there."""
    others = len(guests)
    for _attempt in range(3):
        # the server lets go of whom it cannot connect in time, and they come again
        for guest in guests:
            if await guest.locator("#join-call").is_visible():
                await guest.click("#join-call")
        with contextlib.suppress(PlaywrightTimeout):
            await page.wait_for_function(
                "others => document.querySelectorAll('#tiles video[data-participant-id]').length"
                " === others",
                arg=others,
            )
            break
    with contextlib.suppress(PlaywrightTimeout):
        await page.wait_for_function(
            "others => document.querySelectorAll('#tiles .has-video').length >= others",
            arg=others,
        )
