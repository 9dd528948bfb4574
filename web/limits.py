"""Rate limits per address and per account, in memory: they are about floods, not about years."""

from hashlib import sha256
from ipaddress import ip_address

from aiohttp import web
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from signaling.errors import TooManyRequests

LIMITS = {
    # A clinic shares one address: the account's limit is the tight one.
    "sign_in_account": parse("10/5minutes"),
    "sign_in_address": parse("100/5minutes"),
    # 128-bit tokens cannot be guessed; this keeps guessing from being a load
    "unknown_link": parse("60/minute"),
    # one test makes some eight requests of at most 2 MB
    "device_test": parse("120/minute"),
    # one test makes one; of the places for trials nobody may hold all
    "relay_trial": parse("10/minute"),
    # whatever is posted without signing in, before it is read: three hundred people of a clinic join
    # within a minute, each with a device test
    "form": parse("2400/minute"),
    # receipts of thousands of messages come from a few addresses
    "webhook": parse("6000/minute"),
    "invite": parse("120/minute"),
}


LOOPBACK = ("127.0.0.1", "::1")


class Limits:
    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, name: str, who: str) -> None:
        """Count one attempt. Raises TooManyRequests."""
        digest = sha256(who.encode("utf-8", "surrogatepass")).hexdigest()
        if not await self._limiter.hit(LIMITS[name], name, digest):
            raise TooManyRequests

    async def check(self, name: str, who: str) -> None:
        """Raises TooManyRequests if the limit is used up; counts nothing."""
        digest = sha256(who.encode("utf-8", "surrogatepass")).hexdigest()
        if not await self._limiter.test(LIMITS[name], name, digest):
            raise TooManyRequests


def remote(request: web.Request) -> str | None:
    """Who asks: the other end of the connection, or whom a proxy on this machine speaks for.

    Every hop appends to X-Forwarded-For, so its last entry is what our own proxy saw.
    """
    forwarded = request.headers.getall("X-Forwarded-For", [])
    if forwarded and request.remote in LOOPBACK:
        return forwarded[-1].rpartition(",")[2].strip()
    return request.remote


def network(address: str | None) -> str:
    """What shares one limit: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return parsed.exploded[:19]
