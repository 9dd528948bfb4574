"""Vonage's Messages API for tests: TLS on this machine, strict about every request.

Each request must carry a token that the application's public key verifies, and a body that the
`vonage` package's own models take without a single unknown member. That is true to the package, not
a proof against the live service. Trust its certificate with REQUESTS_CA_BUNDLE.

    async with vonage_server() as server:
        VonageAccount(server.application_id, server.private_key, api_host=server.host)
        server.answers = [429, "cut", 202]    # one per request; 202 after the last
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ValidationError
from vonage_messages.models import Sms, WhatsappTemplate

from tests.delivery.certificates import certificates

Answer = (
    int | Literal["hang", "drip", "cut", "no_json", "no_uuid"] | tuple[int, dict[str, str], str]
)
"A status, a way to break after the request was read, or (status, headers, body)."

MODELS: dict[tuple[str, str], type[BaseModel]] = {
    ("sms", "text"): Sms,
    ("whatsapp", "template"): WhatsappTemplate,
}

SIGNATURE_SECRET = "the signature secret of this account, as long as every HMAC here asks for"


@dataclass
class VonageServer:
    """The server, its answers to come, and what it has received so far."""

    host: str
    application_id: str
    private_key: str
    answers: list[Answer] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    "Every well-formed message, whatever the answer."
    complaints: list[str] = field(default_factory=list)
    "Errors in requests; a test expects none."
    on_message: Callable[[dict[str, Any]], Awaitable[None]] | None = None
    "Awaited before each answer."
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    "Set at every request."
    released: asyncio.Event = field(default_factory=asyncio.Event)
    "Set it to end hanging requests."


@cache
def _key_pair() -> tuple[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


@asynccontextmanager
async def vonage_server(*, authority: str = "trusted") -> AsyncIterator[VonageServer]:
    """A server on a free port of localhost."""
    private_key, public_key = _key_pair()
    server = VonageServer("", str(uuid.uuid4()), private_key)
    seen_tokens: set[str] = set()

    async def messages(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        server.arrived.set()
        problem = _token_problem(request, server.application_id, public_key, seen_tokens)
        if problem is None:
            problem = _body_problem(request, body)
        if problem is not None:
            server.complaints.append(problem)
            return web.json_response({"title": problem}, status=400)
        server.messages.append(json.loads(body))
        if server.on_message is not None:
            await server.on_message(json.loads(body))
        answer = server.answers.pop(0) if server.answers else 202
        match answer:
            case "cut":
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            case "hang":
                await server.released.wait()
                return web.Response()
            case "drip":
                dripping = web.StreamResponse(headers={"Content-Type": "application/json"})
                await dripping.prepare(request)
                while not server.released.is_set():
                    await dripping.write(b" ")
                    await asyncio.sleep(0.05)
                return dripping
            case "no_json":
                return web.Response(status=202, text="accepted")
            case "no_uuid":
                return web.json_response({}, status=202)
            case (status, headers, text):
                return web.Response(status=status, headers=headers, text=text)
            case 202:
                return web.json_response({"message_uuid": str(uuid.uuid4())}, status=202)
            case int():
                return web.json_response({"title": f"Refused with {answer}"}, status=answer)

    app = web.Application()
    app.router.add_post("/v1/messages", messages)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates(authority).server)
    await site.start()
    server.host = f"localhost:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.released.set()
        assert runner.server is not None
        left = [each.transport for each in runner.server.connections]
        await runner.cleanup()
        for transport in left:  # by TLS, one that is closed waits for its other end to say so
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)  # the loop closes the sockets in its next turn


def _token_problem(
    request: web.Request, application_id: str, public_key: Any, seen_tokens: set[str]
) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=["RS256"],
            options={"require": ["exp", "iat", "jti", "application_id"]},
        )
    except jwt.InvalidTokenError as error:
        return f"The token is refused: {error}"
    if scheme != "Bearer" or claims["application_id"] != application_id:
        return "The token is for another application."
    if claims["exp"] - claims["iat"] > 24 * 3600:
        return "The token lives longer than a day."
    if claims["jti"] in seen_tokens:
        return "The token was used before."
    seen_tokens.add(claims["jti"])
    return None


def _body_problem(request: web.Request, body: bytes) -> str | None:
    if request.content_type != "application/json":
        return "The body is not JSON."
    message = json.loads(body)
    model = MODELS.get((message.get("channel"), message.get("message_type")))
    if model is None:
        return "The channel or message type is unknown."
    if unknown := _unknown_members(model, message):
        return f"Unknown members: {unknown}"
    if not str(message.get("to", "")).isdecimal():
        return "The number is not digits alone."
    try:
        parsed = model.model_validate({**message, "from_": message.pop("from")})
    except (ValidationError, KeyError) as error:
        return f"The package's model refuses it: {error}"
    again = parsed.model_dump(by_alias=True, exclude_none=True, mode="json")
    return None if again == json.loads(body) else "The message does not survive its own model."


def _unknown_members(model: type[BaseModel], value: dict[str, Any]) -> list[str]:
    unknown = []
    names = {field.serialization_alias or name: field for name, field in model.model_fields.items()}
    for name, member in value.items():
        if name not in names:
            unknown.append(name)
            continue
        inner = names[name].annotation
        if isinstance(member, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
            unknown += [f"{name}.{each}" for each in _unknown_members(inner, member)]
    return unknown


def signed(
    body: bytes,
    *,
    secret: str = SIGNATURE_SECRET,
    algorithm: str = "HS256",
    **claims: Any,
) -> str:
    """The Authorization header of a webhook with this body; `None` leaves a claim out."""
    now = int(time.time())
    all_claims = {
        "iat": now,
        "jti": str(uuid.uuid4()),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "abcd1234",
    } | claims
    payload = {name: value for name, value in all_claims.items() if value is not None}
    return "Bearer " + jwt.encode(payload, secret, algorithm=algorithm)
