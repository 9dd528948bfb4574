"""Webhooks of the message provider: receipts and replies, accepted only with a signature."""

from aiohttp import web

from signaling.delivery.webhook_parsing import MAX_BODY_BYTES, parse_inbound, parse_status
from signaling.errors import TooLarge, WebhookRefused
from web.access.webhook_signature import Proof, check
from web.keys import CLOCK, CONFIG, RECEIPTS, STORE


async def status(request: web.Request) -> web.Response:
    """A delivery receipt. The provider posts it again for a day, unless the response is 2xx."""
    body, proof = await _proven(request)
    receipt = parse_status(body)
    if not await request.app[RECEIPTS].receipt(receipt, proof.token_id, proof.forget_at):
        raise WebhookRefused("used before")
    return web.Response()


async def inbound(request: web.Request) -> web.Response:
    """A reply to one of our messages."""
    body, proof = await _proven(request)
    reply = parse_inbound(body)
    if not await request.app[RECEIPTS].reply(reply, proof.token_id, proof.forget_at):
        raise WebhookRefused("used before")
    return web.Response()


async def _proven(request: web.Request) -> tuple[bytes, Proof]:
    """The verified body and its token. Raises TooLarge or WebhookRefused, before any change."""
    app = request.app
    body = b""
    async for chunk in request.content.iter_chunked(MAX_BODY_BYTES):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge
    proof = await check(
        request.headers.get("Authorization"),
        body,
        app[CONFIG].webhook_secret,
        app[CLOCK].now(),
        app[STORE].read.used_tokens,
    )
    return body, proof
