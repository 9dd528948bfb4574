"""Signing in and out by two real providers, each walked through in a browser as people do."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.accessibility import check
from tests.browser.harness.resting import Rest
from tests.providers.canaille_server import PASSWORD as AT_CANAILLE
from tests.providers.running import CANAILLE, NODE, RealProvider, running
from tests.serving import PASSWORD, Server, serving
from web.keys import STORE

SECRET = "secret-of-some-thirty-characters"


def settings(provider: RealProvider, **more: str) -> dict[str, str]:
    return {
        "TELECONNECT_OIDC_ISSUER": provider.issuer,
        "TELECONNECT_OIDC_CLIENT_ID": "teleconnect",
        "TELECONNECT_OIDC_CLIENT_SECRET": SECRET,
        "TELECONNECT_OIDC_LABEL": "Example Clinic",
        **{f"TELECONNECT_OIDC_{name}": value for name, value in more.items()},
    }


def client(server: Server) -> dict[str, Any]:
    """What an operator registers."""
    return {
        "client_id": "teleconnect",
        "client_secret": SECRET,
        "redirect_uris": [f"{server.url}/signin/oidc/callback"],
        "post_logout_redirect_uris": [f"{server.url}/signin/oidc/signed-out"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
    }


async def to_the_provider(page: Page, server: Server) -> None:
    await page.goto(f"{server.url}/signin")
    await page.get_by_role("link", name="Sign in with Example Clinic").click()


async def at_npm(page: Page, name: str, *, agrees: bool = True) -> None:
    """Sign in at npm's oidc-provider, and agree to what this server asks about oneself."""
    await page.get_by_placeholder("Enter any login").fill(name)
    await page.get_by_placeholder("and password").fill("anything")
    await page.get_by_role("button", name="Sign-in").click()
    if agrees:
        await page.get_by_role("button", name="Continue").click()


async def signed_in(page: Page, server: Server) -> None:
    await expect(page).to_have_url(f"{server.url}/")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def ask_for_proof(page: Page, server: Server) -> None:
    """Go where a second factor changes, and on to the provider."""
    await page.goto(f"{server.url}/profile/factors/app")
    await page.get_by_role("link", name="Sign in with Example Clinic again").click()


async def proved(page: Page, server: Server) -> None:
    await expect(page).to_have_url(f"{server.url}/profile/factors/app")


async def test_npms_provider_signs_in_and_out_and_ends_what_is_open(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with (
        running(*NODE) as provider,
        serving(tmp_path, **settings(provider, ADMINISTRATORS="groups=administrators")) as server,
    ):
        logout = {
            "backchannel_logout_uri": f"{server.url}/signin/oidc/logout",
            "backchannel_logout_session_required": True,
        }
        await provider.learn(client(server) | logout)
        context = await new_context(allowed_errors=["status of 403"], reduced_motion="reduce")
        page, complaints = await context.new_page(), list[str]()
        rest = Rest(page)
        await to_the_provider(page, server)
        await at_npm(page, "chief")
        await signed_in(page, server)
        await expect(page.get_by_role("link", name="Administration")).to_be_visible()

        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("button", name="Yes, sign me out").click()
        await expect(page).to_have_url(f"{server.url}/signin/oidc/signed-out")
        await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        await check(rest, "signed out", complaints)

        await page.get_by_role("link", name="Sign in with Example Clinic").click()
        await at_npm(page, "chief")
        await signed_in(page, server)
        assert len(await server.app[STORE].read.accounts.all()) == 1
        await ask_for_proof(page, server)
        await at_npm(page, "chief", agrees=False)
        await proved(page, server)

        other = await context.new_page()
        await other.goto(f"{provider.issuer}/session/end")
        await other.get_by_role("button", name="Yes, sign me out").click()
        await expect(page).to_have_url(f"{server.url}/signin")

        await page.get_by_role("link", name="Sign in with Example Clinic").click()
        await at_npm(page, "unverified")
        await expect(page.get_by_role("heading", name="You were not signed in")).to_be_visible()
        await expect(page.get_by_role("alert")).to_contain_text("has not verified your email")
        await check(rest, "refused", complaints)
        await page.goto(f"{server.url}/")
        await expect(page).to_have_url(re.compile("/signin"))
        assert complaints == []


async def at_canaille(page: Page) -> None:
    await page.get_by_label("Login").fill("joy")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("textbox", name="Password").fill(AT_CANAILLE)
    await page.get_by_role("button", name="Sign in").click()


async def test_canaille_signs_in_whoever_has_an_account_here_and_out_again(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with running(*CANAILLE) as provider, serving(tmp_path, **settings(provider)) as server:
        account = await server.account(email="Joy@example.org")
        await provider.learn(client(server) | {"scope": ["openid", "profile", "email"]})
        # its package has no fonts of its own pages
        errors = ["status of 403", f"{re.escape(provider.issuer)}/static/"]
        context = await new_context(allowed_errors=errors, reduced_motion="reduce")
        page, complaints = await context.new_page(), list[str]()
        rest = Rest(page)
        await to_the_provider(page, server)
        await at_canaille(page)
        await page.get_by_role("button", name="Deny").click()
        await expect(page.get_by_role("alert")).to_contain_text("did not sign you in")

        await page.get_by_role("link", name="Sign in with Example Clinic").click()
        await page.get_by_role("button", name="Accept", exact=True).click()
        await expect(page.get_by_role("heading", name="Link your account")).to_be_visible()
        await check(rest, "link", complaints)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Link and sign in").click()
        await signed_in(page, server)

        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(f"{server.url}/signin/oidc/signed-out")
        await page.get_by_role("link", name="Sign in with Example Clinic").click()
        await at_canaille(page)
        await signed_in(page, server)
        # its ID token says that it has just asked
        await page.goto(f"{server.url}/profile/factors/app")
        await proved(page, server)
        assert [each.id for each in await server.app[STORE].read.accounts.all()] == [account.id]
        await page.close()  # before its server
        assert complaints == []
