"""A provider that lies, in each point: nobody is signed in, and everybody is told what they need."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from signaling.token import new_token
from tests.clock import MovableClock
from tests.people import Answer, Person
from tests.serving import Server, audit_lines, moment, serving
from tests.web.sign_in.oidc.lying_provider import (
    KEYS,
    LyingProvider,
    lying_provider,
    signed_by_public_key,
    unsigned,
)
from tests.web.sign_in.oidc.visiting import answered, is_signed_in, send, sign_in
from web.keys import PROVIDER, STORE

Lie = Callable[[LyingProvider], object]
Lied = tuple[Server, LyingProvider, MovableClock]
HOUR = 3600
CANNOT_BE_TRUSTED = "cannot be trusted"
UNREACHABLE = "cannot be reached right now"


def tampered(token: str) -> str:
    """Another signature of the same length."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{'A' * len(signature)}"


def now_of(provider: LyingProvider) -> int:
    return int(provider.clock.now().timestamp())


def broken_keys(provider: LyingProvider, status: int | None) -> None:
    """A new key, which cannot be read."""
    provider.rotate(KEYS[1], "not read yet")
    provider.broken["/keys"] = status


def with_userinfo(provider: LyingProvider, status: int | None) -> None:
    """An address of it, which is out of order."""
    provider.userinfo = {}
    provider.broken["/userinfo"] = status


LIES: dict[str, tuple[Lie, str, str]] = {
    "issuer": (
        lambda it: it.id_token.update(iss="https://other.example"),
        CANNOT_BE_TRUSTED,
        "claim iss",
    ),
    "audience": (lambda it: it.id_token.update(aud="another"), CANNOT_BE_TRUSTED, "claim aud"),
    "no audience": (lambda it: it.id_token.update(aud=None), CANNOT_BE_TRUSTED, "claim aud"),
    "several audiences": (
        lambda it: it.id_token.update(aud=["teleconnect", "another"]),
        CANNOT_BE_TRUSTED,
        "no azp",
    ),
    "another party": (
        lambda it: it.id_token.update(aud=["teleconnect", "another"], azp="another"),
        CANNOT_BE_TRUSTED,
        "azp is another client",
    ),
    "nonce": (lambda it: it.id_token.update(nonce="x" * 43), CANNOT_BE_TRUSTED, "claim nonce"),
    "no nonce": (lambda it: it.id_token.update(nonce=None), CANNOT_BE_TRUSTED, "claim nonce"),
    "no algorithm": (
        lambda it: setattr(it, "forge", unsigned), CANNOT_BE_TRUSTED, "algorithm is not taken",
    ),
    "public key as secret": (
        lambda it: setattr(it, "forge", signed_by_public_key),
        CANNOT_BE_TRUSTED,
        "algorithm is not taken",
    ),
    "signature": (
        lambda it: setattr(it, "forge", tampered), CANNOT_BE_TRUSTED, "signature is wrong",
    ),
    "no token": (
        lambda it: setattr(it, "forge", lambda _: "no.token"), CANNOT_BE_TRUSTED, "cannot be read",
    ),
    "expired": (
        lambda it: it.id_token.update(exp=now_of(it) - 61), CANNOT_BE_TRUSTED, "claim exp: expired",
    ),
    "never expires": (lambda it: it.id_token.update(exp=None), CANNOT_BE_TRUSTED, "claim exp"),
    "made tomorrow": (
        lambda it: it.id_token.update(iat=now_of(it) + 61), CANNOT_BE_TRUSTED, "claim iat",
    ),
    "valid tomorrow": (
        lambda it: it.id_token.update(nbf=now_of(it) + HOUR), CANNOT_BE_TRUSTED, "claim nbf",
    ),
    "no subject": (lambda it: it.id_token.update(sub=None), CANNOT_BE_TRUSTED, "claim sub"),
    "long subject": (lambda it: it.id_token.update(sub="x" * 256), CANNOT_BE_TRUSTED, "too long"),
    "another key": (
        lambda it: (
            it.rotate(KEYS[0], "third"),
            it.published.append(KEYS[1].as_dict(private=False) | {"kid": "second"}),
        ),
        CANNOT_BE_TRUSTED,
        "none of the provider's keys",
    ),
    "no keys": (
        lambda it: (
            it.rotate(KEYS[1], "fourth"),
            it.published.append({"kty": "unheard of"}),
        ),
        CANNOT_BE_TRUSTED,
        "none of the provider's keys",
    ),
    "mixed-up answer": (
        lambda it: it.answer.update(iss="https://other.example"),
        CANNOT_BE_TRUSTED,
        "from another provider",
    ),
    "nameless answer": (
        lambda it: it.answer.update(iss=None), CANNOT_BE_TRUSTED, "does not say which provider",
    ),
    "no code": (lambda it: it.answer.update(code=None), CANNOT_BE_TRUSTED, "neither a code"),
    "another's code": (
        lambda it: it.answer.update(code=new_token()), CANNOT_BE_TRUSTED, "invalid_grant",
    ),
    "state": (lambda it: it.answer.update(state="x" * 43), "not begun in this browser", "asked"),
    "declined": (
        lambda it: it.answer.update(code=None, error="access_denied"),
        "did not sign you in",
        "access_denied",
    ),
    "made-up error": (
        lambda it: it.answer.update(code=None, error="<b>Nurse Joy</b>"),
        "did not sign you in",
        "another one",
    ),
    "busy": (
        lambda it: it.answer.update(code=None, error="temporarily_unavailable"),
        UNREACHABLE,
        "temporarily_unavailable",
    ),
    "unverified address": (
        lambda it: it.claims.update(email_verified=False),
        "has not verified your email",
        "email_verified",
    ),
    "nothing about verification": (
        lambda it: it.claims.pop("email_verified"),
        "has not verified your email",
        "email_verified",
    ),
    "no address": (
        lambda it: it.claims.pop("email"), "did not say what your email address is", "claim email",
    ),
    "no address at all": (
        lambda it: it.claims.update(email="nurse"),
        "did not say what your email address is",
        "claim email",
    ),
    "another's userinfo": (
        lambda it: (it.claims.pop("name"), setattr(it, "userinfo", {"sub": "somebody else"})),
        CANNOT_BE_TRUSTED,
        "another subject",
    ),
    "userinfo fails": (
        lambda it: (it.claims.pop("name"), with_userinfo(it, 500)), UNREACHABLE, "status 500",
    ),
    "userinfo hangs": (
        lambda it: (it.claims.pop("name"), with_userinfo(it, None)), UNREACHABLE, "in time",
    ),
    "tokens lead elsewhere": (
        lambda it: it.broken.update({"/token": 302}), UNREACHABLE, "status 302",
    ),
    "tokens fail": (lambda it: it.broken.update({"/token": 500}), UNREACHABLE, "status 500"),
    "keys fail": (lambda it: broken_keys(it, 500), UNREACHABLE, "status 500"),
    "keys are no JSON": (lambda it: broken_keys(it, 200), UNREACHABLE, "no JSON"),
    "tokens hang": (lambda it: it.broken.update({"/token": None}), UNREACHABLE, "in time"),
    "keys hang": (lambda it: broken_keys(it, None), UNREACHABLE, "in time"),
}  # fmt: skip
"What is wrong -> the lie, words of the page, words of the log."


@pytest.fixture(scope="module")
async def lied_to(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lied]:
    """One server for all lies, an hour apart, so that nothing read earlier is used again."""
    clock = MovableClock(moment("2026-12-07 14:30"))
    async with (
        lying_provider(clock) as provider,
        serving(tmp_path_factory.mktemp("data"), clock, **provider.settings()) as server,
    ):
        yield server, provider, clock


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_signs_nobody_in(
    lied_to: Lied, lie: str, caplog: pytest.LogCaptureFixture
) -> None:
    server, provider, clock = lied_to
    clock.move(timedelta(minutes=61))
    provider.become_honest()
    tell, said, logged = LIES[lie]
    tell(provider)
    server.app[PROVIDER].exchange.patience = timedelta(seconds=0.2 if "hang" in lie else 8)
    async with Person(server) as person:
        answer = await sign_in(person)
        await check_refused(server, person, answer, said, logged, caplog)


async def check_refused(
    server: Server,
    person: Person,
    answer: Answer,
    said: str,
    logged: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A page that says what to do, a line in each log without personal data, and nobody signed in."""
    assert answer.status in (403, 503)
    assert said in answer.text
    assert "Sign in with Example Clinic" in answer.text
    assert "<b>" not in answer.text
    assert not await is_signed_in(person)
    store = server.app[STORE]
    assert await store.read.accounts.all() == []
    assert {line.action for line in await audit_lines(store)} == {"sign_in_failed"}
    assert (await store.read.audit.check()).holds
    lines = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert logged in lines[0]
    assert not any(word in lines[0] for word in ("nurse", "Nurse", "example.org"))


@pytest.mark.parametrize(
    ("document", "logged"),
    [
        ({"issuer": "https://other.example"}, "another issuer"),
        ({"issuer": None}, "another issuer"),
        ({"token_endpoint": "http://other.example/token"}, "token_endpoint"),
        ({"jwks_uri": 5}, "jwks_uri"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
    ],
)
async def test_a_provider_that_describes_itself_wrongly_is_not_asked(
    server: Server,
    provider: LyingProvider,
    document: dict[str, object],
    logged: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.document = document
    async with Person(server) as person:
        answer = await person.get("/signin/oidc")
        await check_refused(server, person, answer, UNREACHABLE, logged, caplog)
    provider.document = {}
    async with Person(server) as person:
        await sign_in(person)
        assert await is_signed_in(person)


@pytest.mark.parametrize("status", [500, None, 302])
async def test_a_provider_out_of_order_is_asked_again_later(
    server: Server, provider: LyingProvider, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    where = "/.well-known/openid-configuration"
    provider.broken[where] = status
    server.app[PROVIDER].exchange.patience = timedelta(seconds=0.2 if status is None else 8)
    async with Person(server) as person:
        answer = await person.get("/signin/oidc")
        await check_refused(server, person, answer, UNREACHABLE, "document", caplog)
        del provider.broken[where]
        server.app[PROVIDER].exchange.patience = timedelta(seconds=8)
        await sign_in(person)
        assert await is_signed_in(person)


async def test_a_code_and_an_answer_count_once(server: Server, provider: LyingProvider) -> None:
    provider.claims["locale"] = "en"
    async with Person(server) as person:
        answer = await answered(await send(person))
        assert (await person.get(answer)).status == 303
        again = await person.get(answer)
        assert again.status == 403
        assert "not begun in this browser" in again.text
        assert await is_signed_in(person), "the first answer still counts"
    assert len(provider.token_requests) == 1


async def test_an_answer_helps_nobody_else(server: Server, provider: LyingProvider) -> None:
    async with Person(server) as person, Person(server) as thief:
        answer = await answered(await send(person))
        await send(thief)
        assert (await thief.get(answer)).status == 403
        assert not await is_signed_in(thief)
    assert provider.token_requests == []


async def test_an_answer_that_says_something_twice_is_refused(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        answer = await answered(await send(person))
        assert (await person.get(f"{answer}&code=other")).status == 403
        assert not await is_signed_in(person)


async def test_an_answer_that_takes_more_than_an_hour_is_too_late(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    async with Person(server) as person:
        answer = await answered(await send(person))
        clock.move(timedelta(hours=1, seconds=1))
        assert (await person.get(answer)).status == 403
        assert not await is_signed_in(person)


async def test_keys_that_change_during_a_sign_in_are_read_again_at_most_once_a_minute(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        clock.move(timedelta(minutes=2))
    async with Person(server) as person:
        answer = await answered(await send(person))
        provider.rotate()
        assert (await person.get(answer)).status == 303
        assert await is_signed_in(person)
    read = provider.asked.count("/keys")
    provider.rotate(KEYS[0], "third")
    for _ in range(3):
        async with Person(server) as person:
            assert (await sign_in(person)).status == 403
    assert provider.asked.count("/keys") == read
    clock.move(timedelta(minutes=1))
    async with Person(server) as person:
        assert (await sign_in(person)).status == 303


async def test_a_key_that_is_replaced_under_its_name_is_read_again(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    async with Person(server) as person:
        await sign_in(person)
    clock.move(timedelta(minutes=2))
    provider.rotate(KEYS[1], provider.kid)
    async with Person(server) as person:
        assert (await sign_in(person)).status == 303


async def test_clocks_may_differ_by_a_minute(server: Server, provider: LyingProvider) -> None:
    now = now_of(provider)
    for claims in ({"exp": now - 59}, {"iat": now + 59}):
        provider.id_token = claims
        async with Person(server) as person:
            assert (await sign_in(person)).status == 303
