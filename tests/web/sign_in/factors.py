"""Steps with second factors that several tests take."""

import html
import json
import re
from typing import Any

import pyotp

from signaling.account import Account
from tests.clock import MovableClock
from tests.passkeys import SoftPasskey
from tests.people import Answer, Person, outbox
from tests.serving import PASSWORD, Server, audit_lines
from web.keys import STORE

FACTORS = "/profile/factors"


async def account_of(server: Server, email: str = "nurse@example.org") -> Account:
    found = await server.app[STORE].read.accounts.by_email(email)
    assert found is not None
    return found


async def words(server: Server) -> list[str]:
    return [line.action for line in await audit_lines(server.app[STORE])]


async def newest_mail(server: Server) -> str:
    """The subject of the newest mail, after what is due was sent."""
    return str((await outbox(server))[0].subject)


async def post_json(person: Person, path: str, body: object) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    answer = await person.ask("POST", path, data=json.dumps(body), headers=headers)
    return answer.status, json.loads(answer.text)


async def set_up_app(person: Person, clock: MovableClock) -> pyotp.TOTP:
    """Set up an authenticator app for somebody signed in. Returns the app."""
    page = (await person.get(f"{FACTORS}/app")).text
    secret = re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page)
    assert secret is not None
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    answer = await person.post(f"{FACTORS}/app", {"code": app.at(clock.now())})
    assert answer.status == 303, answer.text
    return app


async def recovery_codes(person: Person) -> list[str]:
    page = (await person.post(f"{FACTORS}/recovery-codes")).text
    shown = re.search(r'<pre[^>]*id="recovery-codes"[^>]*>([^<]+)<', page)
    assert shown is not None
    return html.unescape(shown[1]).split()


async def add_passkey(person: Person, passkey: SoftPasskey, name: str = "my phone") -> None:
    status, options = await post_json(person, f"{FACTORS}/passkey/options", {})
    assert status == 200, options
    body = {"name": name, "credential": passkey.made(options)}
    status, added = await post_json(person, f"{FACTORS}/passkey", body)
    assert status == 200, added


async def use_passkey(
    person: Person, passkey: SoftPasskey, *, second: bool = False, **more: Any
) -> tuple[int, dict[str, Any]]:
    """Sign in with a passkey: as the only step, or after a password."""
    status, options = await post_json(person, "/signin/passkey/options", {"second": second})
    assert status == 200, options
    body = {"credential": passkey.used(options), "second": second, **more}
    return await post_json(person, "/signin/passkey", body)


async def give_code(person: Person, code: str) -> Answer:
    return await person.post("/signin/code", {"code": code})


async def give_recovery_code(person: Person, code: str) -> Answer:
    return await person.post("/signin/code", {"recovery": code})


async def give_password(person: Person) -> None:
    """The first step, which leads to the second one."""
    answer = await person.sign_in(password=PASSWORD)
    assert (answer.status, answer.location.split("?")[0]) == (303, "/signin/code")


async def is_signed_in(person: Person) -> bool:
    return (await person.get("/invites")).status == 200
