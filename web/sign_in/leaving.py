"""Ending what a browser holds of sessions: its seats, its web session, what its pages have stored."""

from aiohttp import web
from aiohttp_session import get_session

from storage.store import Records
from web.http.request import account_of, web_session_digest
from web.keys import ARRIVING, STORE

FORGET = {"Clear-Site-Data": '"storage"'}
"""What a page has kept in the browser goes (W3C Clear Site Data). Not "cache": pages are never
stored, and scripts would have to come again over a slow line; nor "cookies": those of every other
service of the domain would go too."""


async def leave_seats(request: web.Request) -> None:
    """Give up this browser's seats; unless somebody is signed in, its web session ends with them.

    What is open by them in other tabs ends at once.
    """
    app, digest = request.app, await web_session_digest(request)
    session, account = await get_session(request), await account_of(request)
    if digest is None:
        return

    async def work(records: Records) -> None:
        await app[ARRIVING].leave(records, digest)
        if account is None:
            await records.web_sessions.remove(digest)

    await app[STORE].write(work)
    if account is None:
        session.invalidate()
    else:
        session.pop("seated", None)
