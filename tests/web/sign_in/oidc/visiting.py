"""A browser on its way to the provider and back."""

import aiohttp
from yarl import URL

from tests.people import Answer, Person


async def send(person: Person, start: str = "/signin/oidc") -> URL:
    """Begin a sign-in; where the provider is asked."""
    away = await person.get(start)
    assert away.status == 303, away.text
    return URL(away.location)


async def answered(asked: URL) -> URL:
    """What the provider answers, as an address of this server."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http,
        http.get(asked, allow_redirects=False) as answer,
    ):
        assert answer.status == 303, await answer.text()
        return URL(answer.headers["Location"]).relative()


async def sign_in(person: Person, start: str = "/signin/oidc") -> Answer:
    """Sign in by the provider; the answer of the callback."""
    return await person.get(await answered(await send(person, start)))


async def is_signed_in(person: Person) -> bool:
    return (await person.get("/invites")).status == 200
