"""What a room keeps of its chat, and how much may be written."""

from datetime import UTC, datetime

import pytest

from signaling.chat import (
    AUTHOR_BYTES,
    MIB,
    NEARLY_FULL_BYTES,
    NEWEST_BYTES,
    NEWEST_LINES,
    SESSION_BYTES,
    SPARE_BYTES,
    ChatMessage,
    LineKind,
    stored_bytes,
    writable_bytes,
)
from signaling.rooms.transcript import Transcript
from signaling.wire.messages import Snapshot, encode
from signaling.wire.values import ConsultationView

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)


def line(position: int, text: str = "x", kind: LineKind = "text") -> ChatMessage:
    return ChatMessage(f"message-{position:08}", "consultation", position, "amina", kind, text, NOW)


@pytest.mark.parametrize("text", ["", "x" * 60, "x" * 4000, "\U0001f9d1" * 4000, '"\n' * 2000])
def test_the_newest_lines_are_kept_whatever_is_written(text: str) -> None:
    transcript = Transcript([line(position, text) for position in range(1, 101)])
    for position in range(101, 1001):
        transcript.add(line(position, text))
    kept = [line.position for line in transcript.lines]
    assert kept == list(range(1001 - len(kept), 1001))
    assert len(kept) <= NEWEST_LINES
    view = ConsultationView("consultation", "active", "remote")
    assert len(encode(Snapshot(0, view, [], transcript.lines, {})).encode()) <= NEWEST_BYTES + 200
    assert transcript.last == 1000


def test_a_late_line_is_sorted_by_its_position() -> None:
    transcript = Transcript([line(1)])
    transcript.add(line(3))
    transcript.add(line(2))
    assert [line.position for line in transcript.lines] == [1, 2, 3]


def test_whoever_joined_and_did_not_leave_is_there() -> None:
    transcript = Transcript([], {}, {"amina": "joined"})
    assert transcript.is_there("amina")
    transcript.add(line(2, "", "left"))
    assert not transcript.is_there("amina")
    assert not transcript.is_there("nurse")


def test_an_author_is_warned_long_before_the_limit_and_then_refused() -> None:
    full = {"amina": AUTHOR_BYTES - NEARLY_FULL_BYTES - stored_bytes("x")}
    transcript = Transcript([], full)
    transcript.add(line(1))
    assert not transcript.nearly_full("amina")
    transcript.add(line(2))
    assert transcript.nearly_full("amina")
    assert transcript.has_room_for("amina", "x" * 4000)
    assert not Transcript([], {"amina": AUTHOR_BYTES - 10}).has_room_for("amina", "x")
    assert not transcript.nearly_full("nurse")


def test_a_session_filled_by_others_silences_nobody() -> None:
    written = {f"guest-{number}": AUTHOR_BYTES for number in range(SESSION_BYTES // AUTHOR_BYTES)}
    assert writable_bytes(written, "nurse") == SPARE_BYTES
    assert writable_bytes({**written, "nurse": 3 * MIB}, "nurse") < 0
    assert writable_bytes(written, "guest-1") == 0
