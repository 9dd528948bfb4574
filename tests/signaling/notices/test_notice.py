"""Notices, delivery attempts and receipts: three life cycles that never mix."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.errors import InvalidInput, TransitionRefused
from signaling.lifecycle import advance
from signaling.notices.notice import (
    ARRIVED_STATES,
    ATTEMPT_TRANSITIONS,
    NOTICE_TRANSITIONS,
    OVER_STATES,
    RECEIPT_EVENTS,
    Attempt,
    Content,
    Notice,
    PermanentFailure,
    Receipt,
    ReceiptEvent,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
    dedupe_key,
)
from signaling.notices.reasons import REASONS
from signaling.notices.retry import next_try

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUEUED = Attempt("attempt-1", "notice-1", "email", None)
TAKEN = QUEUED.take(NOW)
TAKEN_SMS = replace(TAKEN, channel="sms")

ATTEMPT_EVENTS = (
    "take",
    "accept",
    "fail",
    "refuse",
    "lose",
    "retry",
    "abandon",
    *RECEIPT_EVENTS,
)

# The whole life cycle of an attempt, written a second time: one line per state, in the order of
# ATTEMPT_EVENTS; a dash is a refusal.
EXPECTED = {
    "queued": "sending - - - - - abandoned - - - -",
    "sending": "- sent failed undeliverable unknown - - sent delivered read undeliverable",
    "failed": "- sent - - - queued abandoned sent delivered read undeliverable",
    "unknown": "- sent - - - queued abandoned sent delivered read undeliverable",
    "sent": "- sent sent sent sent - - sent delivered read undeliverable",
    "delivered": "- delivered delivered delivered delivered - - delivered delivered read delivered",
    "read": "- read read read read - - read read read read",
    "undeliverable": "- undeliverable undeliverable undeliverable undeliverable - - "
    "undeliverable delivered read undeliverable",
    "abandoned": "- - - - - - - sent delivered read undeliverable",
}


def receipt(event: ReceiptEvent, reason: str = "") -> Receipt:
    return Receipt("uuid-1", "attempt-1", event, NOW, reason)


@pytest.mark.parametrize("state", ATTEMPT_TRANSITIONS)
def test_every_state_answers_every_event_as_written(state: str) -> None:
    for event, expected in zip(ATTEMPT_EVENTS, EXPECTED[state].split(), strict=True):
        if expected == "-":
            with pytest.raises(TransitionRefused):
                advance("delivery attempt", ATTEMPT_TRANSITIONS, state, event)
        else:
            assert advance("delivery attempt", ATTEMPT_TRANSITIONS, state, event) == expected


def test_the_tables_know_no_other_state_or_event() -> None:
    for table in (ATTEMPT_TRANSITIONS, NOTICE_TRANSITIONS):
        assert {target for events in table.values() for target in events.values()} <= set(table)
    assert {event for events in ATTEMPT_TRANSITIONS.values() for event in events} == set(
        ATTEMPT_EVENTS
    )
    assert set(ARRIVED_STATES) | set(OVER_STATES) < set(ATTEMPT_TRANSITIONS)


@pytest.mark.parametrize("state", NOTICE_TRANSITIONS)
@pytest.mark.parametrize("event", ["hand_over", "return", "fail", "drop"])
def test_a_notice_follows_its_table(state: str, event: str) -> None:
    notice = Notice("n", "c", "i", "reminder", "key", NOW, state)
    expected = NOTICE_TRANSITIONS[state].get(event)
    if expected is None:
        with pytest.raises(TransitionRefused):
            notice.after(event)
    else:
        assert notice.after(event).state == expected


def test_one_recipient_and_occasion_have_one_key() -> None:
    assert dedupe_key("i", "reminder", 1, "10") == dedupe_key("i", "reminder", 1, "10")
    different = {
        dedupe_key("i", "reminder", 1, "10"),
        dedupe_key("i", "reminder", 1, "1440"),
        dedupe_key("i", "reminder", 2, "10"),
        dedupe_key("j", "reminder", 1, "10"),
        dedupe_key("i", "moved", 1),
    }
    assert len(different) == 5


def test_what_a_provider_accepts_is_sent() -> None:
    sent = TAKEN.settle(Sent("<id@host>"), NOW, 0.5)
    assert (sent.state, sent.provider_id, sent.tries) == ("sent", "<id@host>", 1)


def test_a_temporary_failure_is_retried_later() -> None:
    failed = TAKEN.settle(TemporaryFailure("greylisted", "451 4.7.1"), NOW, 0.5)
    assert (failed.state, failed.reason, failed.code) == ("failed", "greylisted", "451 4.7.1")
    assert failed.next_try_at == NOW + timedelta(seconds=30)
    queued = failed.retry(NOW)
    assert (queued.state, queued.next_try_at) == ("queued", failed.next_try_at)
    again = queued.take(NOW + timedelta(seconds=30))
    assert (again.tries, again.first_try_at) == (2, NOW)


def test_a_permanent_failure_is_final() -> None:
    over = TAKEN.settle(PermanentFailure("address_refused", "550 5.1.1"), NOW, 0.5)
    assert (over.state, over.reason) == ("undeliverable", "address_refused")
    assert over.state in OVER_STATES


def test_a_mail_whose_answer_was_lost_is_retried() -> None:
    assert TAKEN.settle(UnknownOutcome("reply_lost"), NOW, 0.5).state == "failed"
    assert TAKEN.recover(NOW, 0.5).state == "failed"


def test_an_sms_whose_answer_was_lost_is_shown_and_never_retried() -> None:
    unknown = TAKEN_SMS.settle(UnknownOutcome("reply_lost"), NOW, 0.5)
    assert (unknown.state, unknown.next_try_at) == ("unknown", None)
    assert TAKEN_SMS.recover(NOW, 0.5).reason == "interrupted"
    assert unknown.receive(receipt("delivered")).state == "delivered"
    assert unknown.retry(NOW).state == "queued"


def test_a_receipt_that_overtakes_the_answer_takes_precedence() -> None:
    for outcome in (
        Sent("uuid-1"),
        UnknownOutcome("reply_lost"),
        TemporaryFailure("server_timeout"),
    ):
        settled = TAKEN_SMS.receive(receipt("delivered")).settle(outcome, NOW, 0.5)
        assert (settled.state, settled.next_try_at) == ("delivered", None)


def test_a_late_sent_after_delivered_changes_nothing() -> None:
    delivered = TAKEN_SMS.receive(receipt("delivered"))
    assert delivered.receive(receipt("submitted")) == delivered
    assert delivered.receive(receipt("undeliverable", "undelivered")) == delivered
    assert delivered.receive(receipt("read")).state == "read"


def test_a_receipt_for_something_never_tried_is_refused() -> None:
    with pytest.raises(TransitionRefused):
        QUEUED.receive(receipt("delivered"))


@given(st.permutations(("submitted", "delivered", "read")), st.integers(0, 2))
def test_receipts_in_any_order_and_repeated_end_the_same(
    events: list[ReceiptEvent], doubled: int
) -> None:
    attempt = TAKEN_SMS
    for event in [*events, events[doubled]]:
        attempt = attempt.receive(receipt(event))
    assert attempt.state == "read"


@given(st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_an_hour_and_end_after_a_day(random: float) -> None:
    now, waits, tries = NOW, [], 0
    while True:
        tries += 1
        at = next_try(tries, NOW, now, random)
        if at is None:
            break
        waits.append((at - now).total_seconds())
        now = at
    assert now - NOW <= timedelta(hours=24)
    assert 25 <= len(waits) <= 45
    assert waits == sorted(waits)
    assert 22.5 <= waits[0] <= 37.5
    assert waits[-1] <= 4500


def test_a_server_that_asks_to_wait_is_obeyed() -> None:
    at = next_try(1, NOW, NOW, 0.5, wait_s=600)
    assert at == NOW + timedelta(seconds=600)
    assert next_try(1, NOW, NOW, 0.5, wait_s=100_000) is None


def test_after_a_day_an_attempt_is_abandoned() -> None:
    late = NOW + timedelta(hours=23, minutes=59, seconds=50)
    attempt = replace(TAKEN, tries=30)
    assert attempt.settle(TemporaryFailure("server_busy"), late, 0.5).state == "abandoned"


@pytest.mark.parametrize("break_", ["\n", "\r", "\x00", "\x85", "\u2028", "\u2029", "\x0b", "\x0c"])
def test_a_subject_is_one_line(break_: str) -> None:
    with pytest.raises(InvalidInput):
        Content(f"Your session{break_}Bcc: all@example.org", "text")
    assert Content("Ваша сесія 🗓", "text").subject


def test_every_reason_has_a_sentence() -> None:
    for reason, sentence in REASONS.items():
        assert reason.isidentifier()
        assert sentence.endswith(".")
