"""Signing in and out by two real providers, each walked through in a browser as people do."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.providers.canaille_server import PASSWORD as AT_CANAILLE
from tests.providers.running import CANAILLE, NODE, RealProvider, running
from tests.serving import PASSWORD, Server, serving
from web.keys import STORE

SECRET = "a secret of thirty-two characters"
SignInThere = Callable[[Page], Awaitable[None]]


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


async def at_npm(page: Page, name: str) -> None:
    """Sign in at npm's oidc-provider, and agree to what this server asks about oneself."""
    await page.get_by_placeholder("Enter any login").fill(name)
    await page.get_by_placeholder("and password").fill("anything")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()


async def signed_in(page: Page, server: Server) -> None:
    await expect(page).to_have_url(f"{server.url}/")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


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
        context = await new_context()
        page = await context.new_page()
        await to_the_provider(page, server)
        await at_npm(page, "chief")
        await signed_in(page, server)
        await expect(page.get_by_role("link", name="Administration")).to_be_visible()

        page.on("response", lambda r: print("R", r.status, r.request.method, r.url[:120]))
        page.on("framenavigated", lambda f: print("N", f.url[:120]))
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_timeout(3000)
        print(page.url, await page.content())
