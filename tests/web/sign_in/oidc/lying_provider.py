"""A provider of sign-in that answers correctly, or wrongly in whatever way a test asks for.

A real server on a free port of this machine: discovery, keys, authorization, tokens, userinfo. The
person is signed in at once, without a page.
"""

import asyncio
import contextlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import Key, RSAKey
from yarl import URL

from signaling.ports.clock import Clock
from signaling.token import new_token
from web.sign_in.oidc.tokens import LOGOUT_EVENT

Claims = dict[str, Any]
NURSE: Claims = {
    "sub": "nurse-1",
    "email": "nurse@example.org",
    "email_verified": True,
    "name": "Nurse Joy",
    "locale": "fr-CH",
    "zoneinfo": "Europe/Zurich",
}
KEYS = [RSAKey.generate_key(2048, {"use": "sig"}), RSAKey.generate_key(2048, {"use": "sig"})]
"Making them takes a while; the second is for after a rotation."
TOKENS = {"access_token": "an opaque one", "refresh_token": "one that nobody needs"}


@dataclass
class LyingProvider:
    """Attributes are what the next answers are made of."""

    clock: Clock
    url: str = ""
    client_id: str = "teleconnect"
    claims: Claims = field(default_factory=lambda: dict(NURSE))
    sid: str | None = "session-1"
    key: Key = field(default_factory=lambda: KEYS[0])
    kid: str = "first"
    algorithm: str = "RS256"
    published: list[dict[str, Any]] = field(default_factory=list)
    "The keys as JSON; empty: the one in use."
    document: Claims = field(default_factory=dict)
    "What its document says differently."
    id_token: Claims = field(default_factory=dict)
    "Claims of the ID token that differ; None leaves one out."
    forge: Callable[[str], str] = str
    "Changes the finished ID token."
    answer: dict[str, str | None] = field(default_factory=dict)
    "Parameters of the answer by way of the browser that differ; None leaves one out."
    userinfo: Claims | None = None
    "None: everything is in the ID token."
    broken: dict[str, int | None] = field(default_factory=dict)
    "Path -> status of its error; None: it hangs."
    asked: list[str] = field(default_factory=list)
    "Paths that were requested."
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    token_requests: list[dict[str, Any]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    "Ends what hangs."

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path in self.broken:
            status = self.broken[request.path]
            if status is None:
                await self.released.wait()
            return web.Response(status=status or 200, text="out of order")
        response: web.StreamResponse = await handler(request)
        return response

    async def _document(self, _: web.Request) -> web.Response:
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/end",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        if self.userinfo is not None:
            said["userinfo_endpoint"] = f"{self.url}/userinfo"
        said |= self.document
        return web.json_response({name: each for name, each in said.items() if each is not None})

    async def _keys(self, _: web.Request) -> web.Response:
        public = self.key.as_dict(private=False) | {"kid": self.kid, "alg": self.algorithm}
        return web.json_response({"keys": self.published or [public]})

    async def _authorize(self, request: web.Request) -> web.Response:
        code = new_token()
        self.codes[code] = dict(request.query)
        said = {"code": code, "state": request.query["state"], "iss": self.url} | self.answer
        query = {name: each for name, each in said.items() if each is not None}
        raise web.HTTPSeeOther(URL(request.query["redirect_uri"]).update_query(query))

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: each[0] for name, each in parse_qs(await request.text()).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        self.token_requests.append(form | {"authorization": request.headers.get("Authorization")})
        if asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self.forge(self.signed(self._id_claims(asked["nonce"])))
        return web.json_response({"token_type": "Bearer", "id_token": token, **TOKENS})

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKENS['access_token']}"
        return web.json_response(self.userinfo)

    def _id_claims(self, nonce: str) -> Claims:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "sid": self.sid,
            **self.claims,
            **self.id_token,
        }
        return {name: each for name, each in claims.items() if each is not None}

    def signed(self, claims: Claims, **header: Any) -> str:
        head = {"alg": self.algorithm, "kid": self.kid, **header}
        return jwt.encode(head, claims, self.key, algorithms=[self.algorithm])

    def logout_token(self, **differing: Any) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": new_token(),
            "sub": self.claims["sub"],
            "sid": self.sid,
            "events": {LOGOUT_EVENT: {}},
            **differing,
        }
        said = {name: each for name, each in claims.items() if each is not None}
        return self.signed(said, typ="logout+jwt")

    def become_honest(self) -> None:
        """Forget every lie."""
        honest = LyingProvider(self.clock, self.url)
        for name in vars(honest).keys() - {"released"}:
            setattr(self, name, getattr(honest, name))

    def rotate(self, key: Key = KEYS[1], kid: str = "second") -> None:
        self.key, self.kid = key, kid

    def settings(self, **more: str) -> dict[str, str]:
        """Of a server whose provider this is."""
        return {
            "TELECONNECT_OIDC_ISSUER": self.url,
            "TELECONNECT_OIDC_CLIENT_ID": self.client_id,
            "TELECONNECT_OIDC_CLIENT_SECRET": "a secret: with +",
            "TELECONNECT_OIDC_LABEL": "Example Clinic",
            **{f"TELECONNECT_OIDC_{name}": value for name, value in more.items()},
        }


def unsigned(token: str) -> str:
    """The same claims under the algorithm `none`."""
    head = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def signed_by_public_key(token: str) -> str:
    """The same claims under HS256, whose key is the public one: anybody can sign so."""
    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').rstrip(b"=").decode()
    text = f"{head}.{token.split('.')[1]}"
    mac = hmac.digest(KEYS[0].as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@contextlib.asynccontextmanager
async def lying_provider(clock: Clock) -> AsyncIterator[LyingProvider]:
    provider = LyingProvider(clock)
    app = web.Application(middlewares=[provider._faults])
    app.router.add_get("/.well-known/openid-configuration", provider._document)
    app.router.add_get("/keys", provider._keys)
    app.router.add_get("/authorize", provider._authorize)
    app.router.add_post("/token", provider._token)
    app.router.add_get("/userinfo", provider._userinfo)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        provider.released.set()
        await runner.cleanup()
