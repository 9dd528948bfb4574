"""Webhooks: receipts and replies."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.contact import Contact
from signaling.delivery.webhook_parsing import (
    ERROR_REASONS,
    STATUS_EVENTS,
    parse_inbound,
    parse_status,
)
from signaling.errors import InvalidInput
from signaling.notices.notice import Receipt
from signaling.notices.reasons import REASONS
from signaling.notices.reply import Reply

STATUS = {
    "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    "to": "41791234567",
    "from": "Clinic",
    "timestamp": "2026-03-01T12:00:00Z",
    "status": "delivered",
    "client_ref": "attempt-0001",
    "channel": "sms",
    "usage": {"currency": "EUR", "price": "0.0333"},
    "sms": {"count_total": "2"},
    "something_new": {"deep": [1, 2, 3]},
}
INBOUND = {
    "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ac",
    "to": "41790000000",
    "from": "41791234567",
    "timestamp": "2026-03-01T12:00:00Z",
    "channel": "whatsapp",
    "message_type": "text",
    "text": "سأتأخر قليلاً",
    "profile": {"name": "Amina"},
    "context": {"message_uuid": STATUS["message_uuid"]},
}


def body(base: dict[str, Any], **changes: Any) -> bytes:
    merged = {**base, **changes}
    return json.dumps({key: value for key, value in merged.items() if value is not ...}).encode()


def test_a_status_becomes_a_receipt() -> None:
    assert parse_status(body(STATUS)) == Receipt(
        "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
        "attempt-0001",
        "delivered",
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        price="0.0333 EUR",
    )


@pytest.mark.parametrize("status", STATUS_EVENTS)
def test_every_status_has_its_event(status: str) -> None:
    receipt = parse_status(body(STATUS, status=status))
    assert receipt is not None and receipt.event == STATUS_EVENTS[status]
    assert (receipt.reason == "undelivered") == (receipt.event == "undeliverable")


def test_an_unknown_status_is_ignored() -> None:
    assert parse_status(body(STATUS, status="played")) is None


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        ({"type": "https://developer.vonage.com/api-errors/messages#1340"}, "1340", None),
        ({"type": "https://developer.vonage.com/api-errors/messages/1260"}, "1260", None),
        ({"type": "about:blank", "title": "1080", "detail": "+41791234567"}, "1080", None),
        ({"title": 1240}, "1240", None),
        ({"title": "Rejected"}, "", "undelivered"),
        ({"title": "99999"}, "99999", "undelivered"),
        ({"title": "１２４０"}, "", "undelivered"),
    ],
)
def test_a_failure_has_a_reason(error: dict[str, Any], code: str, reason: str | None) -> None:
    receipt = parse_status(body(STATUS, status="undeliverable", error=error))
    assert receipt is not None
    assert (receipt.code, receipt.reason) == (code, reason or ERROR_REASONS[code])


def test_every_reason_of_the_provider_is_known() -> None:
    assert set(ERROR_REASONS.values()) <= set(REASONS)


def test_an_inbound_message_becomes_a_reply() -> None:
    assert parse_inbound(body(INBOUND)) == Reply(
        "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ac",
        "whatsapp",
        Contact("phone", "+41791234567"),
        "41790000000",
        "سأتأخر قليلاً",
        "text",
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    )


def test_a_pressed_button_is_its_title_and_an_image_only_its_kind() -> None:
    pressed = parse_inbound(
        body(INBOUND, message_type="button", text=..., button={"text": "I will come"})
    )
    assert pressed.text == "I will come"
    picture = parse_inbound(body(INBOUND, message_type="image", text=..., image={"url": "x"}))
    assert (picture.text, picture.kind) == ("", "image")


def test_an_endless_reply_is_truncated() -> None:
    assert len(parse_inbound(body(INBOUND, text="я" * 10_000)).text) == 4000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"message_uuid": 3}',
        body(STATUS, message_uuid=""),
        body(STATUS, message_uuid="x" * 101),
        body(STATUS, message_uuid="a\nb"),
        body(STATUS, timestamp="yesterday"),
        body(STATUS, filler="x" * 70_000),
    ],
)
def test_anything_but_a_webhook_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_status(raw)
    with pytest.raises(InvalidInput):
        parse_inbound(raw)


@pytest.mark.parametrize("sender", ["", "Clinic", "0791234567", "4179123456789012", "41 79"])
def test_a_reply_from_nobody_is_refused(sender: str) -> None:
    with pytest.raises(InvalidInput):
        parse_inbound(body(INBOUND, **{"from": sender}))


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters()),
        lambda inner: (
            st.dictionaries(st.sampled_from([*STATUS, "error", "text"]), inner)
            | st.lists(inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_any_json_is_parsed_or_refused(value: Any) -> None:
    raw = json.dumps({**STATUS, **value} if isinstance(value, dict) else value).encode()
    for parse in (parse_status, parse_inbound):
        with suppress(InvalidInput):
            parse(raw)
