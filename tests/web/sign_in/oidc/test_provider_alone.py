"""Where accounts sign in by the provider alone."""

from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import PASSWORD, Server, audit_lines, serving
from tests.web.sign_in.oidc.lying_provider import LyingProvider
from tests.web.sign_in.oidc.visiting import is_signed_in, sign_in
from web.keys import SETUP_TOKEN, STORE


@pytest.fixture
def settings() -> dict[str, str]:
    return {"ONLY": "yes"}


async def test_the_sign_in_page_leads_straight_on_and_back_to_the_page_that_was_asked_for(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        first = await person.get("/history")
        assert first.location.startswith("/signin?next=")
        second = await person.get(first.location)
        assert second.location == "/signin/oidc?next=/history"
        await sign_in(person, second.location)
        assert await is_signed_in(person)


async def test_nothing_leads_straight_on_after_an_end_or_an_error(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        page = await person.post("/signout")
        assert "Refresh" in page.headers, "to the provider, to sign out there"
        back = await person.get("/signin/oidc/signed-out")
        assert back.status == 200
        assert "Sign in with Example Clinic" in back.text
        provider.claims["email_verified"] = False
        refused = await sign_in(person)
        assert refused.status == 403
        assert "Other ways to sign in" not in refused.text


async def test_without_a_sign_out_at_the_provider_one_is_not_signed_in_again_at_once(
    server: Server, provider: LyingProvider
) -> None:
    provider.document = {"end_session_endpoint": None}
    async with Person(server) as person:
        await sign_in(person)
        assert (await person.post("/signout")).location == "/signin/oidc/signed-out"


async def test_a_browser_that_keeps_no_cookies_is_told_so(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        page = await person.get("/signin?kept=%3F")
        assert page.status == 400
        assert "keeps no cookies" in page.text
        assert 'name="password"' not in page.text


async def test_no_other_way_signs_in(server: Server, provider: LyingProvider) -> None:
    account = await server.account(role="administrator")
    async with Person(server) as person:
        answers = [
            await person.sign_in(),
            await person.get("/signin/forgotten"),
            await person.get("/password/some-token"),
            await person.post("/password/some-token", {"password": "a new and long one"}),
        ]
        await sign_in(person)
        assert "password link" not in (await person.get("/signin/oidc/link")).text
        await person.post("/signin/oidc/link", {"password": PASSWORD})
        assert await is_signed_in(person)
        profile = (await person.get("/profile")).text
        assert "Add a passkey" not in profile and "Change password" not in profile
        answers.append(await person.post("/profile/password", {"present": PASSWORD}))
        other = await server.account("other@example.org")
        answers.append(await person.post(f"/admin/people/{other.id}/password-link"))
        answers.append(await person.get("/admin/people/invite"))
        invitation = {"name": "Ann", "email": "ann@example.org", "role": "scheduler"}
        answers.append(await person.post("/admin/people/invite", invitation))
        shown = (await person.get("/admin/people")).text
        shown += (await person.get(f"/admin/people/{other.id}")).text
    assert "Suspend" in shown
    assert not {each for each in ("Invite somebody", "password link") if each in shown}
    assert [each.status for each in answers] == [403] * 8
    assert all("sign in with Example Clinic alone" in each.text for each in answers)
    stored = await server.app[STORE].read.accounts.get(account.id)
    assert stored is not None and stored.password_hash is not None


async def test_the_first_administrator_is_still_set_up_by_the_address_of_the_start(
    server: Server, provider: LyingProvider
) -> None:
    async with Person(server) as person:
        address = f"/setup/{server.app[SETUP_TOKEN].make()}"
        form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
        assert (await person.post(address, form)).status == 303
        assert await is_signed_in(person)


async def test_whoever_was_signed_in_otherwise_is_signed_out_once_it_is_the_only_way(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider
) -> None:
    async with (
        serving(tmp_path, clock, **provider.settings()) as server,
        Person(server) as boss,
        Person(server) as nurse,
        Person(server) as guest,
    ):
        account = await server.account("boss@example.org", role="administrator")
        await boss.sign_in(account.email)
        await sign_in(nurse)
        seat = await guest.join(await boss.invite())
        assert await is_signed_in(boss) and await is_signed_in(nurse)
        cookies = [each.cookie for each in (boss, nurse, guest)]
    async with (
        serving(tmp_path, clock, **provider.settings(ONLY="yes")) as server,
        Person(server) as boss,
        Person(server) as nurse,
        Person(server) as guest,
    ):
        for person, cookie in zip((boss, nurse, guest), cookies, strict=True):
            person.plant(cookie)
        assert not await is_signed_in(boss)
        assert await is_signed_in(nurse)
        assert (await guest.get(f"/seat/{seat}")).status == 200
        last = (await audit_lines(server.app[STORE]))[-1]
    assert (last.actor, last.action, last.thing) == ("server", "sign_out", account.id)
