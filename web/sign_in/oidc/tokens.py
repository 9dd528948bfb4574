"""Which tokens are believed to be the provider's, and for this server.

ID tokens: OpenID Connect Core, section 3.1.3.7. Logout tokens: Back-Channel Logout 1.0, section 2.6.
Signatures and the claims of RFC 7519 are checked by joserfc.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, ClaimError, JoseError
from joserfc.jwk import Key
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from signaling.identity import LONGEST_SUBJECT, SignInRefused
from web.sign_in.oidc.keys import Keys

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "EdDSA", "Ed25519",
)  # fmt: skip
"Signatures that the provider alone can make: not `none`, nor HS*, whose key its clients have as well."
CLOCK_TOLERANCE = 60
"Seconds by which its clock and ours may differ."
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

Claims = dict[str, Any]


@dataclass(frozen=True)
class Audience:
    """Whose tokens are taken: made by this issuer, for this client."""

    issuer: str
    client_id: str


async def id_token_claims(
    token: str, keys: Keys, address: str, audience: Audience, nonce: str, now: datetime
) -> Claims:
    """The claims of an ID token. Raises SignInRefused, ProviderUnavailable."""
    claims = await _signed(token, keys, address)
    _check(claims, audience, now, nonce={"essential": True, "value": nonce})
    audiences, party = claims["aud"], claims.get("azp")
    if isinstance(audiences, list) and len(audiences) > 1 and party is None:
        raise SignInRefused("the ID token has several audiences and no azp")
    if party is not None and party != audience.client_id:
        raise SignInRefused("the ID token's azp is another client")
    if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
        raise SignInRefused("the ID token's sub is empty or too long")
    return claims


async def logout_token_claims(
    token: str, keys: Keys, address: str, audience: Audience, now: datetime
) -> Claims:
    """The claims of a logout token. Raises SignInRefused, ProviderUnavailable."""
    claims = await _signed(token, keys, address)
    _check(claims, audience, now, jti={"essential": True})
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(LOGOUT_EVENT), Mapping):
        raise SignInRefused("the logout token has no such event")
    if "nonce" in claims:  # else an ID token might do as one
        raise SignInRefused("the logout token has a nonce")
    named = [claims[name] for name in ("sub", "sid") if claims.get(name) is not None]
    if not named or not all(isinstance(each, str) and each for each in named):
        raise SignInRefused("the logout token names neither a subject nor a session")
    return claims


def read_auth_time(claims: Claims, now: datetime) -> int | None:
    """When the person showed the provider who it is; None if it does not say, or says nonsense."""
    found = claims.get("auth_time")
    if not isinstance(found, int | float) or isinstance(found, bool):
        return None
    return int(found) if 0 < found <= now.timestamp() + CLOCK_TOLERANCE else None


def _check(claims: Claims, audience: Audience, now: datetime, **more: ClaimsOption) -> None:
    required: dict[str, ClaimsOption] = {name: {"essential": True} for name in ("exp", "iat")}
    if "nonce" in more:
        required["sub"] = {"essential": True}
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=CLOCK_TOLERANCE,
        iss={"essential": True, "value": audience.issuer},
        aud={"essential": True, "value": audience.client_id},
        **required,
        **more,
    )
    try:
        registry.validate(claims)
    except ClaimError as error:
        raise SignInRefused(f"the token's claim {error.claim}: {error.error}") from None


async def _signed(token: str, keys: Keys, address: str) -> Claims:
    """What the provider has signed, verified by the keys at `address`."""
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, RecursionError):
        raise SignInRefused("the token cannot be read") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise SignInRefused("the token's algorithm is not taken")
    kid, seen = header.get("kid"), keys.read_at
    fitting = await keys.fitting(address, kid, algorithm)
    if not fitting:
        raise SignInRefused("none of the provider's keys fits the token")
    try:
        return _verified(token, fitting)
    except BadSignatureError:
        # a provider may put another key under the same name
        if not await keys.reread(address, seen):
            raise SignInRefused("the token's signature is wrong") from None
    try:
        return _verified(token, await keys.fitting(address, kid, algorithm))
    except BadSignatureError:
        raise SignInRefused("the token's signature is wrong") from None


def _verified(token: str, fitting: list[Key]) -> Claims:
    """The claims. Raises BadSignatureError if none of the keys has signed them; SignInRefused."""
    for key in fitting:
        try:
            return jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except BadSignatureError:
            continue
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            kind = error.error if isinstance(error, JoseError) else type(error).__name__
            raise SignInRefused(f"the token cannot be verified: {kind}") from None
    raise BadSignatureError
