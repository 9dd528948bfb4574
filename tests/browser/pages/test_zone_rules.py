"""A server with other time zone rules than the browser: its own decide, everywhere, and it says so."""

import json
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.people import LINK, Person
from tests.serving import PASSWORD
from tests.system.test_kill import process
from tests.zone_rules import database

YEAR = datetime.now(UTC).year + 1


async def fill_in(page: Page) -> None:
    await page.get_by_role("button", name="New invite").click()
    await page.get_by_role("button", name="Remote", exact=True).click()
    await page.get_by_label("First name").fill("Amina")
    await page.get_by_label("Email or mobile number").fill("amina@example.org")
    await page.get_by_label("Plan later").check()
    await page.get_by_label("Date").fill(f"{YEAR}-01-11")
    await page.get_by_label("Time", exact=True).fill("14:30")
    await page.get_by_label("Time zone").select_option("Africa/Casablanca")


async def test_form_mail_calendar_and_page_go_by_the_server_and_the_form_says_so(
    tmp_path: Path, new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no browser has heard yet that Morocco goes an hour ahead once more
    newer = database(tmp_path / "zones", "2099a", Africa__Casablanca="Etc/GMT-1")
    monkeypatch.setenv("PYTHONTZPATH", str(newer))
    monkeypatch.setenv("TELECONNECT_RELAY_WORKERS", "0")
    async with process(tmp_path / "data", first=True, afresh=True) as (_running, server, printed):
        setup = re.search(r"/setup/[\w-]+", printed)
        assert setup is not None
        form = {"name": "Joy", "email": "joy@example.org", "password": PASSWORD}
        async with Person(server) as amina:
            assert (await amina.post(setup.group(), form)).status == 303
            ready = json.loads((await amina.get("/readyz")).text)
        assert ready["time_zone_rules"] == "2099a"

        url = f"http://localhost:{server.config.port}"
        context = await new_context(base_url=url, timezone="Europe/Zurich")
        page = await context.new_page()
        await page.goto(url)
        await page.get_by_label("Email").fill("joy@example.org")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await fill_in(page)
        clocks, warning = page.locator("#clocks"), page.locator("#other-rules")
        await expect(warning).to_contain_text(re.compile(r"13:30\W* in \W*Casablanca"))
        await expect(clocks).to_contain_text(re.compile(r"14:30\W* in .*, .*14:30\W* for you"))
        await page.get_by_label("Time zone").select_option("Africa/Lagos")
        await expect(clocks).to_contain_text("Lagos")
        await expect(warning).to_be_hidden()
        await page.get_by_label("Time zone").select_option("Africa/Casablanca")
        await expect(warning).to_be_visible()
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
        await page.close()  # before the server goes

        async with Person(server) as amina:
            [file] = (tmp_path / "data" / "outbox").glob("*.eml")
            mail = message_from_bytes(file.read_bytes(), policy=default)
            body = mail.get_body(("plain",))
            assert body is not None and "14:30" in body.get_content()
            link = LINK.search(body.get_content())
            assert link is not None
            calendar = (await amina.get(f"{link.group()}/session.ics")).text
            assert f"DTSTART:{YEAR}0111T133000Z" in calendar
            assert "14:30" in (await amina.get(link.group())).text
        for zone in ("Africa/Casablanca", "Africa/Lagos"):
            context = await new_context(base_url=url, timezone=zone)
            phone = await context.new_page()
            for _visit in ("first", "second, with the zone told"):
                await phone.goto(link.group())
                await expect(phone.locator("#countdown")).not_to_be_empty()
                await expect(phone.locator(".when time")).to_contain_text("14:30")
