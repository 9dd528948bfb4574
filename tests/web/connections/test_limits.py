"""Who may wait how long for what, and who goes first when places run out."""

from datetime import timedelta

import pytest

from tests.serving import moment
from web.clockwork import MovableClock
from web.connections.limits import (
    BODY_WITHIN,
    FINAL,
    GREETING_WITHIN,
    HEAD_WITHIN,
    IDLE_WITHIN,
    STAY_AT_LEAST,
    Standing,
    Visitor,
    Visitors,
)

SECOND = timedelta(seconds=1)


class House:
    """A book of visitors with so many places, and the names of those who were sent away."""

    def __init__(self, places: int = 100, unheard: int = 100, network: int = 100) -> None:
        self.clock = MovableClock(moment("2026-12-07 12:00"))
        self.book = Visitors(
            self.clock.now,
            places,
            places_for_unheard=unheard,
            places_for_network=network,
            places_for_network_unheard=network,
        )
        self.gone: list[str] = []

    def come(self, name: str, network: str | None = None) -> Visitor:
        visitor = Visitor(lambda: self.gone.append(name), network)
        self.book.enter(visitor)
        return visitor


@pytest.mark.parametrize(
    ("standing", "within"),
    [
        (Standing.UNHEARD, HEAD_WITHIN),
        (Standing.UNHEARD, BODY_WITHIN),
        (Standing.UNHEARD, GREETING_WITHIN),
        (Standing.IDLE, IDLE_WITHIN),
        (Standing.READING, IDLE_WITHIN),
    ],
)
def test_who_is_waited_for_goes_when_the_time_is_over_and_not_before(
    standing: Standing, within: timedelta
) -> None:
    house = House()
    house.book.stand(house.come("one"), standing, within)
    house.clock.move(within - SECOND)
    house.book.send_away_overdue()
    assert house.gone == []
    house.clock.move(SECOND)
    house.book.send_away_overdue()
    assert house.gone == ["one"]
    assert len(house.book) == 0


def test_who_comes_and_says_nothing_goes() -> None:
    house = House()
    house.come("silent")
    house.clock.move(HEAD_WITHIN)
    house.book.send_away_overdue()
    assert house.gone == ["silent"]


def test_who_is_served_stays_for_ever() -> None:
    house = House(places=1)
    house.book.stand(house.come("amina"), FINAL)
    house.clock.move(timedelta(days=1))
    house.book.send_away_overdue()
    assert not house.book.admit(None)
    assert not house.book.send_away_first()
    assert house.gone == []


def test_when_places_run_out_the_silent_go_first_then_the_idle_then_who_does_not_read() -> None:
    house = House(places=5)
    for name, standing in [
        ("reading", Standing.READING),
        ("served", Standing.SERVED),
        ("idle", Standing.IDLE),
        ("silent", Standing.UNHEARD),
        ("more silent", Standing.UNHEARD),
    ]:
        house.book.stand(house.come(name), standing, timedelta(hours=1))
    house.clock.move(STAY_AT_LEAST)
    for number in range(4):
        assert house.book.must_wait() is None
        assert house.book.admit(None)
        house.book.stand(house.come(f"honest {number}"), FINAL)
    assert house.gone == ["silent", "more silent", "idle", "reading"]
    assert not house.book.admit(None)


def test_nobody_goes_for_another_in_their_first_second() -> None:
    house = House(places=2)
    house.come("first")
    house.clock.move(STAY_AT_LEAST / 2)
    house.come("second")
    assert house.book.must_wait() == STAY_AT_LEAST / 2
    house.clock.move(STAY_AT_LEAST / 2)
    assert house.book.must_wait() is None


def test_a_network_that_is_crowded_sends_its_own_away() -> None:
    house = House(network=2)
    house.come("neighbor", "192.0.2.1")
    for name in ("one", "two"):
        house.come(name, "192.0.2.2")
    assert house.book.admit("192.0.2.2")
    assert house.gone == ["one"]
    assert house.book.admit("192.0.2.3")
    assert house.gone == ["one"]


def test_this_machine_is_no_network() -> None:
    house = House(network=1)
    for number in range(50):
        assert house.book.admit(None)
        house.come(str(number))
    assert house.gone == []


def test_a_proxy_is_as_many_networks_as_it_speaks_for() -> None:
    house = House(network=1)
    for name in ("one", "two", "other"):
        visitor = house.come(name)
        house.book.stand(visitor, FINAL)
        house.book.greet(visitor, "192.0.2.9" if name == "other" else "192.0.2.2")
    assert house.gone == ["one"]


def test_who_was_sent_away_does_not_come_back_by_what_they_said_last() -> None:
    house = House(places=1)
    visitor = house.come("one")
    house.book.send_away_first()
    house.book.stand(visitor, Standing.IDLE, IDLE_WITHIN)
    house.book.leave(visitor)
    assert len(house.book) == 0
    assert house.book.admit(None)
