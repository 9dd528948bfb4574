"""Signing in by a provider that does what it should."""

from tests.people import Person
from tests.serving import Server, audit_lines
from tests.web.sign_in.oidc.lying_provider import LyingProvider
from tests.web.sign_in.oidc.visiting import is_signed_in, sign_in
from web.keys import STORE


async def test_who_comes_for_the_first_time_gets_an_account_and_comes_back_to_it(
    server: Server, provider: LyingProvider
) -> None:
    read = server.app[STORE].read
    async with Person(server) as person:
        page = await person.get("/signin")
        assert "Sign in with Example Clinic" in page.text
        assert 'name="password"' in page.text
        answer = await sign_in(person)
        assert answer.status == 303
        assert await is_signed_in(person)
    account = await read.accounts.by_email("NURSE@example.org")
    assert account is not None
    assert (account.name, account.role) == ("Nurse Joy", "scheduler")
    assert (account.language, account.time_zone) == ("fr", "Europe/Zurich")
    assert account.password_hash is None
    provider.claims["email"] = "joy@example.org"
    async with Person(server) as person:
        await sign_in(person)
        assert await is_signed_in(person)
    assert [each.id for each in await read.accounts.all()] == [account.id]
    actions = [line.action for line in await audit_lines(server.app[STORE])]
    assert actions == ["create_account", "sign_in", "sign_in"]


async def test_signing_out_leads_on_to_the_provider_by_a_page_of_this_server(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        page = await person.post("/signout")
        assert page.status == 200
        print(page.headers)
