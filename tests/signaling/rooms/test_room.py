"""A room: who is here, what a page has missed, and what is forwarded."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from signaling.calls.call import Call
from signaling.chat import ChatMessage
from signaling.consultation import Consultation
from signaling.moments.milliseconds import to_ms
from signaling.rooms.room import (
    KEPT_CHARACTERS,
    KEPT_EVENTS,
    KEPT_SIGNAL_CHARACTERS,
    KEPT_SIGNALS,
    Room,
)
from signaling.rooms.seat import Seat
from signaling.rooms.transcript import Transcript
from signaling.wire import messages as wire
from signaling.wire.client_messages import Hello
from signaling.wire.values import CandidateInit, Description, ResumePoint

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)


@dataclass
class Page:
    """A browser's page as the room sees it: it can be sent frames."""

    peer_id: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    counted: int = 0
    closed: str | None = None

    def send(self, frame: str, *, counted: bool = True) -> None:
        self.frames.append(json.loads(frame))
        self.counted += counted

    def close(self, reason: str) -> None:
        self.closed = reason

    def take(self) -> list[dict[str, Any]]:
        taken, self.frames = self.frames, []
        return taken


@pytest.fixture
def room() -> Room:
    seats = [Seat("nurse", "scheduler", "Nurse Joy"), Seat("amina", "service_user", "Amina")]
    return Room(
        Consultation("consultation", "nurse", "remote", "active", NOW), seats, Transcript(), {}
    )


def enter(
    room: Room,
    who: str,
    page: Page,
    resume: ResumePoint | None = None,
    *,
    calls: bool = True,
    seated_at: int | None = None,
) -> None:
    def welcome(resumed: bool) -> wire.Welcome:
        return wire.Welcome(
            wire.PROTOCOL_VERSION, 0, who, page.peer_id, room.epoch, resumed, [], "auto"
        )

    hello = Hello(
        wire.PROTOCOL_VERSION, "room", page.peer_id, resume=resume, calls=calls, seated_at=seated_at
    )
    room.attach(who, page, hello, welcome, NOW)


def write(room: Room, position: int, text: str = "x") -> None:
    line = ChatMessage(f"message-{position}", "consultation", position, "nurse", "text", text, NOW)
    room.add_chat(line)


def test_newcomers_get_a_welcome_and_a_snapshot(room: Room) -> None:
    page = Page("page-one")
    enter(room, "amina", page)
    welcome, snapshot, joined = page.take()
    assert (welcome["type"], welcome["resumed"]) == ("welcome", False)
    assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 0)
    assert (joined["seq"], joined["participant"]["online"]) == (1, True)


def test_a_returning_page_gets_exactly_what_it_missed(room: Room) -> None:
    page, again = Page("page-one"), Page("page-one")
    enter(room, "amina", page)
    room.detach("amina", page, NOW)
    seen = page.take()[-1]["seq"]
    write(room, 1)
    write(room, 2)
    enter(room, "amina", again, ResumePoint(room.epoch, seen))
    frames = again.take()
    assert frames[0]["resumed"] is True
    assert [frame["seq"] for frame in frames[1:]] == list(range(seen + 1, room.seq + 1))
    assert [f["message"]["position"] for f in frames if f["type"] == "chat_added"] == [1, 2]


@pytest.mark.parametrize("point", [("another-epoch", 1), (None, 10_000)])
def test_a_resume_point_of_another_epoch_or_of_the_future_gets_a_snapshot(
    room: Room, point: tuple[str | None, int]
) -> None:
    page = Page("page-one")
    enter(room, "amina", page, ResumePoint(point[0] or room.epoch, point[1]))
    assert [frame["type"] for frame in page.take()][:2] == ["welcome", "snapshot"]


def test_events_no_longer_kept_are_replaced_by_a_snapshot(room: Room) -> None:
    for position in range(1, KEPT_EVENTS + 2):
        write(room, position)
    last_kept, too_old = Page("page-one"), Page("page-two")
    enter(room, "amina", too_old, ResumePoint(room.epoch, 0))
    assert too_old.take()[0]["resumed"] is False
    oldest = room.seq - KEPT_EVENTS
    enter(room, "nurse", last_kept, ResumePoint(room.epoch, oldest))
    assert last_kept.take()[0]["resumed"] is True


def test_missing_more_than_a_snapshot_holds_gets_a_snapshot(room: Room) -> None:
    nurse, page = Page("page-one"), Page("page-two")
    enter(room, "nurse", nurse)
    for position in range(1, 101):
        write(room, position, "x" * 4000)
    enter(room, "amina", page, ResumePoint(room.epoch, 1))
    frames = page.take()
    assert [frame["type"] for frame in frames[:2]] == ["welcome", "snapshot"]
    assert frames[1]["chat"][-1]["position"] == 100
    nurse.take()
    enter(room, "nurse", nurse, ResumePoint(room.epoch, room.seq - KEPT_CHARACTERS // 5000))
    assert nurse.take()[0]["resumed"] is True


def test_welcome_frames_do_not_count_against_a_slow_reader(room: Room) -> None:
    page = Page("page-one")
    write(room, 1)
    enter(room, "amina", page)
    room.seats["amina"].signals.append("{}")
    enter(room, "amina", page, ResumePoint(room.epoch, 0))
    assert page.counted == 1, "only the event that tells of the arrival"


def test_a_page_that_missed_nothing_resumes_too(room: Room) -> None:
    page = Page("page-one")
    enter(room, "amina", page, ResumePoint(room.epoch, 0))
    frames = page.take()
    assert frames[0]["resumed"] is True
    assert [frame["type"] for frame in frames[1:]] == ["participant_changed"]


def test_events_are_numbered_without_gaps(room: Room) -> None:
    page = Page("page-one")
    enter(room, "nurse", page)
    for position in range(1, 6):
        write(room, position)
    room.mark_seen("amina", 3)
    numbers = [frame["seq"] for frame in page.take()[2:]]
    assert numbers == list(range(1, 8))


def test_another_page_takes_the_seat_and_the_first_is_told(room: Room) -> None:
    first, second = Page("page-one"), Page("page-two")
    enter(room, "amina", first)
    first.take()
    enter(room, "amina", second)
    assert first.take() == [{"type": "replaced"}]
    assert first.closed == "replaced"
    assert room.detach("amina", first, NOW) is False
    assert room.seats["amina"].online


def test_the_same_page_on_a_new_socket_is_not_told_that_it_was_replaced(room: Room) -> None:
    first, second = Page("page-one"), Page("page-one")
    enter(room, "amina", first)
    first.take()
    enter(room, "amina", second)
    assert first.take() == []
    assert first.closed == "replaced"


def test_after_a_restart_the_later_page_has_the_seat_whichever_comes_back_first(
    room: Room,
) -> None:
    """The earlier one had no line when it was replaced, and does not know that it was."""
    earlier, later, seat = Page("page-one"), Page("page-two"), room.seats["amina"]
    enter(room, "amina", earlier, seated_at=100)
    earlier.take()
    assert not seat.was_taken_from("page-two", 200)
    enter(room, "amina", later, seated_at=200)
    assert earlier.take() == [{"type": "replaced"}]
    assert seat.was_taken_from("page-one", 100)
    enter(room, "nurse", later, seated_at=200)
    assert room.seats["nurse"].was_taken_from("page-one", 100)
    # one that is opened there by hand, and one that nobody has replaced
    assert not room.seats["nurse"].was_taken_from("page-three", None)
    assert not room.seats["nurse"].was_taken_from("page-two", 200)


def test_the_page_of_a_call_that_a_restart_found_was_replaced_by_nobody(room: Room) -> None:
    seat = room.seats["amina"]
    seat.peer_id = "page-two"  # as `restore_call` knows it
    enter(room, "amina", Page("page-one"), seated_at=100)
    assert not seat.was_taken_from("page-two", 200)


def test_a_page_keeps_the_time_of_its_seat_over_its_sockets(room: Room) -> None:
    seat, now = room.seats["amina"], to_ms(NOW)
    enter(room, "amina", Page("page-one"))
    assert seat.seated_at == now
    enter(room, "amina", Page("page-one"), seated_at=now)
    assert seat.seated_at == now
    enter(room, "amina", Page("page-two"), seated_at=100)  # the other one has left meanwhile
    assert seat.seated_at == now


def in_a_call(room: Room) -> tuple[Page, Page]:
    nurse, amina = Page("nurse-page"), Page("amina-page")
    enter(room, "nurse", nurse)
    enter(room, "amina", amina)
    call = Call.start("call-0001", "video", "nurse", "nurse-page", ["amina"], NOW)
    room.call = call.accept("amina", "amina-page", NOW)
    nurse.take()
    amina.take()
    return nurse, amina


CANDIDATE = wire.ReceiveCandidate("nurse-page", CandidateInit("candidate:1"))


def test_a_candidate_reaches_the_peer_it_is_for(room: Room) -> None:
    _, amina = in_a_call(room)
    assert room.pass_on("nurse", "amina-page", CANDIDATE)
    assert amina.take()[0]["sender"] == "nurse-page"


def test_negotiation_waits_for_a_page_whose_socket_is_away(room: Room) -> None:
    _, amina = in_a_call(room)
    room.detach("amina", amina, NOW)
    for _ in range(KEPT_SIGNALS + 5):
        assert room.pass_on("nurse", "amina-page", CANDIDATE)
    again = Page("amina-page")
    enter(room, "amina", again)
    assert sum(frame["type"] == "candidate" for frame in again.take()) == KEPT_SIGNALS


def test_negotiation_that_waits_is_bounded_by_its_length_too(room: Room) -> None:
    _, amina = in_a_call(room)
    room.detach("amina", amina, NOW)
    offer = wire.ReceiveDescription("nurse-page", Description("offer", "x" * 40_000))
    for _ in range(KEPT_SIGNALS):
        assert room.pass_on("nurse", "amina-page", offer)
    assert 5 <= len(room.seats["amina"].signals) <= KEPT_SIGNAL_CHARACTERS / 40_000


def test_a_reloaded_page_does_not_get_the_negotiation_of_the_old_one(room: Room) -> None:
    _, amina = in_a_call(room)
    room.detach("amina", amina, NOW)
    room.pass_on("nurse", "amina-page", CANDIDATE)
    reloaded = Page("reloaded-page")
    enter(room, "amina", reloaded)
    assert not any(frame["type"] == "candidate" for frame in reloaded.take())


def test_nothing_is_forwarded_without_a_call_or_from_outside_it(room: Room) -> None:
    in_a_call(room)
    assert not room.pass_on("nurse", "stranger-page", CANDIDATE)
    assert not room.pass_on("brother", "amina-page", CANDIDATE)
    assert room.call is not None
    room.call = room.call.end(NOW)
    assert not room.pass_on("nurse", "amina-page", CANDIDATE)


def test_a_marker_moves_forward_only_and_not_past_the_chat(room: Room) -> None:
    write(room, 1)
    write(room, 2)
    assert room.mark_seen("amina", 2)
    assert not room.mark_seen("amina", 1)
    assert not room.mark_seen("amina", 2)
    assert not room.mark_seen("amina", 10**30)


def test_a_call_that_is_over_is_not_published_again(room: Room) -> None:
    nurse, _ = in_a_call(room)
    assert room.call is not None
    room.call = room.call.end(NOW)
    room.publish_call()
    nurse.take()
    room.publish_call_of("amina")
    assert nurse.take() == []


def test_whoever_cannot_take_calls_is_not_rung_and_the_others_know(room: Room) -> None:
    nurse, phone, laptop = Page("page-one"), Page("page-two"), Page("page-three")
    enter(room, "nurse", nurse)
    enter(room, "amina", phone, calls=False)
    assert [seat.participant_id for seat in room.reachable()] == ["nurse"]
    assert nurse.take()[-1]["participant"]["calls"] is False
    enter(room, "amina", laptop)
    assert [seat.participant_id for seat in room.reachable()] == ["nurse", "amina"]
    told = [frame["participant"] for frame in nurse.take() if "participant" in frame]
    assert [participant.get("calls", True) for participant in told] == [True]
