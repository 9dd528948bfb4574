"""Second factors in a browser: set up, used, lost, recovered; a virtual authenticator holds passkeys."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import BrowserContext, CDPSession, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.accessibility import check
from tests.browser.harness.resting import Rest
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import PASSWORD, Server, serving
from tests.web.sign_in.factors import account_of, set_up_app
from web.routes import path

BOSS = "boss@example.org"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"Options of WebAuthn.addVirtualAuthenticator (Chrome DevTools Protocol): a device with a fingerprint."
AUTOFILL = """
  if (location.host && document.cookie.includes("autofill=off")) {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  }
"""
"""The virtual authenticator takes what is offered at the field for the email at once, as no person
would; a cookie keeps it from that."""
WITHOUT_JSON = """
  if (location.host) {
    delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.parseRequestOptionsFromJSON;
    delete PublicKeyCredential.prototype.toJSON;
  }
"""
"As browsers of 2023 are."


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime.now(UTC))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock, TELECONNECT_SECOND_FACTOR="everybody") as running:
        await running.account()
        await running.account(BOSS, "The Boss", "administrator")
        yield running


async def authenticator(page: Page) -> tuple[CDPSession, str]:
    """Give the page's browser an authenticator of its own. Returns its id, too."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return devtools, made["authenticatorId"]


async def offer_nothing(context: BrowserContext, server: Server) -> None:
    """No autofill of passkeys in this context, until its cookie is gone."""
    await context.add_init_script(AUTOFILL)
    await context.add_cookies([{"name": "autofill", "value": "off", "url": server.url}])


async def give_password(page: Page) -> None:
    await page.goto(path("sign_in"))
    await page.fill("#email", "nurse@example.org")
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def expect_dashboard(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


async def scan(page: Page) -> pyotp.TOTP:
    """The app that has taken the secret from the page."""
    await page.get_by_text("Cannot scan the code?").click()
    return pyotp.TOTP((await page.locator("#secret").inner_text()).replace(" ", ""))


async def type_code(page: Page, code: str) -> None:
    field = page.get_by_label("Code from your authenticator app")
    await expect(field).to_have_attribute("autocomplete", "one-time-code")
    await field.fill(code)
    await page.keyboard.press("Enter")


async def add_passkey(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_label("Name of the passkey").fill(name)
    await page.get_by_role("button", name="Add a passkey").click()


async def test_a_second_factor_from_its_set_up_to_its_loss(
    server: Server, clock: MovableClock, new_context: NewContext
) -> None:
    context = await new_context(
        base_url=server.url, allowed_errors=["status of 40[01]"], reduced_motion="reduce"
    )
    await offer_nothing(context, server)
    page = await context.new_page()
    devtools, held_by = await authenticator(page)
    complaints: list[str] = []
    rest = Rest(page)

    # whoever must have one is led to it
    await give_password(page)
    await expect(page.get_by_text("Please set one up now.")).to_be_visible()
    await page.goto(path("invites"))
    await expect(page.get_by_text("Please set one up now.")).to_be_visible()
    await check(rest, "required", complaints)
    await page.get_by_role("button", name="Set up an authenticator app").click()
    app = await scan(page)
    await check(rest, "authenticator app", complaints)
    code = "".join(chr(ord("٠") + int(digit)) for digit in app.at(clock.now()))
    await type_code(page, f"{code[:3]} {code[3:]}")
    await page.get_by_role("button", name="Make recovery codes").click()
    codes = (await page.locator("#recovery-codes").inner_text()).split()
    assert len(codes) == 10
    await check(rest, "recovery codes", complaints)
    await page.get_by_role("button", name="Done").click()
    await add_passkey(page, "Dienstlaptop")
    await expect(page.get_by_text("Dienstlaptop")).to_be_visible()
    [credential] = (await devtools.send("WebAuthn.getCredentials", {"authenticatorId": held_by}))[
        "credentials"
    ]
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)

    # alone, and after a password
    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect_dashboard(page)
    await sign_out(page)
    await give_password(page)
    await check(rest, "second step", complaints)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect_dashboard(page)

    # and chosen at the field for the email
    await context.clear_cookies(name="autofill")
    await page.get_by_role("button", name="Sign out").click()
    await expect_dashboard(page)
    await offer_nothing(context, server)

    # a copy of the passkey, whose counter is behind
    await sign_out(page)
    await devtools.send("WebAuthn.clearCredentials", {"authenticatorId": held_by})
    await devtools.send(
        "WebAuthn.addCredential",
        {"authenticatorId": held_by, "credential": credential | {"signCount": 0}},
    )
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.locator("#passkey-problem")).to_contain_text("it may have been copied")

    # without the phone
    await give_password(page)
    await type_code(page, "123456")
    await expect(page.get_by_role("alert").first).to_contain_text("This code is wrong or too old.")
    await page.get_by_role("button", name="Use a recovery code").click()
    await page.get_by_label("Recovery code").fill(codes[3])
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("9 codes left")).to_be_visible()
    await sign_out(page)
    clock.move(timedelta(minutes=2))
    await give_password(page)
    await type_code(page, app.at(clock.now()))
    await expect_dashboard(page)

    # without anything
    await page.goto("about:blank")
    async with Person(server) as boss:
        await boss.sign_in(BOSS)
        await set_up_app(boss, clock)
        account = await account_of(server)
        answer = await boss.post(path("admin_reset_factors", account_id=account.id))
        assert answer.status == 303
    await give_password(page)
    await expect(page.get_by_text("Please set one up now.")).to_be_visible()
    assert not complaints, "\n".join(complaints)


async def test_passkeys_in_an_older_browser_and_under_another_name(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context()
    await offer_nothing(context, server)
    await context.add_init_script(WITHOUT_JSON)
    page = await context.new_page()
    devtools, held_by = await authenticator(page)
    await page.goto(server.url + path("sign_in"))
    await page.fill("#email", "nurse@example.org")
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await add_passkey(page, "older")
    await page.get_by_role("button", name="Not now").click()
    await expect(page.get_by_text("older")).to_be_visible()
    await add_passkey(page, "again")
    await expect(page.locator("#passkey-problem")).to_contain_text("has a passkey")
    await page.goto(server.url + path("factors"))
    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect_dashboard(page)
    await devtools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": held_by, "isUserVerified": False}
    )
    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.locator("#passkey-problem")).to_contain_text("No passkey was used.")

    await page.goto(re.sub("localhost", "127.0.0.1", server.url) + path("sign_in"))
    await expect(page.get_by_text("Passkeys work only at this address:")).to_be_visible()
    await expect(page.get_by_role("link", name=server.url)).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
