"""A browser whose question for microphone and camera a test answers, and which tracks are live."""

from playwright.async_api import Page

GATE = """
(() => {
  if (location.protocol !== "http:") return;
  if (sessionStorage.getItem("lockdown")) delete window.RTCPeerConnection;
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  const tracks = [];
  let opened = Promise.resolve();
  let open = () => {};
  Object.assign(window, {
    __shut: () => { opened = new Promise((resolve) => { open = resolve; }); },
    __open: () => open(),
    __given: () => tracks.length,
    __live: () => tracks.filter((one) => one.readyState === "live").map((one) => one.kind).join(),
    __refusal: "",
  });
  navigator.permissions.query = async () => ({ state: "prompt" });
  devices.getUserMedia = async (wanted) => {
    await opened;
    if (window.__refusal) throw new DOMException("", window.__refusal);
    const stream = await ask(wanted);
    tracks.push(...stream.getTracks());
    return stream;
  };
})();
"""
"""Runs before the page's own scripts. The browser's question, which headless browsers do not show:
`__shut()` leaves it open, `__open()` answers it, with `__refusal` if that is set."""


async def live(page: Page, kinds: str) -> None:
    """As soon as nothing is under way any more, these tracks are live and no others."""
    await page.wait_for_function("(kinds) => window.__live() === kinds", arg=kinds)


async def given(page: Page, count: int) -> None:
    """The browser has handed out as many tracks."""
    await page.wait_for_function("(count) => window.__given() === count", arg=count)
