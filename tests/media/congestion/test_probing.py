"""A probe finds out what a link takes, at a cost that audio bears. The link is a model."""

import random
from dataclasses import dataclass, field

import pytest

from media.congestion.probing import (
    MOST_RETRY_AFTER,
    MOST_UNHEARD,
    Prober,
    Round,
    Verdict,
)

MOST_OCTETS = 323
TICK = 0.02
PRESENT = 200_000.0


@dataclass
class Link:
    """What a link does with padding: a rate with a queue, jitter, loss, and clocks that differ."""

    capacity: float
    "Bits per second, of which ``PRESENT`` are in use."
    queue: float = 1.0
    "Seconds that packets may wait before they are dropped."
    delay: float = 0.1
    jitter: float = 0.0
    loss: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    backlog: float = 0.0
    "Bits that wait."
    last_at: float = 0.0
    longest_wait: float = 0.0
    dropped: int = 0

    def carry(self, at: float, octets: int) -> float | None:
        """When a packet that leaves at ``at`` arrives by the receiver's clock; None if never."""
        drained = (self.capacity - PRESENT) * (at - self.last_at)
        self.backlog, self.last_at = max(0.0, self.backlog - drained), at
        wait = self.backlog / self.capacity
        if wait > self.queue or self.chance.random() < self.loss:
            self.dropped += 1
            return None
        self.longest_wait = max(self.longest_wait, wait)
        self.backlog += octets * 8
        jitter = self.chance.uniform(-1, 1) * self.jitter
        return 5000.0 + at + wait + octets * 8 / self.capacity + self.delay + jitter


def probe(
    prober: Prober, link: Link, wanted: float, now: float = 10.0, reported: bool = True
) -> tuple[Verdict, float]:
    """The verdict on ``wanted``, and when it came. Reports come every 0.1 s, a trip late."""
    prober.begin(PRESENT, wanted, now)
    on_the_way: list[tuple[float, dict[int, float | None]]] = []
    while True:
        now += TICK
        while prober.round and prober.octets_due(now) >= (
            octets := min(MOST_OCTETS, int(prober.round.packet_octets))
        ):
            number = prober.next_number(octets, now)
            if reported:
                arrival = link.carry(now, octets)
                there = now + link.delay if arrival is None else arrival - 5000.0
                on_the_way.append((there + 0.1 + link.delay, {number: arrival}))
        for _, arrivals in [one for one in on_the_way if one[0] <= now]:
            prober.note_feedback(arrivals)
        on_the_way = [one for one in on_the_way if one[0] > now]
        verdict = prober.review(2 * link.delay, link.loss, now)
        if verdict is not None:
            return verdict, now


@pytest.mark.parametrize("wanted", [300e3, 700e3, 1.2e6, 3e6])
@pytest.mark.parametrize(("jitter", "loss"), [(0.0, 0.0), (0.02, 0.0), (0.01, 0.05), (0.0, 0.2)])
def test_a_link_with_room_is_found_to_have_it(wanted: float, jitter: float, loss: float) -> None:
    fitting = 0
    for seed in range(20):
        prober = Prober()
        link = Link(1.5 * wanted, jitter=jitter, loss=loss, chance=random.Random(seed))
        verdict, now = probe(prober, link, wanted)
        fitting += verdict is Verdict.FITS
        if verdict is Verdict.FITS:
            assert prober.fits(wanted, now)
            assert now - 10.0 < 2.5
    assert fitting >= 17


@pytest.mark.parametrize("capacity", [230e3, 300e3, 400e3, 600e3, 800e3])
@pytest.mark.parametrize("jitter", [0.0, 0.02])
def test_a_narrow_link_is_found_out_before_audio_suffers(capacity: float, jitter: float) -> None:
    for seed in range(20):
        prober = Prober()
        link = Link(capacity, jitter=jitter, chance=random.Random(seed))
        verdict, now = probe(prober, link, 1.1e6)
        assert verdict is Verdict.QUEUED
        assert not prober.fits(1.1e6, now)
        assert link.longest_wait < 0.3
        assert 0 < prober.next_at - now < MOST_RETRY_AFTER


def test_a_link_that_takes_a_little_less_than_wanted_is_no_wide_one() -> None:
    for seed in range(20):
        link = Link(0.8e6, jitter=0.01, chance=random.Random(seed))
        assert probe(Prober(), link, 1.0e6)[0] is Verdict.QUEUED


def test_a_link_without_a_queue_loses_few_packets() -> None:
    prober, now, dropped = Prober(), 10.0, []
    for _ in range(5):
        link = Link(300e3, queue=0.01)
        verdict, ended = probe(prober, link, 1.1e6, now)
        assert verdict is Verdict.LOST
        dropped.append(link.dropped)
        assert 0 < prober.next_at - ended <= MOST_RETRY_AFTER
        now = prober.next_at
    assert max(dropped) < 10


def test_what_has_fit_is_not_for_ever() -> None:
    prober = Prober()
    _, now = probe(prober, Link(5e6), 1e6)
    assert prober.fits(0.9e6, now + 5)
    assert not prober.fits(1.1e6, now + 5)
    assert not prober.fits(0.9e6, now + 60)
    prober.note_fitting(0.5e6, now + 1)
    assert prober.fits(0.9e6, now + 5), "less than that says nothing of it"
    prober.note_cut(0.4e6, now + 6)
    assert not prober.fits(0.5e6, now + 7)


def test_a_receiver_that_reports_nothing_is_left_alone() -> None:
    prober, now = Prober(), 10.0
    for _ in range(MOST_UNHEARD):
        assert prober.usable
        verdict, now = probe(prober, Link(5e6), 1e6, now, reported=False)
        assert verdict is Verdict.UNHEARD
    assert not prober.usable
    assert prober.next_at - now > 30


def test_a_report_on_what_was_not_sent_changes_nothing() -> None:
    def strange(at: int) -> dict[int, float | None]:
        return {at: None, at + 1: 3.0}

    prober = Prober()
    prober.note_feedback(strange(1))
    prober.begin(PRESENT, 1e6, 10.0)
    for number in range(0, 0x10000, 2):
        prober.note_feedback(strange(number))
    assert prober.review(0.1, 0.0, 10.1) is None


def test_a_queue_is_seen_where_numbers_start_over() -> None:
    sent = {number & 0xFFFF: index / 100 for index, number in enumerate(range(0xFFF9, 0x10005))}
    round_ = Round(1e6, 5e5, 0.15, 0.25, 0.0, sent=sent)
    round_.delays = {number: 0.05 + 0.5 * left for number, left in reversed(sent.items())}
    growth, seconds = round_.growth()
    assert growth == pytest.approx(0.5 * seconds)
    assert seconds == pytest.approx(0.08)
    assert round_.verdict(0.0) is Verdict.QUEUED
