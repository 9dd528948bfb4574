"""Ending what a browser holds of sessions: its seats, its web session, what its pages have stored."""

from aiohttp import web
from aiohttp_session import get_session

from storage.store import Records
from web.http.request import account_of, web_session_digest
from web.keys import ARRIVING, STORE, VISITING

FORGET = {"Clear-Site-Data": '"storage"'}
"""Deletes what pages have stored in the browser (W3C Clear Site Data). Not "cache": pages are never
stored, and scripts would be loaded again over a slow network; nor "cookies": those of every other
service of the domain would be deleted, too."""


async def leave_seats(request: web.Request) -> None:
    """Give up this browser's seats; unless somebody is signed in, its web session ends, too.

    What other tabs have open ends at once.
    """
    app, digest = request.app, await web_session_digest(request)
    session, account = await get_session(request), await account_of(request)
    if digest is None:
        return

    async def work(records: Records) -> None:
        await app[ARRIVING].leave(records, digest)
        if account is None:
            await records.web_sessions.remove(digest)

    seats = await app[STORE].read.invites.seats_of(digest)
    await app[STORE].write(work)
    for seat in seats:
        await app[VISITING].leave(seat.consultation_id, seat.id)
    if account is None:
        session.invalidate()
    else:
        session.pop("seated", None)
