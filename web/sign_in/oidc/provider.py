"""The provider as the server uses it: where to send a browser, and what its answer proves."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import aiohttp
from aiohttp import hdrs
from yarl import URL

from signaling.errors import N_
from signaling.identity import Person, ProviderUnavailable, SignInRefused, read_person
from signaling.ports.clock import Clock
from web.environment.oidc_settings import OidcSettings
from web.sign_in.oidc.discovery import BASIC, Metadata, document_address, read_metadata
from web.sign_in.oidc.exchange import Exchange
from web.sign_in.oidc.keys import Keys
from web.sign_in.oidc.tokens import (
    CLOCK_TOLERANCE,
    Audience,
    id_token_claims,
    logout_token_claims,
    read_auth_time,
)

DOCUMENT_LASTS = timedelta(hours=1)
"How long the provider's document is used before it is read again."
LONGEST_HINT = 6000
"Characters of an ID token within an address: proxies take some eight thousand."

DECLINED = N_("%(provider)s did not sign you in. Please try again.")
NOT_ASKED_AGAIN = N_(
    "%(provider)s did not ask you again who you are, so nothing was changed. Please sign out, and sign"
    " in again."
)
ASK_AGAIN = {"prompt": "login", "max_age": "0"}
"Of an authorization request; with `max_age` the answer has to name the time (Core, section 3.1.2.1)."
BUSY = ("server_error", "temporarily_unavailable")
"Errors by which a provider says that it has trouble itself (RFC 6749, section 4.1.2.1)."
ERRORS = frozenset(
    (
        *BUSY, "access_denied", "account_selection_required", "consent_required",
        "interaction_required", "invalid_request", "invalid_scope", "login_required",
        "unauthorized_client", "unsupported_response_type",
    )
)  # fmt: skip
"Those that are logged by name."


@dataclass(frozen=True)
class Pending:
    """A browser that was sent to the provider and is to come back with an answer."""

    nonce: str
    verifier: str
    "Of PKCE (RFC 7636)."
    back_to: str
    sent_at: datetime
    again: bool = False
    "Whether it has to ask who it is even if it knows, so that the answer proves it."


@dataclass(frozen=True)
class Answer:
    """Whom the provider has signed in."""

    person: Person
    session_id: str | None
    "The claim `sid`."
    id_token: str
    auth_time: int | None = None
    "When it asked who it is, in seconds since 1970 (Core, section 2); None if it does not say."


class Provider:
    def __init__(
        self, settings: OidcSettings, clock: Clock, steady: Clock, callback: str, signed_out: str
    ) -> None:
        """`callback` and `signed_out` are addresses of this server that the provider knows."""
        self.settings = settings
        self.exchange = Exchange()
        self._clock = clock
        self._steady = steady
        self._callback = callback
        self._signed_out = signed_out
        self._keys = Keys(self.exchange, steady)
        self._audience = Audience(settings.issuer, settings.client_id)
        self._metadata: Metadata | None = None
        self._read_at: datetime | None = None

    @property
    def label(self) -> str:
        return self.settings.label

    async def close(self) -> None:
        await self.exchange.close()

    async def metadata(self) -> Metadata:
        """What the provider says about itself. Raises ProviderUnavailable."""
        now = self._steady.now()
        if self._metadata and self._read_at and now < self._read_at + DOCUMENT_LASTS:
            return self._metadata
        address = document_address(self.settings.issuer)
        document = await self.exchange.read("the provider's document", address)
        self._metadata = read_metadata(self.settings.issuer, document)
        self._read_at = now
        return self._metadata

    async def trouble(self) -> str:
        """Why the provider cannot be used right now; empty: it can. Asks it."""
        self._read_at = None
        try:
            await self.metadata()
        except ProviderUnavailable as error:
            return error.problem
        return ""

    async def sign_in_address(self, state: str, pending: Pending, language: str) -> str:
        """Where a browser is sent to sign in. Raises ProviderUnavailable."""
        metadata = await self.metadata()
        digest = sha256(pending.verifier.encode()).digest()
        return _with_query(
            metadata.authorization_endpoint,
            {
                "response_type": "code",
                "client_id": self.settings.client_id,
                "redirect_uri": self._callback,
                "scope": self.settings.scopes,
                "state": state,
                "nonce": pending.nonce,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
                "ui_locales": language,
                **(ASK_AGAIN if pending.again else {}),
            },
        )

    async def sign_out_address(self, id_token: str) -> str:
        """Where a browser is sent to sign out of the provider, too; empty if it has no such address.

        Raises ProviderUnavailable.
        """
        metadata = self._metadata or await self.metadata()
        if not metadata.end_session_endpoint:
            return ""
        hint = {"id_token_hint": id_token} if 0 < len(id_token) <= LONGEST_HINT else {}
        back = {"client_id": self.settings.client_id, "post_logout_redirect_uri": self._signed_out}
        return _with_query(metadata.end_session_endpoint, hint | back)

    async def check_answer(self, query: Mapping[str, str]) -> str:
        """The code in a browser's answer, whose state was found. Raises SignInRefused."""
        metadata, issuer = await self.metadata(), query.get("iss")
        if issuer is None and metadata.names_issuer:
            raise SignInRefused("the answer does not say which provider it is from")
        if issuer is not None and issuer != self.settings.issuer:
            raise SignInRefused("the answer is from another provider")
        error = query.get("error")
        if error is not None:
            problem = f"the provider's error: {error if error in ERRORS else 'another one'}"
            if error in BUSY:
                raise ProviderUnavailable(problem)
            raise SignInRefused(problem, DECLINED)
        code = query.get("code", "")
        if not code:
            raise SignInRefused("the answer has neither a code nor an error")
        return code

    async def redeem(self, code: str, pending: Pending) -> Answer:
        """Exchange a code for who signed in. Raises SignInRefused."""
        metadata = await self.metadata()
        found = await self._tokens(metadata, code, pending.verifier)
        id_token, access_token = found.get("id_token"), found.get("access_token")
        if not isinstance(id_token, str):
            raise SignInRefused("the provider's answer to the code has no ID token")
        claims = await id_token_claims(
            id_token, self._keys, metadata.jwks_uri, self._audience, pending.nonce,
            self._clock.now(),
        )  # fmt: skip
        if isinstance(access_token, str) and metadata.userinfo_endpoint and self._lacks(claims):
            claims = await self._more(metadata.userinfo_endpoint, access_token, claims)
        session_id, auth_time = claims.get("sid"), read_auth_time(claims, self._clock.now())
        if pending.again:
            earliest = pending.sent_at.timestamp() - CLOCK_TOLERANCE
            if auth_time is None or auth_time < earliest:
                raise SignInRefused("the provider did not ask who it is", NOT_ASKED_AGAIN)
        return Answer(
            read_person(self.settings.issuer, claims),
            session_id if isinstance(session_id, str) else None,
            id_token,
            auth_time,
        )

    async def signed_out(self, logout_token: str) -> dict[str, Any]:
        """The claims of a logout token. Raises SignInRefused."""
        metadata = await self.metadata()
        return await logout_token_claims(
            logout_token, self._keys, metadata.jwks_uri, self._audience, self._clock.now()
        )

    async def _tokens(self, metadata: Metadata, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": verifier,
            "client_id": self.settings.client_id,
        }
        secret = self.settings.client_secret
        headers: dict[str, str] = {}
        if secret and metadata.authentication == BASIC:
            # both are encoded as in a form first (RFC 6749, section 2.3.1)
            headers[hdrs.AUTHORIZATION] = aiohttp.encode_basic_auth(
                quote_plus(self.settings.client_id), quote_plus(secret)
            )
        elif secret:
            form["client_secret"] = secret
        status, found = await self.exchange.post("tokens", metadata.token_endpoint, form, headers)
        if status != 200:
            error = found.get("error")
            known = ("invalid_client", "invalid_grant", "invalid_request", "unauthorized_client")
            raise SignInRefused(f"the code was refused: {error if error in known else status}")
        return found

    def _lacks(self, claims: Mapping[str, Any]) -> bool:
        """Whether anything that matters is not in the ID token (Core, section 5.4)."""
        admission = self.settings.admission
        conditions = (*admission.allow, *admission.administrators)
        wanted = {"email", "email_verified", "name", "locale", "zoneinfo"}
        wanted |= {each.claim.split(".")[0] for each in conditions if each.claim}
        return not wanted <= claims.keys()

    async def _more(
        self, address: str, access_token: str, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims, completed by those of the userinfo endpoint (Core, section 5.3)."""
        headers: dict[str, str] = {hdrs.AUTHORIZATION: f"Bearer {access_token}"}
        found = await self.exchange.read("userinfo", address, headers)
        if found.get("sub") != claims["sub"]:
            raise SignInRefused("userinfo is about another subject than the ID token")
        if "email" in found and not {"email", "email_verified"} <= claims.keys():
            # what is said to be verified is the address beside it
            claims = {name: claims[name] for name in claims.keys() - {"email", "email_verified"}}
        return found | claims


def _with_query(address: str, query: Mapping[str, str]) -> str:
    """The address with a query added to the one it may have."""
    return str(URL(address).update_query(query))
