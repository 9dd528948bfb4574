"""Whose page asks for the files of a session: its scheduler's, or that of somebody with a seat."""

from dataclasses import dataclass

from aiohttp import web

from signaling.access import require
from signaling.errors import NotFound, SignInRequired
from signaling.flows.sessions.uploading import Author
from web.access.revocation import Grant
from web.http.request import own_consultation, seated, web_session_digest


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
        invite = (await seated(request, invite_id)).invite
        require(invite.role, action)
        author = Author(invite.consultation_id, invite.id, invite.role)
        return Place(author, Grant(digest, invite_id=invite.id))
    try:
        account, consultation = await own_consultation(request, action)
    except SignInRequired:
        raise NotFound from None
    author = Author(consultation.id, account.id, "scheduler")
    return Place(author, Grant(digest, held=(consultation.id, account.id)))
