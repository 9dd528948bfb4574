"""How long a connection may wait for what, and which is evicted first when places run out."""

from datetime import timedelta

import pytest

from tests.clock import MovableClock
from tests.serving import moment
from web.connections.eviction import (
    ADMITTED_WITHIN,
    BODY_WITHIN,
    HEAD_WITHIN,
    IDLE_WITHIN,
    PROTECTED,
    STAY_AT_LEAST,
    Connection,
    ConnectionTable,
    Stage,
)

SECOND = timedelta(seconds=1)


class World:
    """A table of so many connections, and the names of those that were evicted."""

    def __init__(self, capacity: int = 100, waiting: int = 100, network: int = 100) -> None:
        self.clock = MovableClock(moment("2026-12-07 12:00"))
        self.table = ConnectionTable(
            self.clock.now,
            capacity,
            capacity_for_waiting=waiting,
            network_capacity=network,
            network_capacity_for_waiting=network,
        )
        self.evicted: list[str] = []

    def connect(self, name: str, network: str | None = None) -> Connection:
        connection = Connection(lambda: self.evicted.append(name), network)
        self.table.add(connection)
        return connection


@pytest.mark.parametrize(
    ("stage", "within"),
    [
        (Stage.WAITING, HEAD_WITHIN),
        (Stage.WAITING, BODY_WITHIN),
        (Stage.WAITING, ADMITTED_WITHIN),
        (Stage.IDLE, IDLE_WITHIN),
        (Stage.SENDING, IDLE_WITHIN),
    ],
)
def test_who_is_waited_for_goes_when_the_time_is_over_and_not_before(
    stage: Stage, within: timedelta
) -> None:
    world = World()
    world.table.set_stage(world.connect("one"), stage, within)
    world.clock.move(within - SECOND)
    world.table.evict_overdue()
    assert world.evicted == []
    world.clock.move(SECOND)
    world.table.evict_overdue()
    assert world.evicted == ["one"]
    assert len(world.table) == 0


def test_who_comes_and_says_nothing_goes() -> None:
    world = World()
    world.connect("silent")
    world.clock.move(HEAD_WITHIN)
    world.table.evict_overdue()
    assert world.evicted == ["silent"]


def test_who_is_served_stays_for_ever() -> None:
    world = World(capacity=1)
    world.table.set_stage(world.connect("amina"), PROTECTED)
    world.clock.move(timedelta(days=1))
    world.table.evict_overdue()
    assert not world.table.make_room(None)
    assert not world.table.evict_first()
    assert world.evicted == []


def test_when_places_run_out_the_silent_go_first_then_the_idle_then_who_does_not_read() -> None:
    world = World(capacity=5)
    for name, stage in [
        ("reading", Stage.SENDING),
        ("served", Stage.SERVING),
        ("idle", Stage.IDLE),
        ("silent", Stage.WAITING),
        ("more silent", Stage.WAITING),
    ]:
        world.table.set_stage(world.connect(name), stage, timedelta(hours=1))
    world.clock.move(STAY_AT_LEAST)
    for number in range(4):
        assert world.table.must_wait() is None
        assert world.table.make_room(None)
        world.table.set_stage(world.connect(f"honest {number}"), PROTECTED)
    assert world.evicted == ["silent", "more silent", "idle", "reading"]
    assert not world.table.make_room(None)


def test_nobody_goes_for_another_in_their_first_second() -> None:
    world = World(capacity=2)
    world.connect("first")
    world.clock.move(STAY_AT_LEAST / 2)
    world.connect("second")
    assert world.table.must_wait() == STAY_AT_LEAST / 2
    world.clock.move(STAY_AT_LEAST / 2)
    assert world.table.must_wait() is None


def test_a_network_that_is_crowded_sends_its_own_away() -> None:
    world = World(network=2)
    world.connect("neighbor", "192.0.2.1")
    for name in ("one", "two"):
        world.connect(name, "192.0.2.2")
    assert world.table.make_room("192.0.2.2")
    assert world.evicted == ["one"]
    assert world.table.make_room("192.0.2.3")
    assert world.evicted == ["one"]


def test_this_machine_is_no_network() -> None:
    world = World(network=1)
    for number in range(50):
        assert world.table.make_room(None)
        world.connect(str(number))
    assert world.evicted == []


def test_a_proxy_is_as_many_networks_as_it_speaks_for() -> None:
    world = World(network=1)
    for name in ("one", "two", "other"):
        connection = world.connect(name)
        world.table.set_stage(connection, PROTECTED)
        world.table.expect_hello(connection, "192.0.2.9" if name == "other" else "192.0.2.2")
    assert world.evicted == ["one"]


def test_who_was_sent_away_does_not_come_back_by_what_they_said_last() -> None:
    world = World(capacity=1)
    connection = world.connect("one")
    world.table.evict_first()
    world.table.set_stage(connection, Stage.IDLE, IDLE_WITHIN)
    world.table.remove(connection)
    assert len(world.table) == 0
    assert world.table.make_room(None)
