"""Whom the provider's people become here: who may come in, who is an administrator, who has to ask."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from signaling.identifier import new_id
from tests.clock import MovableClock
from tests.people import Person, outbox
from tests.serving import audit_lines, serving
from tests.web.sign_in.oidc.lying_provider import LyingProvider
from tests.web.sign_in.oidc.visiting import is_signed_in, sign_in
from web.keys import STORE, WEB_SESSIONS

CHIEF = {"realm_access": {"roles": ["staff", "chief"]}}


async def test_roles_follow_the_provider_but_for_the_last_administrator(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(ADMINISTRATORS="realm_access.roles=chief")
    async with serving(tmp_path, clock, **settings) as server:
        read = server.app[STORE].read

        async def role_after(**claims: object) -> str:
            provider.claims |= claims
            async with Person(server) as person:
                await sign_in(person)
                assert await is_signed_in(person)
            account = await read.accounts.by_email("nurse@example.org")
            assert account is not None
            return account.role

        assert await role_after() == "scheduler"
        assert await role_after(**CHIEF) == "administrator"
        assert await role_after(realm_access={}) == "administrator", "nobody else is one"
        await server.account("boss@example.org", role="administrator")
        assert await role_after(realm_access={}) == "scheduler"
        actions = [line.action for line in await audit_lines(server.app[STORE])]
        assert actions.count("change_role") == 2


async def test_who_is_not_allowed_in_stays_out_and_so_does_who_no_longer_is(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(ALLOW="clinic.example, groups=telehealth")
    async with serving(tmp_path, clock, **settings) as server, Person(server) as person:
        assert (await sign_in(person)).status == 403
        assert await server.app[STORE].read.accounts.all() == []
        provider.claims["groups"] = ["telehealth", "staff"]
        assert (await sign_in(person)).status == 303
        await person.post("/signout")
        del provider.claims["groups"]
        refused = await sign_in(person)
        assert refused.status == 403
        assert "is not allowed to use this service" in refused.text
        provider.claims |= {"email": "nurse@CLINIC.example", "sub": "nurse-3"}
        assert (await sign_in(person)).status == 303


async def test_who_has_to_ask_waits_until_an_administrator_accepts(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    provider.claims["locale"] = "en"
    settings = provider.settings(NEW_ACCOUNTS="request")
    async with (
        serving(tmp_path, clock, **settings) as server,
        Person(server) as person,
        Person(server) as boss,
    ):
        store = server.app[STORE]
        await server.account("boss@example.org", role="administrator")
        await boss.sign_in("boss@example.org")
        assert "Nobody is waiting." in (await boss.get("/admin/access-requests")).text
        for _ in range(2):
            page = await sign_in(person)
            assert page.status == 200
            assert "Your request was passed on" in page.text
            assert not await is_signed_in(person)
        waiting = await boss.get("/admin/access-requests")
        assert waiting.text.count("nurse@example.org") == 1
        assert "Nothing was found." in (await boss.get("/admin/access-requests?search=zzz")).text
        assert "Nurse Joy" in (await boss.get("/admin/access-requests?search=nURSE")).text
        request = (await store.read.access_requests.all())[0]
        accepted = await boss.post(f"/admin/access-requests/{request.id}/accept")
        assert accepted.status == 303
        again = await boss.post(f"/admin/access-requests/{request.id}/accept")
        assert again.status == 404
        await sign_in(person)
        assert await is_signed_in(person)
        sent = {(each.to, each.subject) for each in await outbox(server)}
        assert sent == {
            ("boss@example.org", "Somebody asks for access"),
            ("nurse@example.org", "You can sign in now"),
        }
        actions = [line.action for line in await audit_lines(store)]
        assert actions == ["sign_in", "ask_access", "accept_access", "sign_in"]


async def test_requests_are_searched_as_people_are_and_fill_numbered_pages(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(NEW_ACCOUNTS="request")
    async with serving(tmp_path, clock, **settings) as server, Person(server) as boss:
        await server.account("boss@example.org", role="administrator")
        await boss.sign_in("boss@example.org")
        provider.claims |= {"sub": "s0", "name": "Élodie 00", "email": "e0@example.org"}
        async with Person(server) as person:
            assert (await sign_in(person)).status == 200
        store = server.app[STORE]
        [asked] = await store.read.access_requests.all()
        for number in range(1, 51):
            another = replace(
                asked,
                id=new_id(),
                identity=replace(asked.identity, subject=f"s{number}"),
                name=f"Élodie {number:02}",
                created_at=asked.created_at + number * timedelta(minutes=5),
            )
            await store.write(lambda records, it=another: records.access_requests.put(it))
        first = (await boss.get("/admin/access-requests?search=%C3%89LODIE")).text
        assert "Élodie 00" in first and "Élodie 50" not in first
        assert "Page 1 of 2" in first
        last = (await boss.get("/admin/access-requests?search=elodie&page=2")).text
        assert "Élodie 50" in last and "Élodie 00" not in last


async def test_a_refused_request_is_gone_and_may_be_made_again(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(NEW_ACCOUNTS="request")
    async with (
        serving(tmp_path, clock, **settings) as server,
        Person(server) as person,
        Person(server) as boss,
    ):
        store = server.app[STORE]
        await server.account("boss@example.org", role="administrator")
        await boss.sign_in("boss@example.org")
        await sign_in(person)
        request = (await store.read.access_requests.all())[0]
        assert (await person.post(f"/admin/access-requests/{request.id}/refuse")).status == 401
        await boss.post(f"/admin/access-requests/{request.id}/refuse")
        assert await store.read.access_requests.all() == []
        assert (await sign_in(person)).status == 200
        assert len(await store.read.access_requests.all()) == 1


async def test_a_request_that_nobody_answers_is_forgotten(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(NEW_ACCOUNTS="request")
    async with serving(tmp_path, clock, **settings) as server, Person(server) as person:
        await sign_in(person)
        for days, left in ((89, 1), (2, 0)):
            clock.move(timedelta(days=days))
            await server.app[WEB_SESSIONS].forget_expired(set())
            assert len(await server.app[STORE].read.access_requests.all()) == left


async def test_a_request_whose_address_was_taken_meanwhile_is_not_accepted(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    settings = provider.settings(NEW_ACCOUNTS="request")
    async with (
        serving(tmp_path, clock, **settings) as server,
        Person(server) as person,
        Person(server) as boss,
    ):
        await server.account("boss@example.org", role="administrator")
        await boss.sign_in("boss@example.org")
        await sign_in(person)
        await server.account("NURSE@example.org")
        request = (await server.app[STORE].read.access_requests.all())[0]
        answer = await boss.post(f"/admin/access-requests/{request.id}/accept")
        assert answer.status == 409
        assert "There is an account with this email already." in answer.text
