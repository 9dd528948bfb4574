"""The outcome of a notice, by its attempts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from signaling.consultation import Consultation
from signaling.flows.sessions.planning import OF_A_DATE
from signaling.invite import Invite, Person
from signaling.notices.notice import Attempt, Notice, Occasion
from signaling.notices.outcome import conclude
from signaling.notices.outdated import is_current
from signaling.notices.reminder import hour_has_passed
from signaling.notices.texts import NOTICE_TEXTS

ABOUT_WHAT_WAS = {
    "canceled",
    "removed",
    "interpreter_request_withdrawn",
    "interpreter_unavailable",
    "left_open",
}
"Occasions that name the date at which something was planned, whatever becomes of it."

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
NOTICE = Notice("n", "c", "i", "invitation", "key", NOW)
PERSON = Person("Amina", "", "sms", "+41791234567", "ar")
INVITE = Invite("i", "c", "service_user", PERSON, b"", NOW, state="sent")
CONSULTATION = Consultation("c", "s", "remote", "planned", NOW)


def attempts(*states: str) -> list[Attempt]:
    return [
        Attempt(
            f"a{number}",
            "n",
            "sms",
            None,
            state=state,
            next_try_at=LATER if state == "failed" else None,
        )
        for number, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("before", "states", "ways", "after", "again"),
    [
        ("pending", ["sent"], 1, "handed_over", None),
        ("pending", ["failed"], 1, "pending", LATER),
        ("pending", ["unknown"], 2, "pending", None),
        ("pending", ["undeliverable"], 2, "pending", NOW),
        ("pending", ["undeliverable"], 1, "failed", None),
        ("handed_over", ["undeliverable"], 2, "pending", NOW),
        ("handed_over", ["undeliverable"], 1, "failed", None),
        ("failed", ["undeliverable", "undeliverable"], 2, "failed", None),
        ("failed", ["delivered", "undeliverable"], 2, "handed_over", None),
        ("pending", ["delivered", "sending"], 2, "handed_over", None),
        ("handed_over", ["delivered", "undeliverable"], 3, "handed_over", None),
        ("dropped", ["sent"], 1, "dropped", None),
        ("dropped", ["undeliverable"], 2, "dropped", None),
    ],
)
def test_the_outcome_of_a_notice_follows_its_attempts(
    before: str, states: list[str], ways: int, after: str, again: datetime | None
) -> None:
    notice, latest, next_at = conclude(replace(NOTICE, state=before), attempts(*states), ways, NOW)
    assert (notice.state, latest.state, next_at) == (after, states[-1], again)


@pytest.mark.parametrize(
    ("before", "states"), [("dropped", ["failed"]), ("pending", ["delivered", "failed"])]
)
def test_what_is_no_longer_needed_is_not_retried(before: str, states: list[str]) -> None:
    _, latest, next_at = conclude(replace(NOTICE, state=before), attempts(*states), 2, NOW)
    assert (latest.state, latest.reason, next_at) == ("abandoned", "withdrawn", None)


@pytest.mark.parametrize(
    ("occasion", "version", "consultation", "invite", "at", "expected"),
    [
        ("invitation", 0, CONSULTATION, INVITE, NOW, True),
        ("invitation", 0, replace(CONSULTATION, state="active"), INVITE, NOW, True),
        ("reminder", 0, replace(CONSULTATION, state="active"), INVITE, NOW, False),
        ("invitation", 0, replace(CONSULTATION, state="closed"), INVITE, NOW, False),
        ("invitation", 0, replace(CONSULTATION, calendar_sequence=1), INVITE, NOW, False),
        ("invitation", 0, CONSULTATION, replace(INVITE, state="revoked"), NOW, False),
        ("canceled", 0, CONSULTATION, replace(INVITE, state="revoked"), NOW, True),
        ("invitation", 0, CONSULTATION, INVITE, NOW + timedelta(hours=25), False),
        ("interpreter_request", 0, CONSULTATION, None, NOW, True),
    ],
)
def test_an_outdated_notice_is_not_tried_another_way(
    occasion: Occasion,
    version: int,
    consultation: Consultation,
    invite: Invite | None,
    at: datetime,
    expected: bool,
) -> None:
    notice = replace(NOTICE, occasion=occasion, version=version)
    assert is_current(notice, consultation, invite, at) is expected


@pytest.mark.parametrize(
    ("occasion", "due_minutes_before", "now_minutes_after", "passed"),
    [
        ("reminder", 10, -10, False),
        ("reminder", 10, 0, False),
        ("reminder", 10, 0.01, True),
        ("reminder", 0, 0.5, False),  # due at the start itself: sending takes a moment
        ("reminder", 0, 1.5, True),
        ("planned_invitation", 1440, 60, False),  # the link can still be used
        ("moved", 10, 60, False),
    ],
)
def test_a_reminder_is_pointless_once_the_session_has_begun(
    occasion: Occasion, due_minutes_before: float, now_minutes_after: float, passed: bool
) -> None:
    notice = replace(NOTICE, occasion=occasion, due_at=NOW - timedelta(minutes=due_minutes_before))
    assert hour_has_passed(notice, NOW, NOW + timedelta(minutes=now_minutes_after)) is passed
    assert not hour_has_passed(notice, None, NOW + timedelta(days=1))


def test_what_names_the_date_is_dropped_by_a_move_or_about_what_was() -> None:
    with_date = {occasion for occasion, text in NOTICE_TEXTS.items() if "$moment" in str(text)}
    assert with_date == (set(OF_A_DATE) - {"invitation", "interpreter_invitation"}) | ABOUT_WHAT_WAS
