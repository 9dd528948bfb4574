"""Parsing a provider's webhooks: receipts of our messages, and replies.

Webhooks of Vonage's Messages API, version 1. Unknown members are ignored, for a provider may add
some at any time; missing or malformed required members are refused. That the body comes from the
provider is proven before, in `web/access/webhook_signature.py`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec

from signaling.contact import Contact
from signaling.errors import N_, InvalidInput
from signaling.notices.notice import Receipt, ReceiptEvent
from signaling.notices.reply import REPLY_LENGTH, Reply

T = TypeVar("T")

MAX_BODY_BYTES = 64 * 1024
STATUS_EVENTS: dict[str, ReceiptEvent] = {
    "submitted": "submitted",
    "delivered": "delivered",
    "read": "read",
    "rejected": "undeliverable",
    "undeliverable": "undeliverable",
}

ERROR_REASONS = {
    # the number at the end of the error's documentation address, or its title
    "1010": "not_permitted",
    "1020": "content_refused",
    "1021": "blocked",
    "1022": "content_refused",
    "1030": "provider_failed",
    "1040": "not_permitted",
    "1050": "number_unreachable",
    "1060": "number_unreachable",
    "1070": "no_credit",
    "1080": "number_unreachable",
    "1120": "sender_refused",
    "1160": "template_missing",
    "1170": "number_refused",
    "1180": "undelivered",
    "1240": "blocked",
    "1241": "blocked",
    "1250": "sender_refused",
    "1260": "not_on_whatsapp",
    "1340": "template_missing",
    "1360": "undelivered",
    "1370": "provider_failed",
    "1380": "content_refused",
    "1420": "sender_refused",
    "1460": "too_many",
    "1470": "blocked",
    "131026": "not_on_whatsapp",
    "131047": "template_missing",
    "132001": "template_missing",
}
"The provider's error number -> reason; unlisted ones are `undelivered`."


class _Error(msgspec.Struct):
    type: str = ""
    title: str | int = ""


class _Usage(msgspec.Struct):
    price: str = ""
    currency: str = ""


class _Status(msgspec.Struct):
    message_uuid: str
    status: str
    timestamp: datetime
    client_ref: str | None = None
    error: _Error | None = None
    usage: _Usage | None = None


class _Context(msgspec.Struct):
    message_uuid: str = ""


class _Choice(msgspec.Struct):
    title: str = ""
    text: str = ""


class _Inbound(msgspec.Struct):
    message_uuid: str
    channel: Literal["sms", "whatsapp"]
    to: str
    timestamp: datetime
    from_: str = msgspec.field(name="from")
    message_type: str = "text"
    text: str = ""
    context: _Context | None = None
    button: _Choice | None = None
    reply: _Choice | None = None


_decode_status = msgspec.json.Decoder(_Status, strict=False).decode
_decode_inbound = msgspec.json.Decoder(_Inbound, strict=False).decode


def parse_status(body: bytes) -> Receipt | None:
    """The receipt in a status webhook; None for a status without a meaning here.

    Raises InvalidInput for anything else.
    """
    status = _decoded(body, _decode_status)
    event = STATUS_EVENTS.get(status.status)
    if event is None:
        return None
    code = _error_code(status.error) if event == "undeliverable" else ""
    return Receipt(
        provider_id=_identifier(status.message_uuid),
        client_ref=(status.client_ref or "")[:100],
        event=event,
        at=_utc(status.timestamp),
        reason=ERROR_REASONS.get(code, "undelivered") if event == "undeliverable" else "",
        code=code,
        price=f"{status.usage.price} {status.usage.currency}"[:40].strip() if status.usage else "",
    )


def parse_inbound(body: bytes) -> Reply:
    """The reply in an inbound webhook. Raises InvalidInput for anything else."""
    inbound = _decoded(body, _decode_inbound)
    chosen = inbound.button or inbound.reply
    text = inbound.text or (chosen and (chosen.title or chosen.text)) or ""
    return Reply(
        provider_id=_identifier(inbound.message_uuid),
        channel=inbound.channel,
        sender=Contact("phone", "+" + inbound.from_.removeprefix("+")),
        to=inbound.to[:40],
        text=text[:REPLY_LENGTH],
        kind=inbound.message_type[:40],
        at=_utc(inbound.timestamp),
        answers=inbound.context.message_uuid[:100] if inbound.context else "",
    )


def _decoded(body: bytes, decode: Callable[[bytes], T]) -> T:
    if len(body) <= MAX_BODY_BYTES:
        try:
            return decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    raise InvalidInput("body", N_("This is not what a message provider sends."))


def _identifier(text: str) -> str:
    if not 1 <= len(text) <= 100 or not text.isprintable():
        raise InvalidInput("body", N_("This is not what a message provider sends."))
    return text


def _error_code(error: _Error | None) -> str:
    """`https://developer.vonage.com/api-errors/messages#1340` or a bare title: `1340`."""
    if error is None:
        return ""
    for candidate in (error.type.rpartition("#")[2], error.type.rpartition("/")[2], error.title):
        code = str(candidate)
        if code.isascii() and code.isdecimal() and len(code) <= 10:
            return code
    return ""


def _utc(at: datetime) -> datetime:
    """Times without a zone are UTC, as the provider's documentation says."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
