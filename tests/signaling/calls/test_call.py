"""A call: who is rung, who has joined, when it is over."""

from datetime import UTC, datetime

import pytest

from signaling.calls.call import Call
from signaling.errors import Conflict

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)


def ringing(*rung: str) -> Call:
    return Call.start("call", "video", "nurse", "nurse-page", ["nurse", *rung], NOW)


def states(call: Call) -> dict[str, str]:
    return {name: member.state for name, member in call.members.items()}


def test_the_caller_has_joined_and_everybody_else_is_rung() -> None:
    assert states(ringing("amina")) == {"nurse": "joined", "amina": "ringing"}


def test_the_first_answer_makes_it_ongoing() -> None:
    call = ringing("amina").accept("amina", "phone", NOW)
    assert (call.state, call.answered_at) == ("ongoing", NOW)


def test_the_caller_coming_back_with_a_new_page_answers_nothing() -> None:
    call = ringing("amina").accept("nurse", "other-page", NOW)
    assert call.state == "ringing"
    assert call.members["nurse"].peer_id == "other-page"


def test_a_late_arrival_joins_without_having_been_rung() -> None:
    call = ringing("amina").accept("amina", "phone", NOW).accept("brother", "laptop", NOW)
    assert set(call.joined()) == {"nurse", "amina", "brother"}


def test_the_last_one_who_declines_ends_it() -> None:
    declined = ringing("amina", "brother").decline("amina", NOW)
    assert declined.state == "ringing"
    assert declined.decline("brother", NOW).state == "refused"


def test_declining_twice_or_after_joining_changes_nothing() -> None:
    call = ringing("amina").accept("amina", "phone", NOW)
    assert call.decline("amina", NOW) is call
    assert call.decline("stranger", NOW) is call


def test_nobody_is_left_alone_in_a_call() -> None:
    call = ringing("amina").accept("amina", "phone", NOW).leave("nurse", NOW)
    assert call.state == "ended"
    assert states(call) == {"nurse": "left", "amina": "left"}


def test_a_caller_who_gives_up_ends_the_ringing() -> None:
    assert ringing("amina").leave("nurse", NOW).state == "ended"


def test_two_of_three_go_on() -> None:
    call = ringing("amina", "brother").accept("amina", "a", NOW).accept("brother", "b", NOW)
    assert call.leave("nurse", NOW).state == "ongoing"


def test_unanswered_it_is_missed() -> None:
    assert ringing("amina").miss(NOW).state == "missed"


def test_those_who_did_not_answer_an_ongoing_call_stop_ringing() -> None:
    call = ringing("amina", "brother").accept("amina", "phone", NOW).miss(NOW)
    assert call.state == "ongoing"
    assert states(call)["brother"] == "left"


@pytest.mark.parametrize("over", ["missed", "refused", "ended"])
def test_what_is_over_stays_over(over: str) -> None:
    call = {
        "missed": ringing("amina").miss(NOW),
        "refused": ringing("amina").decline("amina", NOW),
        "ended": ringing("amina").end(NOW),
    }[over]
    assert call.state == over
    assert call.over
    assert call.leave("nurse", NOW) is call
    assert call.miss(NOW) is call
    assert call.end(NOW) is call
    with pytest.raises(Conflict):
        call.accept("amina", "phone", NOW)
