"""Tickets of a seat: once, for a minute, and for nobody else's."""

from datetime import timedelta

import pytest

from tests.clock import MovableClock
from tests.serving import moment
from web.access.seat_tickets import VALID_FOR, SeatTickets

SESSION = b"a web session"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:30"))


@pytest.fixture
def tickets(clock: MovableClock) -> SeatTickets:
    return SeatTickets(clock.now)


def test_a_ticket_is_used_once(tickets: SeatTickets) -> None:
    ticket = tickets.issue("seat-1", SESSION)
    assert tickets.redeem(ticket, "seat-1") == SESSION
    assert tickets.redeem(ticket, "seat-1") is None


def test_a_ticket_of_another_seat_proves_nothing_and_is_gone(tickets: SeatTickets) -> None:
    ticket = tickets.issue("seat-1", SESSION)
    assert tickets.redeem(ticket, "seat-2") is None
    assert tickets.redeem(ticket, "seat-1") is None


def test_a_ticket_expires_and_is_then_not_kept(tickets: SeatTickets, clock: MovableClock) -> None:
    early = tickets.issue("seat-1", SESSION)
    clock.move(VALID_FOR - timedelta(seconds=1))
    late = tickets.issue("seat-1", SESSION)
    clock.move(timedelta(seconds=1))
    assert tickets.redeem(early, "seat-1") is None
    tickets.issue("seat-2", SESSION)
    assert len(tickets) == 2
    assert tickets.redeem(late, "seat-1") == SESSION


def test_what_nobody_issued_proves_nothing(tickets: SeatTickets) -> None:
    assert tickets.redeem("nothing-issued", "seat-1") is None
