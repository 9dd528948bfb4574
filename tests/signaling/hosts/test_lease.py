"""Two hosts never act for one room at once, whatever their network, processes and clocks do.

Hosts, their clocks and the database are played here. Nothing else happens in the database but what
the statements of `storage/records/hosts.py` do, each at one instant.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.hosts.lease import (
    ACTS_FOR,
    ENDED_AFTER,
    LOOKED_WITHIN,
    MOST_DRIFT,
    RENEW_EVERY,
    Lease,
    Watch,
)

UNTIL = 60.0
"Seconds that are played."


@dataclass
class Database:
    """One room, and the rows of hosts: each statement happens at one instant."""

    rows: dict[str, int] = field(default_factory=dict)
    owner: str = ""

    def begin(self, host_id: str) -> bool:
        self.rows[host_id] = 0
        return True

    def renew(self, host_id: str) -> bool:
        if host_id not in self.rows:
            return False
        self.rows[host_id] += 1
        return True

    def read(self) -> dict[str, int]:
        return dict(self.rows)

    def end(self, over: list[tuple[str, int]]) -> None:
        for host_id, renewals in over:
            if self.rows.get(host_id) == renewals:
                del self.rows[host_id]
                if self.owner == host_id:
                    self.owner = ""

    def take(self, host_id: str) -> bool:
        if host_id in self.rows and not self.owner:
            self.owner = host_id
        return self.owner == host_id


class World:
    """True time, and what is going to happen."""

    def __init__(self, chance: random.Random) -> None:
        self.now = 0.0
        self.chance = chance
        self.database = Database()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def after(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._numbers), action))

    def run(self) -> None:
        while self._events and self._events[0][0] < UNTIL:
            self.now, _, action = heapq.heappop(self._events)
            action()


class Host:
    """One process, with a clock of its own, that asks the database over a bad network."""

    def __init__(self, world: World, name: str, rate: float) -> None:
        self.world = world
        self.name = name
        self._rate, self._started = rate, world.chance.uniform(-1e6, 1e6)
        self._paused_until = self._cut_until = 0.0
        self._numbers = count()
        self.acted: list[tuple[float, float]] = []
        "Spans of true time in which it may act for the room."
        self._watch = Watch()
        self._begin()

    def clock(self, at: float | None = None) -> float:
        return self._started + self._rate * (self.world.now if at is None else at)

    def _ask(self, statement: Callable[[], object], then: Callable[[object], None]) -> None:
        """A statement, and its answer: both take their time, the answer may never come."""
        chance = self.world.chance

        def happen() -> None:
            answer = statement()
            if chance.random() < 0.95 and not self._is_cut:
                self.world.after(self._delay(), lambda: self._hear(lambda: then(answer)))

        if chance.random() < 0.95 and not self._is_cut:
            self.world.after(self._delay(), happen)

    @property
    def _is_cut(self) -> bool:
        return self.world.now < self._cut_until

    def _delay(self) -> float:
        chance = self.world.chance
        return chance.choice((0.0, 0.001, 0.01, chance.uniform(0, 0.5), chance.uniform(0, 8)))

    def _hear(self, action: Callable[[], None]) -> None:
        """An answer, or a timer: handled once the process runs."""
        if self.world.now < self._paused_until:
            self.world.after(self._paused_until - self.world.now, lambda: self._hear(action))
        else:
            action()

    def pause(self, seconds: float) -> None:
        """The process stands still, its clock does not."""
        self._paused_until = max(self._paused_until, self.world.now + seconds)

    def cut(self, seconds: float) -> None:
        """Nothing reaches the database, and no answer comes."""
        self._cut_until = max(self._cut_until, self.world.now + seconds)

    def _begin(self) -> None:
        host_id, began = f"{self.name}-{next(self._numbers)}", self.clock()
        self._lease = Lease(host_id, began - 1e9)
        self._owns = False
        begin = partial(self.world.database.begin, host_id)
        self._ask(begin, lambda _: self._renewed(host_id, began))
        self._again(host_id)

    def _again(self, host_id: str) -> None:
        def tick() -> None:
            if self._lease.host_id != host_id:
                return None
            began = self.clock()
            if self._lease.renewed_at > began - 1e8 and not self._lease.acts(began):
                return self._begin()  # its rooms are lost: begin again under another id
            self._ask(
                lambda: self.world.database.renew(host_id),
                lambda done: self._renewed(host_id, began) if done else self._lost(host_id),
            )
            self._ask(self.world.database.read, self._saw)
            if over := [row for row in self._watch.over(began) if row[0] != host_id]:
                self._ask(lambda: self.world.database.end(list(over)), lambda _: None)
            self._ask(
                lambda: self.world.database.take(host_id),
                lambda taken: self._took(host_id) if taken else None,
            )
            return self._again(host_id)

        self.world.after(RENEW_EVERY / self._rate, lambda: self._hear(tick))

    def _lost(self, host_id: str) -> None:
        if self._lease.host_id == host_id and self._lease.renewed_at > self.clock() - 1e8:
            self._begin()

    def _renewed(self, host_id: str, began: float) -> None:
        if self._lease.host_id == host_id:
            self._lease = self._lease.renewed(began)
            self._note()

    def _saw(self, rows: object) -> None:
        assert isinstance(rows, dict)
        self._watch.see(rows, self.clock())

    def _took(self, host_id: str) -> None:
        if self._lease.host_id == host_id:
            self._owns = True
            self._note()

    def _note(self) -> None:
        """From now on it may act, until the lease ends by its own clock."""
        if self._owns and self._lease.acts(self.clock()):
            left = (self._lease.renewed_at + ACTS_FOR - self.clock()) / self._rate
            self.acted.append((self.world.now, self.world.now + left))


def play(seed: int, rates: list[float]) -> list[Host]:
    """Hosts with clocks of these rates."""
    chance = random.Random(seed)
    world = World(chance)
    hosts = [Host(world, name, rate) for name, rate in zip("abc", rates, strict=True)]
    for host in hosts:
        for trouble in (host.pause, host.cut):
            for _ in range(chance.randrange(4)):
                length = chance.choice((1.0, 2.5, 5.0, 15.0))
                world.after(chance.uniform(0, UNTIL), partial(trouble, length))
    world.run()
    return hosts


def overlaps(hosts: list[Host]) -> list[str]:
    """Where two hosts may act at once."""
    spans = sorted((span, host.name) for host in hosts for span in host.acted)
    until: dict[str, float] = {}
    found = []
    for (begin, end), name in spans:
        found += [
            f"{name} acts at {begin:.3f}, and {other} to {to:.3f}"
            for other, to in until.items()
            if other != name and to > begin
        ]
        until[name] = max(end, until.get(name, 0.0))
    return found


rates = st.lists(st.floats(1 - MOST_DRIFT, 1 + MOST_DRIFT), min_size=3, max_size=3)


@given(seed=st.integers(0, 2**32), rates=rates)
def test_two_hosts_never_act_for_one_room_at_once(seed: int, rates: list[float]) -> None:
    assert not overlaps(play(seed, rates))


def test_the_worlds_played_have_hosts_that_lose_the_room_to_each_other() -> None:
    changes = 0
    for seed in range(40):
        spans = sorted((span, host.name) for host in play(seed, [1.0] * 3) for span in host.acted)
        names = [name for _, name in spans]
        changes += sum(one != other for one, other in pairwise(names))
    assert changes > 40


def test_hosts_that_end_others_too_soon_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.hosts.lease.ENDED_AFTER", ACTS_FOR / 2)
    assert any(overlaps(play(seed, [1.0] * 3)) for seed in range(40))


def test_the_margin_is_larger_than_what_two_clocks_may_differ_by() -> None:
    assert ENDED_AFTER * (1 - MOST_DRIFT) > ACTS_FOR * (1 + MOST_DRIFT)


def test_a_host_acts_from_the_beginning_of_a_renewal_and_no_longer_than_it_lasts() -> None:
    lease = Lease("a", 10.0)
    assert lease.acts(10.0 + ACTS_FOR - 0.001)
    assert not lease.acts(10.0 + ACTS_FOR)
    assert lease.renewed(11.0).acts(10.0 + ACTS_FOR)
    assert lease.renewed(9.0) == lease  # an answer that was overtaken


def test_a_row_is_over_when_it_has_been_seen_unchanged_for_long_enough() -> None:
    watch = Watch()
    watch.see({"a": 4, "b": 1}, 100.0)
    watch.see({"a": 4, "b": 1}, 101.0)
    watch.see({"a": 4, "b": 2}, 102.0)
    assert watch.over(100.0 + ENDED_AFTER - 0.001) == []
    assert watch.over(100.0 + ENDED_AFTER) == [("a", 4)]
    assert watch.next_at("a") == 102.0 + ENDED_AFTER


def test_a_row_that_is_gone_is_watched_no_longer() -> None:
    watch = Watch()
    watch.see({"a": 4}, 100.0)
    watch.see({}, 101.0)
    assert watch.over(200.0) == []
    assert watch.next_at("b") is None


def test_after_an_outage_of_the_database_the_others_are_given_the_time_to_renew() -> None:
    watch = Watch()
    watch.see({"a": 4}, 100.0)
    back = 100.0 + LOOKED_WITHIN + 0.1
    watch.see({"a": 4}, back)
    watch.see({"a": 4}, back + 1.0)
    assert watch.over(back + ENDED_AFTER - 0.001) == []
    assert watch.over(back + ENDED_AFTER) == [("a", 4)]
