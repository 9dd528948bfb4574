"""Modules and styles as they are written, for tests that try one of them alone on a page."""

from pathlib import Path

from playwright.async_api import BrowserContext, Page, Route

_STATIC = Path(__file__).parents[3] / "web/static"


async def serve_sources(pages: BrowserContext | Page) -> str:
    """Answer requests for the sources; returns the folder in which they are found."""

    async def answer(route: Route) -> None:
        await route.fulfill(path=_STATIC / route.request.url.partition("/sources/")[2])

    await pages.route("**/sources/**", answer)
    return "/sources"
