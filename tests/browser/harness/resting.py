"""A page that has come to rest: its scripts run, and nothing that it has asked for is on its way."""

import asyncio

from playwright.async_api import Frame, Page, Request

STARTED = """
() => !document.querySelector("script[type=module]") || "scripts" in document.documentElement.dataset
"""
"Whether `boot.js` has said how the page's modules fared, if it has any."

TURNS = """
async () => {
  const turn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await turn();
  await new Promise((done) => requestIdleCallback(done));
  await turn();
}
"""
"What follows from an answer has followed, and whatever that asks for has been asked for."


class Rest:
    """Follows the requests of a page from its beginning.

    Playwright's `networkidle` waits for half a second of silence on each page, which took most of the
    time of tests that only look at many pages.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._under_way: set[Request] = set()
        self._document: Request | None = None
        "What the next document of the page was asked for by."
        self._none = asyncio.Event()
        self._none.set()
        page.on("request", self._begun)
        page.on("requestfinished", self._over)
        page.on("requestfailed", self._over)
        page.on("framenavigated", self._navigated)

    async def come(self) -> None:
        """Wait for it."""
        await self.page.wait_for_load_state()
        await self.page.wait_for_function(STARTED)
        while True:
            await self._none.wait()
            await self.page.evaluate(TURNS)
            if self._none.is_set():
                return

    def _begun(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self._document = request
        self._under_way.add(request)
        self._none.clear()

    def _over(self, request: Request) -> None:
        self._under_way.discard(request)
        self._look()

    def _navigated(self, frame: Frame) -> None:
        # of requests that ended with the document before nothing is told; an address that only
        # changes by a script is no new document
        if frame == self.page.main_frame and self._document is not None:
            self._under_way &= {self._document}
            self._document = None
            self._look()

    def _look(self) -> None:
        if not self._under_way:
            self._none.set()
