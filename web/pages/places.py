"""Whose page asks for the files of a session: that of an account which holds it, or of somebody with a seat."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from signaling.access import require, role_of
from signaling.errors import NotFound, SignInRequired
from signaling.flows.sessions.uploading import Author
from web.access.revocation import Grant
from web.http.request import own_consultation, seat_of, web_session_digest
from web.keys import REVOCATION


@dataclass(frozen=True)
class Place:
    """Somebody's place in a session, as the address of the request names it."""

    author: Author
    grant: Grant
    "What the place depends on while a request runs."


async def place_of(request: web.Request, action: str) -> Place:
    """The place of this browser, which may do `action` there.

    Raises NotFound for whoever has none, whether signed in or not; InviteNotUsable if the session
    is over for them.
    """
    digest = await web_session_digest(request)
    invite_id = request.match_info.get("invite_id")
    if invite_id is not None:
        invite = await seat_of(request, invite_id)
        require(invite.role, action)
        author = Author(invite.consultation_id, invite.id, invite.role)
        return Place(author, Grant(digest, invite_id=invite.id))
    try:
        account, consultation = await own_consultation(request, action)
    except SignInRequired:
        raise NotFound from None
    role = role_of(consultation, account.id) or ""
    author = Author(consultation.id, account.id, role)
    return Place(author, Grant(digest, held=(consultation.id, account.id)))


@contextlib.asynccontextmanager
async def staying(request: web.Request, action: str) -> AsyncIterator[Place]:
    """As `place_of`; what the request does within is canceled once the place is lost.

    Raises then what `RevocationWatch.cancelled_when_revoked` does.
    """
    watch = request.app[REVOCATION]
    invite_id = request.match_info.get("invite_id")
    if invite_id is not None:
        # watched first and then looked up, so the store is asked once
        grant = Grant(await web_session_digest(request), invite_id=invite_id)
        async with watch.cancelled_when_revoked(grant, unchecked=True):
            yield await place_of(request, action)
    else:
        place = await place_of(request, action)
        async with watch.cancelled_when_revoked(place.grant):
            yield place
