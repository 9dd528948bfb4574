"""That it is still the same person: asked again before second factors are changed.

A password or a factor counts for ten minutes, the sign-in itself too. A provider may sign somebody in
without asking anything: there the time counts at which it did.
"""

from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp_session import get_session

from web.keys import CLOCK

FRESH = timedelta(minutes=10)


async def is_proved(request: web.Request) -> bool:
    """Whether this browser has proved lately who uses it."""
    session, now = await get_session(request), request.app[CLOCK].now()
    proofs = [session.get("proved_at")]
    if session.get("way") != "provider":
        proofs.append(session.get("signed_in_at"))
    return any(
        now - FRESH < datetime.fromisoformat(at) <= now for at in proofs if isinstance(at, str)
    )


def proved_at(seconds: int, now: datetime) -> dict[str, str]:
    """What a web session's data holds of a proof at that time, in seconds since 1970.

    The provider's clock may be ahead of ours.
    """
    at = datetime.fromtimestamp(min(seconds, int(now.timestamp())), UTC)
    return {"proved_at": at.isoformat()}


async def note_proof(request: web.Request) -> None:
    session = await get_session(request)
    session["proved_at"] = request.app[CLOCK].now().astimezone(UTC).isoformat()
