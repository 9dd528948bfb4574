"""Pages that are narrow, enlarged, without colors of their own, or without motion."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from scripts.samples import NURSE, PASSWORD, Sample, sample
from tests.browser.conftest import NewContext
from tests.browser.harness.resting import Rest
from tests.serving import Server, serving
from web.routes import path


@pytest.fixture(scope="module")
async def filled(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Server, Sample]]:
    async with serving(tmp_path_factory.mktemp("data")) as server:
        yield server, await sample(server.app)


ONE_ROW = 70
"Pixels: a header with one row of buttons is lower."
PRINTED = """() => [...document.querySelectorAll("button, select, textarea, .button, .top, .bottom")]
  .filter((e) => e.checkVisibility()).map((e) => `on paper: ${e.outerHTML.slice(0, 90)}`)
  .concat(["backgroundColor", "color"].map((name) => getComputedStyle(name === "color" ? document.querySelector("h1") : document.documentElement)[name])
    .filter((color, number) => color !== ["rgb(255, 255, 255)", "rgb(0, 0, 0)"][number]))"""
"What has no use on paper, and colors other than black on white."

TARGETS = """() => {
  const least = 44, found = [];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !e.closest("[inert], .unseen, .skip");
  const inText = ({ parentElement }) => /\\p{L}/u.test([...parentElement.childNodes]
    .map((each) => each.nodeName === "A" ? "" : each.textContent).join(""));
  for (const e of document.querySelectorAll("button, select, input, textarea, summary, a[href]")) {
    if (!seen(e) || ["hidden", "range"].includes(e.type)) continue;
    // a box to tick is pressed by its words, too; a link in a line of text is as high as the line
    const target = ["checkbox", "radio"].includes(e.type) ? e.closest("label") ?? e : e;
    if (e.matches("a") && getComputedStyle(e).display === "inline" && inText(e)) continue;
    const { width, height } = target.getBoundingClientRect();
    if (width < least - 0.5 || height < least - 0.5)
      found.push(`${e.outerHTML.slice(0, 90)} is ${width.toFixed()}x${height.toFixed()}`);
  }
  return found;
}"""
SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("main *, header *, footer *")]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().width
      && (e.getBoundingClientRect().right > width + 1 || e.getBoundingClientRect().left < -1))
    .slice(-3).map((e) => `beyond the edge: ${e.outerHTML.slice(0, 90)}`);
}"""
BROKEN_WORDS = """() => {
  const found = [];
  for (const e of document.querySelectorAll("h1, h2, h3, button, label, summary, .tag")) {
    if (!e.checkVisibility()) continue;
    const walker = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      for (const word of node.data.matchAll(/\\S+/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
        if (lines.size > 1 && !/[-/@.]/.test(word[0])) found.push(`broken: ${word[0]}`);
      }
  }
  return found;
}"""
BORDERS = """() => [...document.querySelectorAll("main button, main input, main select")]
  .filter((e) => e.checkVisibility() && !e.closest(".unseen") && e.type !== "checkbox"
    && e.type !== "radio" && e.type !== "range"
    && (getComputedStyle(e).borderTopStyle === "none" || !parseFloat(getComputedStyle(e).borderTopWidth)))
  .map((e) => `no border: ${e.outerHTML.slice(0, 90)}`)"""
MOVING = """() => document.getAnimations()
  .filter((each) => each.playState === "running" && each.effect.getComputedTiming().duration > 1)
  .map((each) => `moves: ${each.animationName ?? each.transitionProperty}`)"""


async def look(page: Page, rest: Rest, name: str, complaints: list[str], *measures: str) -> None:
    await rest.come()
    for measure in measures:
        complaints += [f"{name}: {each}" for each in await page.evaluate(measure)]


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_pages_fit_a_narrow_or_enlarged_window_and_a_finger(
    filled: tuple[Server, Sample], new_context: NewContext, language: str
) -> None:
    """320 pixels are also a window of 640 at 200 %: WCAG 2.2, 1.4.10 and 2.5.5."""
    server, found = filled
    context = await new_context(
        base_url=server.url,
        viewport=(320, 640),
        allowed_errors=["status of 40[04]"],
        reduced_motion="reduce",
    )
    await context.add_cookies([{"name": "language", "value": language, "url": server.url}])
    page = await context.new_page()
    rest = Rest(page)
    complaints: list[str] = []
    everything = (SIDEWAYS, TARGETS, BROKEN_WORDS, MOVING)
    for address in (path("sign_in"), found.landing, found.early, found.early_test):
        await page.goto(address)
        await look(page, rest, address, complaints, *everything)
    await page.goto(found.landing)
    await page.locator("button.huge").click()
    await page.locator("#chat-lines .event").first.wait_for()
    await look(page, rest, "waiting", complaints, *everything)
    await page.set_viewport_size({"width": 360, "height": 640})
    header = await page.locator(".top").bounding_box()
    assert header is not None and header["height"] < ONE_ROW
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto(path("sign_in"))
    await page.fill("#email", NURSE)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url("**/")
    case = {"consultation_id": found.consultation_id}
    for address in (
        path("dashboard"),
        path("invites"),
        path("new_invite", {"kind": "remote"}),
        path("case", **case),
        path("edit_session", **case),
        path("share_session", **case),
        path("session", **case),
        path("history"),
        path("profile"),
        path("admin"),
        path("admin_people"),
        path("admin_teams"),
        path("admin_settings"),
        path("admin_interpreters"),
    ):
        await page.goto(address)
        await look(page, rest, address, complaints, *everything)
    await page.emulate_media(forced_colors="active")
    for address in (path("dashboard"), path("new_invite", {"kind": "remote"}), path("profile")):
        await page.goto(address)
        await look(page, rest, f"{address}, forced colors", complaints, BORDERS)
    await page.emulate_media(media="print", forced_colors="none", color_scheme="dark")
    for address in (path("case", **case), path("history"), path("session", **case), path("help")):
        await page.goto(address)
        await look(page, rest, f"{address}, printed", complaints, PRINTED)
    assert not complaints, "\n".join(complaints)
