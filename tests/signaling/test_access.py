"""Who may do what: the whole matrix, written out a second time."""

import pytest

from signaling.access import EVERYBODY, MATRIX, owned, require
from signaling.errors import NotAllowed, NotFound

FOR_EVERYBODY = {
    "enter", "read_chat", "write_chat", "send_file", "read_file", "start_call", "join_call",
    "turn_photo", "answer_photo",
}  # fmt: skip
FOR_THE_SCHEDULER = {
    "start", "terminate", "resume", "reopen", "cancel", "edit", "invite", "export", "see_links",
    "ask_photo",
}  # fmt: skip


def test_the_matrix_lists_these_actions_and_no_other() -> None:
    assert set(MATRIX) == FOR_EVERYBODY | FOR_THE_SCHEDULER


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("action", sorted(FOR_EVERYBODY | FOR_THE_SCHEDULER))
def test_a_role_may_do_what_the_matrix_says(role: str, action: str) -> None:
    if action in FOR_EVERYBODY or role == "scheduler":
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
