"""Signing in by a provider that does what it should."""

import asyncio
import base64
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from joserfc.jwk import ECKey, Key, OKPKey
from yarl import URL

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import PASSWORD, Server, audit_lines, serving
from tests.web.sign_in.oidc.lying_provider import KEYS, TOKENS, LyingProvider
from tests.web.sign_in.oidc.visiting import answered, is_signed_in, send, sign_in
from web.keys import STORE


async def test_who_comes_for_the_first_time_gets_an_account_and_comes_back_to_it(
    server: Server, provider: LyingProvider
) -> None:
    read = server.app[STORE].read
    async with Person(server) as person:
        page = await person.get("/signin")
        assert "Sign in with Example Clinic" in page.text
        assert 'name="password"' in page.text
        await sign_in(person)
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


async def test_the_provider_is_asked_as_the_standards_say(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        asked = await send(person)
        await person.get(await answered(asked))
    assert asked.query["response_type"] == "code"
    assert asked.query["scope"] == "openid profile email"
    assert asked.query["redirect_uri"] == f"{server.url}/signin/oidc/callback"
    assert asked.query["code_challenge_method"] == "S256"
    token = provider.token_requests[0]
    digest = sha256(token["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert asked.query["code_challenge"] == challenge
    basic = base64.b64encode(b"teleconnect:a+secret%3A+with+%2B").decode()
    assert token["authorization"] == f"Basic {basic}"
    assert "client_secret" not in token


@pytest.mark.parametrize(
    ("secret", "ways", "authorization", "sent"),
    [
        ("", ["none"], False, None),
        ("s", ["client_secret_post"], False, "s"),
        ("s", None, True, None),
    ],
)
async def test_a_secret_goes_the_way_that_the_provider_takes(
    tmp_path: Path,
    clock: MovableClock,
    provider: LyingProvider,
    secret: str,
    ways: list[str] | None,
    authorization: bool,
    sent: str | None,
) -> None:
    provider.document = {"token_endpoint_auth_methods_supported": ways}
    async with (
        serving(tmp_path, clock, **provider.settings(CLIENT_SECRET=secret)) as server,
        Person(server) as person,
    ):
        await sign_in(person)
        assert await is_signed_in(person)
    assert (provider.token_requests[0]["authorization"] is not None) == authorization
    assert provider.token_requests[0].get("client_secret") == sent


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS512", KEYS[0]),
        ("PS256", KEYS[0]),
        ("ES256", ECKey.generate_key("P-256")),
        ("ES384", ECKey.generate_key("P-384")),
        ("ES512", ECKey.generate_key("P-521")),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
        ("Ed25519", OKPKey.generate_key("Ed25519")),
    ],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # and still in use
async def test_a_provider_may_sign_by_any_algorithm_that_it_alone_can_use(
    server: Server, provider: LyingProvider, algorithm: str, key: Key
) -> None:
    provider.algorithm, provider.key = algorithm, key
    async with Person(server) as person:
        await sign_in(person)
        assert await is_signed_in(person)


def everything_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


@pytest.mark.sqlite
async def test_no_token_is_kept_but_the_one_that_tells_who_signs_out(
    server: Server, provider: LyingProvider, tmp_path: Path
) -> None:
    provider.userinfo = {"sub": "nurse-1", "name": "Nurse Joy"}
    del provider.claims["name"]
    async with Person(server) as person:
        await sign_in(person)
        assert await is_signed_in(person)
        assert "/userinfo" in provider.asked
        rows = await server.app[STORE]._database.read.rows("SELECT data FROM web_session")
        assert any("id_token" in row["data"] for row in rows)
        kept = await asyncio.to_thread(everything_in, tmp_path)
    assert b'"id_token"' in kept
    assert not [name for name, token in TOKENS.items() if token.encode() in kept]


async def test_userinfo_tells_what_the_id_token_does_not(
    server: Server, provider: LyingProvider
) -> None:
    provider.userinfo = provider.claims
    provider.claims = {"sub": "nurse-1"}
    async with Person(server) as person:
        await sign_in(person)
        assert await is_signed_in(person)
    assert await server.app[STORE].read.accounts.by_email("nurse@example.org") is not None


async def test_the_address_that_counts_is_the_one_said_to_be_verified(
    server: Server, provider: LyingProvider
) -> None:
    provider.userinfo = provider.claims | {"email": "joy@example.org"}
    provider.claims = {"sub": "nurse-1", "email": "boss@example.org"}
    async with Person(server) as person:
        await sign_in(person)
    accounts = await server.app[STORE].read.accounts.all()
    assert [each.email for each in accounts] == ["joy@example.org"]


async def test_somebody_without_a_name_is_called_by_their_address(
    server: Server, provider: LyingProvider
) -> None:
    provider.claims |= {"name": "\u202eyoJ", "locale": "xx", "zoneinfo": "Mars/Olympus"}
    async with Person(server, **{"Accept-Language": "es"}) as person:
        await sign_in(person)
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    assert (account.name, account.language, account.time_zone) == ("nurse", "es", "UTC")


async def test_several_tabs_sign_in_at_once_and_each_goes_on_where_it_was(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        first = await send(person, "/signin/oidc?next=/history")
        second = await send(person, "/signin/oidc?next=/opened%3Fpage%3D2")
        third = await send(person, "/signin/oidc?next=//elsewhere.example/")
        answers = [await person.get(await answered(each)) for each in (second, first, third)]
        assert [each.status for each in answers] == [303, 303, 303]
        # a browser's first sign-in goes by the page that says whether it keeps cookies
        assert URL(answers[0].location).query["next"] == "/opened?page=2"
        assert [each.location for each in answers[1:]] == ["/history", "/"]
        assert await is_signed_in(person)


async def test_no_more_than_ten_sign_ins_of_one_browser_are_waited_for(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    async with Person(server) as person:
        sent = [await send(person) for _ in range(11)]
        assert (await person.get(await answered(sent[1]))).status == 303
        assert (await person.get(await answered(sent[0]))).status == 403


async def test_a_suspended_account_is_refused(server: Server, provider: LyingProvider) -> None:
    store = server.app[STORE]
    async with Person(server) as person:
        await sign_in(person)
        account = (await store.read.accounts.all())[0]
        async with Person(server) as boss:
            await server.account("boss@example.org", role="administrator")
            await boss.sign_in("boss@example.org")
            await boss.post(f"/admin/people/{account.id}/suspend")
        assert not await is_signed_in(person)
        answer = await sign_in(person)
        assert answer.status == 403
        assert "is suspended" in answer.text


async def test_a_provider_that_is_down_keeps_no_server_from_starting(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings() | {"TELECONNECT_OIDC_ISSUER": "http://127.0.0.1:9"}
    async with serving(tmp_path, clock, **settings) as server, Person(server) as person:
        await server.account()
        answer = await person.get("/signin/oidc")
        assert answer.status == 503
        assert "cannot be reached right now" in answer.text
        await person.sign_in()
        assert await is_signed_in(person)


# --- linking


async def test_an_account_with_the_address_is_linked_after_its_password(
    server: Server, provider: LyingProvider
) -> None:
    store = server.app[STORE]
    account = await server.account("Nurse@Example.org")
    async with Person(server) as person:
        answer = await sign_in(person, "/signin/oidc?next=/history")
        assert answer.location == "/signin/oidc/link"
        page = await person.get(answer.location)
        assert "Nurse@example.org" in page.text
        wrong = await person.post("/signin/oidc/link", {"password": "not it, surely"})
        assert wrong.status == 401
        assert not await is_signed_in(person)
        linked = await person.post("/signin/oidc/link", {"password": PASSWORD})
        assert linked.status == 303
        assert await is_signed_in(person)
        assert (await person.get("/signin/oidc/link")).status == 403
    async with Person(server) as person:
        assert (await sign_in(person)).location != "/signin/oidc/link"
        assert await is_signed_in(person)
    assert [each.id for each in await store.read.accounts.all()] == [account.id]
    actions = [line.action for line in await audit_lines(store)]
    assert actions == ["sign_in_failed", "link_identity", "sign_in", "sign_in_failed", "sign_in"]


async def test_linking_renews_a_hash_that_was_cheaper_to_guess(
    server: Server, provider: LyingProvider
) -> None:
    store = server.app[STORE]
    account = await server.account()
    cheap = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    old = replace(account, password_hash=cheap)
    await store.write(lambda records: records.accounts.change(old))
    async with Person(server) as person:
        await sign_in(person)
        await person.post("/signin/oidc/link", {"password": "not it, surely"})
        assert await store.read.accounts.get(account.id) == old
        assert (await person.post("/signin/oidc/link", {"password": PASSWORD})).status == 303
        assert await is_signed_in(person)
    stored = await store.read.accounts.get(account.id)
    assert stored is not None and "m=8,t=1,p=1" in (stored.password_hash or "")


async def test_nobody_links_an_account_by_guessing(server: Server, provider: LyingProvider) -> None:
    await server.account()
    async with Person(server) as person:
        await sign_in(person)
        statuses = [
            (await person.post("/signin/oidc/link", {"password": f"guess {number}"})).status
            for number in range(20)
        ]
        assert 429 in statuses
        assert not await is_signed_in(person)


async def test_linking_needs_the_provider_first(server: Server, provider: LyingProvider) -> None:
    await server.account()
    async with Person(server) as person:
        assert (await person.get("/signin/oidc/link")).status == 403
        assert (await person.post("/signin/oidc/link", {"password": PASSWORD})).status == 403
        assert not await is_signed_in(person)


async def test_an_address_that_was_given_to_a_successor_opens_no_account(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        await sign_in(person)
    provider.claims["sub"] = "nurse-2"
    async with Person(server) as person:
        answer = await sign_in(person)
        assert answer.status == 403
        assert "Another account here has your email address" in answer.text
        assert not await is_signed_in(person)


async def test_health_says_whether_the_provider_answers(
    server: Server, provider: LyingProvider
) -> None:
    await server.account("boss@example.org", role="administrator")
    async with Person(server) as boss:
        await boss.sign_in("boss@example.org")
        await boss.get("/admin/health")
        assert "/.well-known/openid-configuration" in provider.asked
        provider.broken["/.well-known/openid-configuration"] = 500
        page = await boss.get("/admin/health")
        assert "the answer has status 500" in page.text
