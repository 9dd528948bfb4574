"""Keyboards, proxies and other programs of the domain, as they meet the sign-in."""

import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server
from web.keys import PASSWORDS, STORE

NURSE = "nurse@example.org"


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
async def test_a_password_is_right_in_every_form_that_keyboards_write(
    server: Server, form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    password = "Sécurité\u00a0élève 2026 ﬁn"
    found = await server.app[STORE].read.accounts.by_email(NURSE)
    assert found is not None
    changed = replace(found, password_hash=await server.app[PASSWORDS].hash(password))
    await server.app[STORE].write(lambda records: records.accounts.change(changed))
    async with Person(server) as nurse:
        typed = unicodedata.normalize(form, password)
        assert (await nurse.sign_in(password=typed)).status == 303


@pytest.mark.parametrize(
    "planted",
    [
        '{"a": [1, 2], "b": "c"}',
        "[1,2",
        '"',
        "a=b=c",
        "=",
        "x={}; y",
        'consent={"necessary":true,"at":"2026-12-07T14:30:00Z"}',
        "näme=wert",
        "a\tb=c",
    ],
)
async def test_cookies_of_other_programs_sign_nobody_out(server: Server, planted: str) -> None:
    async with Person(server) as nurse, Person(server) as same:
        await nurse.sign_in()
        kept = "; ".join(f"{each.key}={each.value}" for each in nurse.http.cookie_jar)
        for header in (f"other={planted}; {kept}", f"{planted}; {kept}", f"{kept}; {planted}"):
            assert (await same.get("/", Cookie=header)).status == 200


@pytest.mark.parametrize(
    ("guesser", "owner"),
    [
        ("203.0.113.9:%d", "203.0.113.10:50001"),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10"),
        ("[2001:db8:1:2::%d]:50000", "[2001:db8:1:3::1]:50000"),
        ("fe80::%d%%eth0", "203.0.113.10"),
        ('"[2001:db8:1:2::%d]:4711"', "unknown"),
    ],
)
async def test_a_delay_meets_the_network_that_the_proxy_saw_and_no_other(
    server: Server, clock: MovableClock, guesser: str, owner: str
) -> None:
    async def attempt(address: str, password: str) -> int:
        async with Person(server, **{"X-Forwarded-For": f"198.51.100.7, {address}"}) as person:
            return (await person.sign_in(password=password)).status

    places = [guesser % n if "%d" in guesser else guesser for n in range(1, 5)]
    assert [await attempt(place, "a guess") for place in places] == [401] * 3 + [429]
    assert await attempt(owner, "correct horse battery staple") == 303
    clock.move(timedelta(seconds=5))
    assert await attempt(places[0], "correct horse battery staple") == 303
