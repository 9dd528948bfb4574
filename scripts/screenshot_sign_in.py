"""Pictures of signing in: a password that is refused, the second step, an organization's provider."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta

import pyotp
from aiohttp import web
from playwright.async_api import BrowserContext, Page

from scripts.samples import PASSWORD, add_account
from signaling.account import Account
from signaling.identity import Identity, Person
from signaling.second_factor import AuthenticatorApp
from signaling.token import new_token, token_digest
from storage.store import Records
from web.keys import CLOCK, PROVIDER, STORE
from web.pages.provider.linking import KEY
from web.routes import path
from web.sign_in.oidc.provider import Answer

Shoot = Callable[[str], Awaitable[None]]
PROVIDER_SETTINGS = {
    "TELECONNECT_OIDC_ISSUER": "http://127.0.0.1:9",
    "TELECONNECT_OIDC_CLIENT_ID": "teleconnect",
    "TELECONNECT_OIDC_LABEL": "Example Clinic",
}
"Of a server whose provider does not answer."


async def photograph_second_step(app: web.Application, page: Page, name: str, shoot: Shoot) -> None:
    """By an account of its own, called `name`, since each code serves once."""
    email, secret = f"{name}@example.org", pyotp.random_base32()
    account = await add_account(app, email, "Nurse Ann", administrator=False)
    factor = AuthenticatorApp(account.id, secret, account.created_at, last_step=0)

    async def work(records: Records) -> None:
        await records.second_factors.apps.propose(factor)
        await records.second_factors.apps.confirm(account.id, 0)

    await app[STORE].write(work)
    await page.goto(path("sign_in"))
    await page.fill("#email", email)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_selector("#code")
    await shoot("second-step")
    await page.fill("#code", "000000")
    await page.press("#code", "Enter")
    await page.wait_for_selector("main [role=alert]")
    await shoot("second-step-refused")
    await page.fill("#code", pyotp.TOTP(secret).at(app[CLOCK].now()))
    await page.press("#code", "Enter")
    await page.wait_for_url("**/")
    await page.goto(path("recovery_codes"))
    await page.click("form[action$=recovery-codes] button")
    await page.wait_for_selector("#recovery-codes")
    await shoot("recovery-codes")


async def photograph_provider(app: web.Application, context: BrowserContext, shoot: Shoot) -> None:
    """`app` has PROVIDER_SETTINGS; `shoot` photographs the newest page of the context."""
    page = await context.new_page()
    for name, address in (
        ("provider-sign-in", path("sign_in")),
        ("provider-refused", path("provider_sign_in")),
        ("provider-signed-out", path("provider_signed_out")),
    ):
        await page.goto(address)
        await shoot(name)
    found = await app[STORE].read.accounts.all()
    account = (
        found[0]
        if found
        else await add_account(app, "nurse@example.org", "Nurse Joy", administrator=True)
    )
    token = await _linking(app, account)
    await context.add_cookies(
        [{"name": "teleconnect", "value": token, "url": page.url, "httpOnly": True}]
    )
    await page.goto(path("provider_link"))
    await shoot("provider-link")


async def _linking(app: web.Application, account: Account) -> str:
    """The cookie of somebody whom the provider has signed in, and whose address the account has."""
    token, now = new_token(), app[CLOCK].now()
    identity = Identity(app[PROVIDER].settings.issuer, "nurse-1")
    answer = Answer(Person(identity, account.email, account.name, {}), None, "")
    entry = {
        "answer": asdict(answer),
        "account_id": account.id,
        "back_to": "",
        "at": now.isoformat(),
    }
    data, over = json.dumps({KEY: entry}), now + timedelta(hours=1)

    async def work(records: Records) -> None:
        await records.web_sessions.save(token_digest(token), None, data, now, over)

    await app[STORE].write(work)
    return token


async def change_password(page: Page) -> None:
    """Try to, with a wrong present one."""
    await page.fill("#present", "not the present one")
    await page.fill("#password", "a few words that are new")
    await page.click("form[action$=password] [type=submit]")
    await page.wait_for_selector(".notice.bad:visible")


async def guess(page: Page) -> None:
    """Guess a password until the page asks to wait."""
    await page.goto(path("sign_in"))
    while await page.get_by_text(re.compile(r"\d")).count() == 0:
        await page.fill("#email", "nobody@example.org")
        await page.fill("#password", "a guess")
        await page.click("main button[type=submit]")
        await page.wait_for_selector(".notice.bad:visible")
