"""The proof that a webhook comes from the message provider, unchanged, and for the first time.

Vonage signs each webhook with a JSON Web Token (RFC 7519) in `Authorization: Bearer`: HS256 with
the account's signature secret, and `payload_hash`, the SHA-256 of the body. A token is good for
some minutes around `iat` and for one use of its `jti`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import jwt

from signaling.errors import WebhookRefused

TOLERANCE = timedelta(minutes=5)
"How far our clock and the provider's may be apart, its way to us included."

MAX_TOKEN_LENGTH = 4096


@dataclass(frozen=True)
class Proof:
    """What remains of a checked token: remember it in the transaction that holds its effect.

    Then a webhook whose effect was not stored may come again, and one that was stored may not; a
    unique index on `token_id` decides between two that arrive at once.
    """

    token_id: str
    forget_at: datetime
    "From then on the token is refused by its age."


class Memory(Protocol):
    """What knows the used tokens; storage does."""

    async def is_used(self, token_id: str) -> bool: ...


async def check(
    authorization: str | None, body: bytes, secret: str, now: datetime, used: Memory
) -> Proof:
    """The proof of a webhook. Raises WebhookRefused; then nothing may change.

    `authorization` is the header's value, `secret` the account's signature secret: without one
    everything is refused.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if not secret:
        raise WebhookRefused("no signature secret is configured")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_LENGTH:
        raise WebhookRefused("no token")
    try:
        # The library knows no clock but the machine's, so times are compared below.
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={
                "require": ["iat", "jti", "payload_hash"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    except jwt.PyJWTError as error:
        raise WebhookRefused(type(error).__name__) from None
    issued_at = _time(claims["iat"])
    if abs(now - issued_at) > TOLERANCE:
        raise WebhookRefused("issued at another time")
    if "exp" in claims and now >= _time(claims["exp"]):
        raise WebhookRefused("expired")
    digest = hashlib.sha256(body).hexdigest()
    claimed = claims["payload_hash"]
    if not isinstance(claimed, str) or not hmac.compare_digest(
        claimed.lower().encode("utf-8", "replace"), digest.encode()
    ):
        raise WebhookRefused("the body was changed")
    token_id = claims["jti"]
    if not isinstance(token_id, str) or not 1 <= len(token_id) <= 200:
        raise WebhookRefused("no token id")
    if await used.is_used(token_id):
        raise WebhookRefused("used before")
    return Proof(token_id, issued_at + TOLERANCE + timedelta(seconds=1))


def _time(claim: object) -> datetime:
    """A NumericDate (RFC 7519 section 2): seconds since 1970 UTC."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise WebhookRefused("a time that is none")
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError):
        raise WebhookRefused("a time that is none") from None
