"""Linking an account that has a second factor: its password alone is not enough."""

from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest

from signaling.account import Account
from signaling.second_factor import AuthenticatorApp
from storage.store import Records
from tests.clock import MovableClock
from tests.passkeys import SoftPasskey, origin_of
from tests.people import Answer, Person, outbox
from tests.serving import PASSWORD, Server, serving
from tests.web.sign_in.factors import add_passkey, give_code, post_json, use_passkey
from tests.web.sign_in.oidc.lying_provider import LyingProvider
from tests.web.sign_in.oidc.visiting import is_signed_in, sign_in
from web.keys import STORE

SECRET = pyotp.random_base32()


@pytest.fixture
async def person(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as person:
        yield person


async def with_app(server: Server) -> Account:
    """Nurse Joy's account, which has an authenticator app with SECRET."""
    account = await server.account()

    async def work(records: Records) -> None:
        app = AuthenticatorApp(account.id, SECRET, account.created_at, last_step=0)
        await records.second_factors.apps.propose(app)
        await records.second_factors.apps.confirm(account.id, 0)

    await server.app[STORE].write(work)
    return account


async def give_password(person: Person) -> Answer:
    assert (await sign_in(person, "/signin/oidc?next=/history")).location == "/signin/oidc/link"
    return await person.post("/signin/oidc/link", {"password": PASSWORD})


async def is_linked(server: Server, account: Account) -> bool:
    return bool(await server.app[STORE].read.identities.of_account(account.id))


async def test_linking_takes_the_second_step(
    server: Server, clock: MovableClock, person: Person
) -> None:
    account = await with_app(server)
    assert (await give_password(person)).location.startswith("/signin/code")
    assert not await is_signed_in(person)
    assert (await give_code(person, "000000")).status == 401
    assert not await is_linked(server, account)
    answer = await give_code(person, pyotp.TOTP(SECRET).at(clock.now()))
    assert answer.status == 303
    assert await is_signed_in(person) and await is_linked(server, account)
    await person.post("/signout")
    assert (await sign_in(person, "/signin/oidc?next=/history")).location == "/history"


async def test_a_passkey_is_the_second_step_of_linking_as_well(
    server: Server, person: Person
) -> None:
    account, passkey = await server.account(), SoftPasskey(origin_of(server.url))
    async with Person(server) as owner:
        await owner.sign_in()
        await add_passkey(owner, passkey)
    assert (await give_password(person)).location.startswith("/signin/code")
    assert (await use_passkey(person, passkey, second=True))[0] == 200
    assert await is_signed_in(person) and await is_linked(server, account)


async def test_nobody_is_linked_whose_account_changed_between_the_steps(
    server: Server, clock: MovableClock, person: Person
) -> None:
    account = await with_app(server)
    boss = await server.account("boss@example.org", "The Boss", "administrator")
    await give_password(person)
    async with Person(server) as administrator:
        await administrator.sign_in(boss.email)
        await administrator.post(f"/admin/people/{account.id}/suspend")
    assert (await give_code(person, pyotp.TOTP(SECRET).at(clock.now()))).status == 401
    assert not await is_linked(server, account)


async def test_where_the_provider_alone_signs_in_only_linking_has_a_second_step(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(ONLY="yes")
    async with serving(tmp_path, clock, **settings) as server, Person(server) as person:
        account = await with_app(server)
        code = pyotp.TOTP(SECRET).at(clock.now())
        assert (await give_code(person, code)).status == 403
        await give_password(person)
        for path in ("/signin/passkey/options", "/signin/passkey"):
            assert (await post_json(person, path, {"second": False}))[0] == 403
        assert (await give_code(person, code)).status == 303
        assert await is_signed_in(person) and await is_linked(server, account)
        assert (await give_code(person, code)).status == 403


async def test_the_owner_is_told_of_guesses_at_linking_as_well(
    server: Server, provider: LyingProvider
) -> None:
    await server.account()
    for number in range(10):
        async with Person(server, **{"X-Forwarded-For": f"192.0.2.{number}"}) as guesser:
            await sign_in(guesser)
            answer = await guesser.post("/signin/oidc/link", {"password": "a guess"})
            assert answer.status == 401
    [mail] = await outbox(server)
    assert "password" in mail.subject
