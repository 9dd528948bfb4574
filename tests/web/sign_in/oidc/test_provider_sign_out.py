"""Signing out at the provider from here, and here from the provider."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from yarl import URL

from signaling.token import new_token
from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, audit_lines, moment, serving
from tests.web.sign_in.oidc.lying_provider import LyingProvider, lying_provider, unsigned
from tests.web.sign_in.oidc.visiting import is_signed_in, sign_in
from web.keys import PROVIDER, STORE

Lie = Callable[[LyingProvider], str]
Lied = tuple[LyingProvider, Person]


async def test_signing_out_leads_on_to_the_provider_by_a_page_of_this_server(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        page = await person.post("/signout")
        assert page.status == 200
        assert "Sign out of Example Clinic, too" in page.text
        assert "form-action 'self';" in page.headers["Content-Security-Policy"]
        leads_on = URL(page.headers["Refresh"].removeprefix("0; url="))
        assert str(leads_on.with_query(None)) == f"{provider.url}/end"
        query = leads_on.query
        assert query["client_id"] == "teleconnect"
        assert query["post_logout_redirect_uri"] == f"{server.url}/signin/oidc/signed-out"
        assert query["id_token_hint"].count(".") == 2
        assert not await is_signed_in(person)
        assert "Sign in with Example Clinic" in (await person.get("/signin/oidc/signed-out")).text


async def test_where_the_provider_knows_no_sign_out_it_ends_here(
    server: Server, provider: LyingProvider
) -> None:
    provider.document = {"end_session_endpoint": None}
    async with Person(server) as person:
        await sign_in(person)
        assert (await person.post("/signout")).location == "/signin"
        assert not await is_signed_in(person)


async def test_who_signed_in_with_a_password_does_not_sign_out_at_the_provider(
    server: Server, provider: LyingProvider
) -> None:
    await server.account()
    async with Person(server) as person:
        await person.sign_in()
        assert (await person.post("/signout")).location == "/signin"
    assert provider.asked == []


async def test_the_provider_ends_its_session_here_with_everything_that_is_open(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as desk, Person(server) as phone, Person(server) as backend:
        await sign_in(desk)
        provider.sid = "session-2"
        await sign_in(phone)
        wire = await desk.connect()
        await wire.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="a-page-of-desk")
        await wire.frame()
        token = provider.logout_token(sid="session-1", sub=None)
        answer = await backend.post("/signin/oidc/logout", {"logout_token": token})
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert await wire.end() == 4401
        assert not await is_signed_in(desk)
        assert await is_signed_in(phone)
        everywhere = provider.logout_token(sid=None)
        await backend.post("/signin/oidc/logout", {"logout_token": everywhere})
        assert not await is_signed_in(phone)
    lines = await audit_lines(server.app[STORE])
    assert [line.action for line in lines][-2:] == ["provider_sign_out"] * 2
    assert {line.actor for line in lines[-2:]} == {"server"}


async def test_a_sign_in_whose_session_the_provider_never_named_ends_with_its_subject(
    server: Server, provider: LyingProvider
) -> None:
    provider.sid = None
    async with Person(server) as person, Person(server) as backend:
        await sign_in(person)
        other = provider.logout_token(sid="session-9", sub="somebody else")
        await backend.post("/signin/oidc/logout", {"logout_token": other})
        assert await is_signed_in(person)
        token = provider.logout_token(sid="session-9")
        await backend.post("/signin/oidc/logout", {"logout_token": token})
        assert not await is_signed_in(person)


LIES: dict[str, Lie] = {
    "nothing": lambda it: "",
    "no token": lambda it: "no.token",
    "unsigned": lambda it: unsigned(it.logout_token()),
    "issuer": lambda it: it.logout_token(iss="https://other.example"),
    "audience": lambda it: it.logout_token(aud="another"),
    "expired": lambda it: it.logout_token(exp=int(it.clock.now().timestamp()) - 61),
    "never expires": lambda it: it.logout_token(exp=None),
    "made tomorrow": lambda it: it.logout_token(iat=int(it.clock.now().timestamp()) + 61),
    "no id": lambda it: it.logout_token(jti=None),
    "no event": lambda it: it.logout_token(events=None),
    "another event": lambda it: it.logout_token(events={"https://other.example": {}}),
    "a list of events": lambda it: it.logout_token(events=["backchannel-logout"]),
    "an ID token": lambda it: it.logout_token(nonce="n"),
    "nobody": lambda it: it.logout_token(sub=None, sid=None),
    "a number": lambda it: it.logout_token(sid=5),
}


@pytest.fixture(scope="module")
async def lied_to(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lied]:
    """One server for all lies, and somebody who is signed in to it."""
    clock = MovableClock(moment("2026-12-07 14:30"))
    async with (
        lying_provider(clock) as provider,
        serving(tmp_path_factory.mktemp("data"), clock, **provider.settings()) as server,
        Person(server) as person,
    ):
        await sign_in(person)
        yield provider, person


@pytest.mark.parametrize("lie", LIES)
async def test_a_lying_logout_token_signs_nobody_out(lied_to: Lied, lie: str) -> None:
    provider, person = lied_to
    answer = await person.post("/signin/oidc/logout", {"logout_token": LIES[lie](provider)})
    assert answer.status == 400
    assert '"error": "invalid_request"' in answer.text
    assert await is_signed_in(person)


async def test_a_logout_token_counts_once(server: Server, provider: LyingProvider) -> None:
    token: dict[str, Any] = {"logout_token": provider.logout_token(jti=new_token())}
    async with Person(server) as person, Person(server) as backend:
        assert (await backend.post("/signin/oidc/logout", token)).status == 200
        await sign_in(person)
        assert (await backend.post("/signin/oidc/logout", token)).status == 400
        assert await is_signed_in(person)


async def test_a_logout_token_is_asked_for_again_while_its_keys_cannot_be_read(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    async with Person(server) as person, Person(server) as backend:
        await sign_in(person)
        clock.move(timedelta(minutes=2))
        provider.rotate()
        provider.broken["/keys"] = 500
        token = {"logout_token": provider.logout_token()}
        assert (await backend.post("/signin/oidc/logout", token)).status == 503
        assert await is_signed_in(person)
        provider.broken.clear()
        assert (await backend.post("/signin/oidc/logout", token)).status == 200
        assert not await is_signed_in(person)


async def test_who_signs_out_while_the_provider_is_down_is_signed_out_here(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        server.app[PROVIDER]._metadata = None  # as after a restart
        provider.broken["/.well-known/openid-configuration"] = 500
        assert (await person.post("/signout")).location == "/signin"
        assert not await is_signed_in(person)
