"""The page shows a line in the order in which the report draws it, in both browsers."""

import asyncio
import random
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.async_api import Browser

from tests.browser.harness.firefox import launched_firefox
from tests.browser.harness.sources import serve_sources
from tests.serving import serving
from tests.web.texts.test_directions import drawn, random_lines
from web.texts.directions import isolated

CHOSEN = [
    "حرارة 39.5 °C",
    "הטלפון +41 79 123 45 67",
    "رقمي ٠٧٩ ١٢٣ ٤٥ ٦٧",
    "079 123 45 67",
    "נוטל Warfarin 5 mg, Aspirin 100 mg",
    "انظر https://example.org/a/ الآن",
    "انظر https://example.org/שלום/5 الآن",
    "דם O+ או Na+ 140 mmol/l",
    "نتيجة HbA1c: 7,5 % (مرتفع)",
    "He takes أسبرين 5 mg, then less",
    "خذ 10 000 IU، نبض 72/min",
]

SHOW = """async ([folder, lines]) => {
  const { loadDirections, userText } = await import(`${folder}/js/shared/text/user-text.js`);
  await loadDirections();
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = `${folder}/css/room.css`;
  document.head.append(style);
  await new Promise((done) => style.addEventListener("load", done));
  const box = document.createElement("div");
  box.className = "line";
  document.body.replaceChildren(box);
  return lines.map((line) => {
    const text = document.createElement("p");
    text.className = "text";
    text.dir = "auto";
    text.style.cssText = "white-space: pre; font-size: 10px; max-inline-size: none; width: 3000px";
    text.append(...userText(line));
    box.replaceChildren(text);
    const signs = [];
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      [...walker.currentNode.data].forEach((sign, place) => {
        const range = document.createRange();
        range.setStart(walker.currentNode, place);
        range.setEnd(walker.currentNode, place + 1);
        const { left, right } = range.getBoundingClientRect();
        signs.push([sign, (left + right) / 2]);
      });
    }
    getSelection().selectAllChildren(text);
    return [
      signs.sort((one, other) => one[1] - other[1]).map(([sign]) => sign).join(""),
      getSelection().toString(),
      text.querySelector("a")?.href ?? "",
      line.includes("  ") || window.find(line.trim(), true, false, true),
    ];
  });
}"""


def plain(shown: str) -> str:
    return "".join(sign for sign in shown if sign not in " \u200c\u200e\u200f")


async def compare(browser: Browser, url: str, lines: list[str]) -> None:
    page = await browser.new_page()
    await page.goto(f"{url}/signin")
    seen = await page.evaluate(SHOW, [await serve_sources(page), lines])
    expected = await asyncio.to_thread(lambda: [drawn(line, rtl=False) for line in lines])
    await page.close()
    assert [copied for _, copied, _, _ in seen] == lines
    assert all(found for *_, found in seen)
    links = [re.search("https:[^ ]*", line) for line in lines]
    assert [unquote(href) for _, _, href, _ in seen] == [link[0] if link else "" for link in links]
    differing = [
        (line, shown, wanted)
        for line, (shown, *_), wanted in zip(lines, seen, expected, strict=True)
        if plain(shown) != plain(wanted)
    ]
    assert not differing, (len(differing), differing[:3])


async def test_lines_are_seen_in_the_order_of_the_report_copied_and_found(
    tmp_path: Path, browser: Browser
) -> None:
    lines = CHOSEN + [line for line, _, _ in random_lines(150, 31)]
    async with serving(tmp_path) as server:
        await compare(browser, server.url, lines)


@pytest.mark.soak
async def test_thousands_of_lines_are_seen_so_in_both_browsers(
    tmp_path: Path, browser: Browser
) -> None:
    lines = CHOSEN + [line for line, _, _ in random_lines(3000, random.randrange(1 << 30))]
    # Behind an isolate, Firefox takes the wrong context for a bracket (UAX #9, N0).
    right = [line for line in lines if not re.search("\u2069 *[(]", isolated(line))]
    async with serving(tmp_path) as server, launched_firefox() as firefox:
        await compare(browser, server.url, lines)
        await compare(firefox, server.url, right)
