"""Showing once more who it is, for somebody who came by the provider, and reads French."""

from datetime import timedelta

import pytest

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server
from tests.web.sign_in.oidc.lying_provider import LyingProvider
from tests.web.sign_in.oidc.visiting import answered, send, sign_in

APP = "/profile/factors/app"
AGAIN = f"/signin/oidc?next={APP}&again="


async def test_a_provider_that_asked_nothing_proves_nothing(server: Server) -> None:
    async with Person(server) as person:
        await sign_in(person)
        to_proof = await person.get(APP)
        assert to_proof.location.startswith("/profile/factors/proof")
        page = (await person.get(to_proof.location)).text
        assert "Se connecter à nouveau avec Example Clinic" in page
        assert (
            AGAIN.replace("/profile/factors/app", "%2Fprofile%2Ffactors%2Fapp").replace(
                "&", "&amp;"
            )
            in page
        )


async def test_the_provider_is_asked_to_ask_and_its_answer_counts_for_ten_minutes(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        asked = await send(person, AGAIN)
        assert (asked.query["prompt"], asked.query["max_age"]) == ("login", "0")
        provider.id_token["auth_time"] = int(clock.now().timestamp())
        assert (await person.get(await answered(asked))).location == APP
        assert (await person.get(APP)).status == 200
        clock.move(timedelta(minutes=11))
        assert (await person.get(APP)).location.startswith("/profile/factors/proof")


@pytest.mark.parametrize("auth_time", [None, True, "now", -1, 10**20, 1_000_000_000])
async def test_an_answer_without_a_fresh_time_changes_nothing(
    server: Server, provider: LyingProvider, auth_time: object
) -> None:
    async with Person(server) as person:
        await sign_in(person)
        provider.id_token["auth_time"] = auth_time
        refused = await person.get(await answered(await send(person, AGAIN)))
        assert refused.status == 403
        assert "n’a pas été vérifiée à nouveau" in refused.text
        assert (await person.get(APP)).location.startswith("/profile/factors/proof")


async def test_a_sign_in_long_ago_at_the_provider_is_no_proof(
    server: Server, provider: LyingProvider, clock: MovableClock
) -> None:
    provider.id_token["auth_time"] = int((clock.now() - timedelta(hours=2)).timestamp())
    async with Person(server) as person:
        await sign_in(person)
        assert (await person.get(APP)).location.startswith("/profile/factors/proof")
    provider.id_token["auth_time"] = int((clock.now() - timedelta(minutes=2)).timestamp())
    async with Person(server) as person:
        await sign_in(person)
        assert (await person.get(APP)).status == 200
