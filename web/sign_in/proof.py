"""That it is still the same person: asked again before second factors are changed.

A password or a factor counts for ten minutes, the sign-in itself too.
"""

from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp_session import get_session

from web.keys import CLOCK

FRESH = timedelta(minutes=10)


async def is_proved(request: web.Request) -> bool:
    """Whether this browser has proved lately who uses it."""
    session, now = await get_session(request), request.app[CLOCK].now()
    proofs = (session.get("signed_in_at"), session.get("proved_at"))
    return any(
        now - FRESH < datetime.fromisoformat(at) <= now for at in proofs if isinstance(at, str)
    )


async def note_proof(request: web.Request) -> None:
    session = await get_session(request)
    session["proved_at"] = request.app[CLOCK].now().astimezone(UTC).isoformat()
