"""Who may do what: the whole matrix, written out a second time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from signaling.access import MATRIX, ROLES, owned, require, role_of
from signaling.consultation import OPEN_STATES, Consultation
from signaling.errors import NotAllowed, NotFound

FOR_EVERYBODY = {
    "enter", "read_chat", "write_chat", "send_file", "read_file", "start_call", "join_call",
    "turn_photo", "answer_photo",
}  # fmt: skip
FOR_STAFF = {
    "start", "terminate", "resume", "reopen", "edit", "invite", "export", "see_links", "ask_photo",
}  # fmt: skip
FOR_INVITED = {"ask_for_phone_call"}
FOR_THE_SCHEDULER = {"cancel", "share", "end_share", "hand_over"}
FOR_A_TEAM = {"see_waiting", "take_part"}
ALLOWED = {
    "scheduler": FOR_EVERYBODY | FOR_STAFF | FOR_THE_SCHEDULER | FOR_A_TEAM,
    "co_scheduler": FOR_EVERYBODY | FOR_STAFF | FOR_A_TEAM | {"give_back"},
    **dict.fromkeys(
        ("service_user", "companion", "colleague", "interpreter"), FOR_EVERYBODY | FOR_INVITED
    ),
    "team_member": FOR_A_TEAM,
}


def test_the_matrix_lists_these_actions_and_no_other() -> None:
    assert set(MATRIX) == set().union(*ALLOWED.values())
    assert set(ROLES) == set(ALLOWED)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", sorted(set().union(*ALLOWED.values())))
def test_a_role_may_do_what_the_matrix_says(role: str, action: str) -> None:
    if action in ALLOWED[role]:
        require(role, action)
        return
    with pytest.raises(NotAllowed):
        require(role, action)


def test_an_unknown_role_may_do_nothing() -> None:
    for action in MATRIX:
        with pytest.raises(NotAllowed):
            require("administrator", action)


def test_for_an_account_without_a_seat_a_consultation_does_not_exist() -> None:
    for action in MATRIX:
        with pytest.raises(NotFound):
            owned(None, "account", action)


def test_a_team_member_may_only_take_part_and_only_once_somebody_is_there() -> None:
    session = Consultation(
        "session", "nurse", "remote", "planned", datetime(2026, 12, 7, tzinfo=UTC)
    )
    for state in OPEN_STATES:
        told = replace(session, state=state)
        assert role_of(told, "stranger", {"doctor"}) is None
        assert role_of(told, "doctor", {"nurse"}) == (None if state == "planned" else "team_member")
    waiting = replace(session, state="waiting")
    assert owned(waiting, "doctor", "take_part", {"nurse"}) is waiting
    for action in FOR_EVERYBODY | FOR_STAFF | FOR_THE_SCHEDULER:
        with pytest.raises(NotFound):  # without being asked for as a team's, it does not exist
            owned(waiting, "doctor", action)


def test_a_colleague_who_shares_it_may_not_do_what_ends_or_passes_it_on() -> None:
    began = datetime(2026, 12, 7, tzinfo=UTC)
    session = Consultation(
        "session", "nurse", "remote", "waiting", began, shared_with=frozenset({"doctor"})
    )
    assert session.holders == {"nurse", "doctor"}
    for action in FOR_STAFF:
        assert owned(session, "doctor", action) is session
    for action in FOR_THE_SCHEDULER:
        with pytest.raises(NotAllowed):
            owned(session, "doctor", action)
