"""Webhooks are believed only when signed, fresh, whole and new."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signaling.errors import WebhookRefused
from tests.delivery import vonage_server
from tests.delivery.vonage_server import SIGNATURE_SECRET
from web.access.webhook_signature import Proof, check

BODY = b'{"status": "delivered"}'
NOW = datetime.fromtimestamp(int(time.time()), UTC)
SECONDS = int(NOW.timestamp())


def signed(body: bytes, **claims: Any) -> str:
    """As the provider signs, at NOW: the run may have begun long ago."""
    return vonage_server.signed(body, **{"iat": SECONDS, **claims})


class Memory(set[str]):
    async def is_used(self, token_id: str) -> bool:
        return token_id in self


async def proof(
    authorization: str | None,
    body: bytes = BODY,
    secret: str = SIGNATURE_SECRET,
    now: datetime = NOW,
    used: Memory | None = None,
) -> Proof:
    return await check(authorization, body, secret, now, used or Memory())


async def test_a_signed_webhook_is_believed() -> None:
    checked = await proof(signed(BODY, jti="token-1"))
    assert checked.token_id == "token-1"
    assert checked.forget_at > NOW + timedelta(minutes=4)


async def test_the_scheme_s_case_does_not_matter() -> None:
    assert await proof(signed(BODY).replace("Bearer", "bearer"))


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer a.b.c", "Bearer " + "x" * 5000, "é ü"],
)
async def test_a_missing_or_malformed_token_is_refused(authorization: str | None) -> None:
    with pytest.raises(WebhookRefused) as refused:
        await proof(authorization)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another secret, long enough to be one"},
        {"algorithm": "none", "secret": ""},
        {"algorithm": "HS512"},
        {"payload_hash": "0" * 64},
        {"payload_hash": None},
        {"payload_hash": 7},
        {"payload_hash": "é"},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": 1e300},
        {"iat": float("nan")},
        {"iat": SECONDS - 301},
        {"iat": SECONDS + 301},
        {"exp": SECONDS - 1},
        {"exp": SECONDS},
        {"exp": "later"},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 201},
        {"jti": 5},
    ],
)
async def test_a_wrong_token_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefused):
        await proof(signed(BODY, **wrong))


async def test_times_at_the_edge_are_good() -> None:
    assert await proof(signed(BODY, iat=SECONDS - 299, exp=SECONDS + 1))
    assert await proof(signed(BODY, iat=SECONDS + 299))


async def test_a_changed_body_is_refused() -> None:
    with pytest.raises(WebhookRefused):
        await proof(signed(BODY), body=BODY + b" ")


async def test_a_token_is_good_once() -> None:
    authorization, used = signed(BODY), Memory()
    checked = await proof(authorization, used=used)
    assert await proof(authorization, used=used) == checked  # its effect was not stored
    used.add(checked.token_id)
    with pytest.raises(WebhookRefused):
        await proof(authorization, used=used)


async def test_a_forgotten_token_is_refused_by_its_age() -> None:
    authorization = signed(BODY, iat=SECONDS)
    checked = await proof(authorization)
    with pytest.raises(WebhookRefused):
        await proof(authorization, now=checked.forget_at)


async def test_without_a_configured_secret_nothing_is_believed() -> None:
    with pytest.raises(WebhookRefused):
        await proof(signed(BODY), secret="")
