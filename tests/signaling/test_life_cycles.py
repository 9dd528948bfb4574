"""The life cycles: the whole table written out a second time, one test per state and event."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args, get_origin

import pytest

from signaling import consultation, interpreter_request, invite
from signaling.calls import call
from signaling.consultation import Consultation
from signaling.errors import InviteNotUsable, TransitionRefused
from signaling.invite import Invite, Person
from signaling.lifecycle import advance
from signaling.notices import notice

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)

# Every step; whatever is not listed here must be refused.
EXPECTED = {
    "consultation": """
        planned    arrive       waiting
        planned    cancel       canceled
        planned    expire       closed
        waiting    leave        planned
        waiting    start        active
        waiting    cancel       canceled
        waiting    expire       closed
        active     keep_open    kept_open
        active     close        closed
        active     expire       closed
        kept_open  resume       active
        kept_open  close        closed
        kept_open  expire       closed
        closed     reopen       kept_open
        closed     purge        purged
        canceled   purge        purged
    """,
    "invite": """
        created       send         sent
        created       redeem       joined
        created       readdress    created
        created       revoke       revoked
        created       expire       expired
        sent          send         sent
        sent          acknowledge  acknowledged
        sent          redeem       joined
        sent          readdress    created
        sent          revoke       revoked
        sent          expire       expired
        acknowledged  send         acknowledged
        acknowledged  acknowledge  acknowledged
        acknowledged  redeem       joined
        acknowledged  readdress    created
        acknowledged  revoke       revoked
        acknowledged  expire       expired
        joined        send         joined
        joined        redeem       joined
        joined        readdress    created
        joined        revoke       revoked
        joined        expire       expired
        expired       reopen       joined
    """,
    "call": """
        ringing  accept  ongoing
        ringing  refuse  refused
        ringing  miss    missed
        ringing  end     ended
        ongoing  end     ended
    """,
}
TABLES = {
    "consultation": consultation.TRANSITIONS,
    "invite": invite.TRANSITIONS,
    "call": call.TRANSITIONS,
}
TYPED: dict[str, tuple[Mapping[str, Mapping[str, str]], Any, Any]] = {
    "consultation": (
        consultation.TRANSITIONS,
        consultation.ConsultationState,
        consultation.ConsultationEvent,
    ),
    "invite": (invite.TRANSITIONS, invite.InviteState, invite.InviteEvent),
    "call": (call.TRANSITIONS, call.CallState, call.CallEvent),
    "interpreter request": (
        interpreter_request.TRANSITIONS,
        interpreter_request.RequestState,
        interpreter_request.RequestEvent,
    ),
    "interpreting": (
        interpreter_request.INTERPRETING_TRANSITIONS,
        interpreter_request.InterpretingState,
        interpreter_request.InterpretingEvent,
    ),
    "notice": (notice.NOTICE_TRANSITIONS, notice.NoticeState, notice.NoticeEvent),
    "delivery attempt": (notice.ATTEMPT_TRANSITIONS, notice.AttemptState, notice.AttemptEvent),
}
"noun -> (table, type of its states, type of its events)"


def expected_steps(noun: str) -> dict[tuple[str, str], str]:
    lines = [line.split() for line in EXPECTED[noun].strip().splitlines()]
    return {(state, event): after for state, event, after in lines}


def every_pair() -> list[tuple[str, str, str]]:
    pairs = []
    for noun, table in TABLES.items():
        events = sorted({event for steps in table.values() for event in steps})
        events += sorted({event for _, event in expected_steps(noun)} - set(events))
        pairs += [(noun, state, event) for state in table for event in events]
    return pairs


@pytest.mark.parametrize(("noun", "state", "event"), every_pair())
def test_a_life_cycle_takes_the_steps_of_its_table_and_no_other(
    noun: str, state: str, event: str
) -> None:
    after = expected_steps(noun).get((state, event))
    if after is not None:
        assert advance(noun, TABLES[noun], state, event) == after
        return
    with pytest.raises(TransitionRefused) as refused:
        advance(noun, TABLES[noun], state, event)
    assert (refused.value.noun, refused.value.state, refused.value.event) == (noun, state, event)


@pytest.mark.parametrize("noun", TABLES)
def test_every_step_leads_to_a_state_of_the_table(noun: str) -> None:
    for steps in TABLES[noun].values():
        assert set(steps.values()) <= set(TABLES[noun])


@pytest.mark.parametrize("noun", TABLES)
def test_an_unknown_state_has_no_steps(noun: str) -> None:
    with pytest.raises(TransitionRefused):
        advance(noun, TABLES[noun], "lost", "end")


def values(literal: Any) -> set[str]:
    """The values of a Literal, or of a union of them."""
    return {
        value
        for each in get_args(literal)
        for value in (get_args(each) if get_origin(each) is Literal else (each,))
    }


@pytest.mark.parametrize("noun", TYPED)
def test_a_table_has_every_state_and_uses_every_event_of_its_types(noun: str) -> None:
    table, states, events = TYPED[noun]
    assert set(table) == values(states)
    assert {event for steps in table.values() for event in steps} == values(events)


def a_consultation(state: str) -> Consultation:
    return Consultation("consultation", "account", "remote", state, NOW)


def test_the_first_start_is_remembered_and_resuming_does_not_move_it() -> None:
    later = NOW + timedelta(minutes=5)
    started = a_consultation("waiting").after("start", NOW)
    resumed = started.after("keep_open", NOW).after("resume", later)
    assert resumed.started_at == NOW


@pytest.mark.parametrize(
    ("state", "event"), [("active", "close"), ("planned", "cancel"), ("waiting", "expire")]
)
def test_what_ends_is_purged_a_retention_period_later(state: str, event: str) -> None:
    ended = a_consultation(state).after(event, NOW)
    assert ended.purge_at(timedelta(hours=24)) == NOW + timedelta(hours=24)


def test_what_is_open_or_reopened_is_not_purged() -> None:
    assert a_consultation("active").purge_at(timedelta(hours=24)) is None
    reopened = a_consultation("active").after("close", NOW).after("reopen", NOW)
    assert reopened.purge_at(timedelta(hours=24)) is None


def an_invite(state: str) -> Invite:
    person = Person("Amina", "", "email", "amina@example.org", "en")
    return Invite("invite", "consultation", "service_user", person, b"digest", NOW, state)


@pytest.mark.parametrize("state", ["created", "sent", "acknowledged", "joined"])
def test_a_usable_invite_is_redeemed_again_and_again(state: str) -> None:
    later = NOW + timedelta(hours=1)
    redeemed = an_invite(state).redeem(NOW)
    assert redeemed.state == "joined"
    assert redeemed.redeem(later).joined_at == NOW


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_a_revoked_or_expired_invite_opens_nothing(state: str) -> None:
    assert not an_invite(state).usable
    with pytest.raises(InviteNotUsable):
        an_invite(state).redeem(NOW)
