"""An administrator who has never seen the pages finds what they look for, by what stands on them."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from scripts.samples import PASSWORD, Sample, sample
from tests.browser.conftest import NewContext
from tests.serving import Server, serving
from web.keys import STORE
from web.routes import path

MOST_CLICKS = 3


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[tuple[Server, Sample]]:
    async with serving(tmp_path) as server:
        yield server, await sample(server.app)


class Finder:
    """Somebody at the first page of Administration, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    async def begin(self) -> None:
        await self.page.goto(path("admin"))
        self.clicks = 0

    async def click(self, *names: str) -> None:
        """One click on each control that is called so, and nothing else."""
        for name in names:
            await self._control(name).click()
            self.clicks += 1

    async def choose(self, field: str, option: str) -> None:
        await self.page.get_by_label(field, exact=True).select_option(option)
        self.clicks += 1

    def _control(self, name: str) -> Locator:
        main = self.page.get_by_role("main")
        link = main.get_by_role("link", name=name, exact=True)
        return link.or_(main.get_by_role("button", name=name, exact=True))


async def test_each_page_is_three_clicks_away_and_does_what_it_says(
    filled: tuple[Server, Sample], new_context: NewContext
) -> None:
    server, found = filled
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    await page.goto(path("sign_in"))
    await page.get_by_label("Email").fill("nurse@example.org")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    report = path("report", consultation_id=found.consultation_id)
    assert (await context.request.get(report)).ok
    finder = Finder(page)

    # suspend somebody
    await finder.begin()
    await finder.click("People", "Лена Коваль", "Suspend")
    await expect(page.get_by_role("button", name="Let in again")).to_be_visible()
    assert finder.clicks <= MOST_CLICKS
    account = await server.app[STORE].read.accounts.get(found.colleague_id)
    assert account is not None and account.suspended_at is not None
    await finder.click("Let in again")
    await expect(page.get_by_role("button", name="Suspend")).to_be_visible()

    # see who exported a report
    await finder.begin()
    await finder.click("Audit log")
    await finder.choose("What", "Exports: all")
    await finder.click("Show")
    line = page.get_by_role("listitem").filter(has_text="Session exported")
    await expect(line).to_contain_text("Nurse Joy")
    assert finder.clicks <= MOST_CLICKS
    async with page.expect_download() as downloading:
        await finder.click("Download as CSV")
    file = await (await downloading.value).path()
    table = await asyncio.to_thread(file.read_text, "utf-8-sig")
    assert [row[3] for row in csv.reader(io.StringIO(table)) if row[4] == "export"] == ["Nurse Joy"]

    # is the log as it was written, is the server well, how much is done
    await finder.begin()
    await finder.click("Audit log", "Check the log")
    await expect(page.get_by_text("No line of this log has been altered.")).to_be_visible()
    await finder.begin()
    await finder.click("Health")
    disk = page.get_by_role("listitem").filter(has=page.get_by_text("Disk", exact=True))
    await expect(disk).to_contain_text(re.compile("In order|Look at this|Act now"))
    await finder.begin()
    await finder.click("Numbers")
    chart = page.get_by_role("figure").filter(has_text="What became of sessions")
    await expect(chart.get_by_role("img", name="What became of sessions")).to_be_visible()
    await expect(chart.get_by_role("cell", name="13", exact=True)).to_be_hidden()
    await chart.get_by_text("As a table").click()
    await expect(chart.get_by_role("cell", name="13", exact=True)).to_be_visible()
