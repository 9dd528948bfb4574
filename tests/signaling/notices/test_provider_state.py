"""Whoever reads the log alone learns that a provider takes nothing, why, and when it does again."""

from datetime import UTC, datetime, timedelta

import pytest

from signaling.flows.notices.provider_state import HandOvers
from signaling.notices.notice import (
    Outcome,
    PermanentFailure,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
)
from web.config import PROVIDER_SETTINGS

NOW = datetime(2026, 11, 30, tzinfo=UTC)
REFUSED = TemporaryFailure("credentials_refused", "535 5.7.8")


def told(caplog: pytest.LogCaptureFixture, *outcomes: Outcome) -> list[str]:
    hand_overs = HandOvers(PROVIDER_SETTINGS)
    for number, outcome in enumerate(outcomes):
        hand_overs.note("email", outcome, NOW + timedelta(minutes=number))
    return [each.getMessage() for each in caplog.records]


def test_each_reason_is_told_once_and_the_end_too(caplog: pytest.LogCaptureFixture) -> None:
    lost = UnknownOutcome("reply_lost")
    assert told(caplog, Sent("1"), REFUSED, REFUSED, lost, Sent("2"), Sent("3"), REFUSED) == [
        "email fails: The mail server or provider refuses our credentials."
        " (535 5.7.8, TELECONNECT_SMTP_URL)",
        "email fails: It was handed over, but the answer never came. It may have"
        " arrived. (TELECONNECT_SMTP_URL)",
        "email works again.",
        "email fails: The mail server or provider refuses our credentials."
        " (535 5.7.8, TELECONNECT_SMTP_URL)",
    ]


def test_what_is_wrong_with_a_recipient_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    of_recipients = (TemporaryFailure("greylisted", "451"), PermanentFailure("address_refused"))
    assert told(caplog, *of_recipients, TemporaryFailure("mailbox_full"), Sent("1")) == []


def test_a_full_disk_is_no_matter_of_a_setting(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, TemporaryFailure("disk_full")) == [
        "email fails: The disk of this server is full."
    ]
