"""The time of a sign-in is over in the middle of work: nothing is lost."""

from datetime import timedelta
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.probes import SMALL_CAMERA, video_moves
from tests.browser.harness.visits import FAILED_LOADS, is_live, join, link_to
from tests.clock import MovableClock
from tests.serving import PASSWORD, Server, moment, serving
from web.keys import CLOCKWORK, REVOCATION, STORE

NURSE = "nurse@example.org"
SOON = "You will be signed out at"
OVER = "You are signed out. Nothing on this page is lost: please sign in again."
VIDEO = "#tiles video[data-participant-id]"


async def fill_sign_in(page: Page, email: str = NURSE) -> None:
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def pass_time(server: Server, clock: MovableClock, by: timedelta) -> None:
    clock.move(by)
    await server.app[CLOCKWORK].run_due()


async def lobbies(server: Server, page: Page, count: int) -> None:
    """Wait until so much is open on the strength of somebody's access."""
    while len(server.app[REVOCATION]) < count:
        await page.title()


async def test_twelve_hours_end_in_a_call_on_a_list_and_in_a_form_and_nothing_is_lost(
    tmp_path: Path, new_context: NewContext
) -> None:
    clock = MovableClock(moment("2026-12-07 08:00"))
    async with serving(tmp_path, clock, TELECONNECT_SIGN_IN_DAYS="0.5") as server:
        await server.account()
        await server.account("doctor@example.org", "Doctor Ann")
        context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
        beyond = await new_context(base_url=server.url)
        for each in (context, beyond):
            await each.add_init_script(SMALL_CAMERA)
        desk, board, form = [await context.new_page() for _ in range(3)]
        phone = await beyond.new_page()
        await desk.goto("/")
        await fill_sign_in(desk)
        await join(phone, await link_to(server))
        await desk.get_by_role("button", name="Start next consultation").click()
        await desk.get_by_role("button", name="Start the session").click()
        await desk.get_by_role("button", name="Start video call").click()
        await phone.get_by_role("button", name="Accept", exact=True).click()
        await board.goto("/invites?search=Baraka")
        await form.goto("/invites/new?kind=remote")
        await lobbies(server, board, 5)
        await form.get_by_label("First name").fill("Baraka")
        await form.get_by_label("Email or mobile number").fill("baraka@example.org")
        await desk.get_by_role("textbox", name="Message").fill("Half a sentence")
        assert await video_moves(desk, VIDEO)

        await pass_time(server, clock, timedelta(hours=11, minutes=56))
        for page in (desk, board, form):
            await expect(page.get_by_text(SOON)).to_contain_text("20:00")
        await pass_time(server, clock, timedelta(minutes=5))
        for page in (desk, board, form):
            await expect(page.get_by_text(OVER)).to_be_visible()
        for page in (desk, phone):
            assert await video_moves(page, VIDEO)

        # a form that is sent now is kept
        await form.get_by_role("button", name="Send", exact=True).click()
        await expect(form.get_by_role("heading", name="You are signed out")).to_be_visible()
        async with context.expect_page() as opened:
            await desk.get_by_role("link", name="Sign in again").click()
        beside = await opened.value
        async with beside.expect_event("close"):
            await fill_sign_in(beside)
        await expect(form.get_by_role("heading", name="What happens next")).to_be_visible()
        await expect(board.get_by_text("Baraka").first).to_be_visible()
        for page in (desk, board):
            await expect(page.get_by_text(OVER)).to_be_hidden()
        for page in (desk, phone):
            assert await video_moves(page, VIDEO)
        await desk.get_by_role("button", name="Send", exact=True).click()
        await expect(phone.get_by_text("Half a sentence")).to_be_visible()
        found = await server.app[STORE]._database.read.rows("SELECT id FROM invite")
        assert len(found) == 2  # Amina's and Baraka's, once

        # with nobody else there, a list leads to the sign-in and back, a draft waits on its page
        await desk.get_by_role("button", name="Hang up").click()
        await phone.close()
        await expect(desk.locator("#other-side")).to_contain_text("Nobody else is connected")
        await desk.get_by_role("textbox", name="Message").fill("Another half")
        await pass_time(server, clock, timedelta(hours=13))
        await expect(board.get_by_text("you will come back to the same page")).to_be_visible()
        await desk.evaluate("window.isOld = true")
        await fill_sign_in(board)
        await board.wait_for_url("**/invites?search=Baraka")
        await expect(board.get_by_text("Baraka").first).to_be_visible()
        await desk.wait_for_function("() => !window.isOld")
        await is_live(desk)
        await expect(desk.get_by_role("textbox", name="Message")).to_have_value("Another half")
        await expect(desk.locator("#connection")).to_be_hidden()

        # somebody else who signs in there gets nothing of it
        await pass_time(server, clock, timedelta(hours=13))
        await expect(board.get_by_text("you will come back to the same page")).to_be_visible()
        await fill_sign_in(board, "doctor@example.org")
        await expect(desk.get_by_role("heading", name="Dashboard")).to_be_visible()
        kept = await desk.evaluate(
            "async () => [sessionStorage.length, (await indexedDB.databases()).length]"
        )
        assert kept == [0, 0]
