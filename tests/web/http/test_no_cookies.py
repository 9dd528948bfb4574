"""Browsers that keep no cookies are told so, and nobody learns anything by it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from signaling.identifier import new_id
from tests.people import Person
from tests.serving import PASSWORD, Server, serving
from web.keys import SETUP_TOKEN

NOT_KEPT = "keeps no cookies"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("data")) as running:
        await running.account()
        yield running


@pytest.fixture
async def forgetful(server: Server) -> AsyncIterator[Person]:
    """A browser that throws every cookie away."""
    async with Person(server) as person:
        person.http._cookie_jar = aiohttp.DummyCookieJar()
        yield person


async def follow(person: Person, path: str) -> tuple[int, str]:
    """The answer at the end of the redirects, and what it says."""
    answer = await person.get(path)
    for _ in range(4):
        if answer.status != 303:
            break
        answer = await person.get(answer.location)
    return answer.status, answer.text


async def test_who_joins_without_cookies_reads_what_to_do(nurse: Person, forgetful: Person) -> None:
    seat = await forgetful.join(await nurse.invite())
    answer = await forgetful.get(f"/seat/{seat}")
    assert NOT_KEPT in answer.text
    assert "This page does not exist" not in answer.text
    invented = await forgetful.get(f"/seat/{new_id()}")
    plain = [
        re.sub(r'value="/seat/[^"]*"|data-now="\d+"', "", each.text) for each in (answer, invented)
    ]
    assert plain[0] == plain[1]
    assert answer.status == invented.status == 404


async def test_a_browser_whose_place_ended_long_ago_is_told_how_to_come_back(
    server: Server, nurse: Person
) -> None:
    async with Person(server) as phone:
        seat = await phone.join(await nurse.invite())
        phone.http.cookie_jar.clear()
        phone.plant("a-token-that-nobody-knows-any-more")
        assert "please open your link again" in (await phone.get(f"/seat/{seat}")).text


@pytest.mark.parametrize("cookie", ["", "time_zone=UTC"])
async def test_who_signs_in_without_cookies_reads_what_to_do(
    server: Server, forgetful: Person, cookie: str
) -> None:
    # one that a script has set may be kept where ours, for TLS alone, is not
    forgetful.http.headers["Cookie"] = cookie
    answer = await forgetful.sign_in()
    status, text = await follow(forgetful, answer.location)
    assert NOT_KEPT in text
    assert status == 400
    assert NOT_KEPT not in (await forgetful.get("/signin")).text
    assert NOT_KEPT not in (await forgetful.sign_in(password="wrong")).text


async def test_who_keeps_cookies_arrives_at_the_dashboard(server: Server) -> None:
    async with Person(server) as fresh, Person(server) as known:
        for person, headers in ((fresh, {}), (known, {"Cookie": "time_zone=UTC"})):
            form = {"email": "nurse@example.org", "password": PASSWORD}
            answer = await person.post("/signin", form, **headers)
            status, text = await follow(person, answer.location)
            assert status == 200
            assert "Dashboard" in text


async def test_the_set_up_without_cookies_says_so_too(tmp_path: Path) -> None:
    async with serving(tmp_path) as empty, Person(empty) as boss:
        boss.http._cookie_jar = aiohttp.DummyCookieJar()
        form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
        answer = await boss.post(f"/setup/{empty.app[SETUP_TOKEN].make()}", form)
        assert NOT_KEPT in (await follow(boss, answer.location))[1]
