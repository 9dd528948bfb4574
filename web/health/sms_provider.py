"""Whether the provider of SMS can be reached, and what time it is there (RFC 9110, 6.6.1)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp import hdrs

from signaling.ports.clock import Clock

WITHIN_S = 4.0


@dataclass(frozen=True)
class Answer:
    ahead: timedelta | None = None
    "By how much this server's clock is ahead of the provider's; None: it has not said."
    problem: str = ""
    "Why there is no answer, in a few English words."


async def ask(url: str, clock: Clock) -> Answer:
    """Any answer counts: the request carries no credentials and asks for nothing."""
    within = aiohttp.ClientTimeout(WITHIN_S)
    try:
        async with aiohttp.ClientSession(timeout=within) as session:
            asked_at = clock.now()
            async with session.head(url, allow_redirects=False) as answer:
                middle = asked_at + (clock.now() - asked_at) / 2
                return Answer(_ahead(answer.headers.get(hdrs.DATE, ""), middle))
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(problem=str(error)[:200] or type(error).__name__)


def _ahead(date: str, now: datetime) -> timedelta | None:
    """Date has whole seconds, so half a second more is as likely as the second itself."""
    try:
        there = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # no date, or a zone that no place has
        return None
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    return now - there - timedelta(seconds=0.5)
