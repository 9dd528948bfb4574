"""How much one subscriber can take, and what to send within it.

Two kinds of evidence say that a link is full: the receiver's own estimate (REMB) falls below what
is sent, or its reports show loss. Without evidence nothing is held back. After a cut the limit
grows slowly, and each growth that fails is tried again later, so that pictures do not flicker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNLIMITED = 50_000_000
"Bits per second meaning that nothing is known to limit the link."
FLOOR = 60_000
"Bits per second never gone below: sound and its reports."
LOSS_CUT = 0.10
"Fraction of packets lost above which a link is full (RFC 8836 and GCC use the same 10 %)."
LOSS_CALM = 0.02
"Fraction below which it is not."
REMB_MARGIN = 0.85
"A receiver's estimate below this part of what is sent means that packets queue up."
GROWTH = 1.08
"Factor a second, as browsers grow their own estimates."
LESS = 0.6
LESS_ARRIVED = 0.75
"When this part of an earlier rate is sent, and less than that part arrives, loss is natural."
HOLD = 4.0
"Seconds without growth after a cut; doubled by each cut that follows a growth at once."
LONGEST_HOLD = 60.0
RELAPSE = 10.0
"Seconds after a growth began within which a cut means that it failed."
UPGRADE_MARGIN = 1.15
"What a better encoding may cost more than it does now and still fit."
SMALLEST_VIDEO = 100_000
"""Bits per second below which a moving picture is not worth sending. Still ones take less, and so
few packets that a receiver's estimate of them is chance: only loss holds them back."""
SQUEEZE = 0.75
"""Part of its present rate within which a picture goes on: a receiver's first doubt takes 15 %
away, and its publisher can send less, or the doubt passes."""


@dataclass
class Estimate:
    """What is known of one subscriber's link. Times are seconds, rates bits per second."""

    limit: float = UNLIMITED
    hold: float = HOLD
    held_until: float = 0.0
    grown_at: float = -1000.0
    updated_at: float = -1.0
    loss: float = 0.0
    "Fraction lost beyond what the link loses whatever is sent."
    natural_loss: float = 0.0
    blamed_rate: float = 0.0
    blamed_arrived: float = 0.0
    "What was sent, and what arrived of it, when that was last much more."
    remb: int = 0
    remb_at: float = -1000.0
    low_rembs: int = 0

    def note_loss(self, fraction: float, sent: float, now: float) -> None:
        """A receiver report: ``fraction`` lost of what was sent at rate ``sent``.

        Radio links lose packets however few are sent: that is no sign of a full link, and no
        reason to take the pictures away. Through a full link as much arrives when less is sent,
        through a bad one less does.
        """
        arrived = sent * (1 - fraction)
        less = sent < LESS * self.blamed_rate
        if less and arrived < LESS_ARRIVED * self.blamed_arrived:
            self.natural_loss = max(self.natural_loss, fraction)
        if fraction <= LOSS_CALM:
            self.blamed_rate = 0.0
        elif less or (fraction > LOSS_CUT and not self.blamed_rate):
            self.blamed_rate, self.blamed_arrived = sent, arrived
        # A little at a time: single reports count few packets.
        self.natural_loss += 0.1 * (min(fraction, self.natural_loss) - self.natural_loss)
        self.loss = max(0.0, fraction - self.natural_loss)
        if self.loss > LOSS_CUT:
            self._cut(sent * (1 - 0.5 * self.loss), now)

    def note_remb(self, bitrate: int, sent: float, beside: float, now: float) -> None:
        """A receiver's estimate. Two in a row must be low: the first ones of a call always are.

        Browsers estimate from video alone and claim little more than they receive of it. So
        ``sent`` is the video sent to them, and ``beside`` the sound, which has room of its own.
        """
        self.remb = bitrate
        self.remb_at = now
        bitrate = max(bitrate, SMALLEST_VIDEO)
        if sent > 0 and bitrate < REMB_MARGIN * sent:
            self.low_rembs += 1
            if self.low_rembs >= 2:
                self._cut(bitrate + beside, now)
        else:
            self.low_rembs = 0

    def grow(self, now: float) -> None:
        """Let time pass without evidence against the link."""
        seconds = now - self.updated_at if self.updated_at >= 0 else 0.0
        self.updated_at = now
        if self.limit >= UNLIMITED or now < self.held_until or self.loss > LOSS_CALM:
            return
        if self.grown_at < self.held_until:
            self.grown_at = now
        self.limit = min(UNLIMITED, self.limit * GROWTH ** min(seconds, 5.0))
        if now - self.grown_at > 2 * RELAPSE:
            self.hold = HOLD

    def _cut(self, limit: float, now: float) -> None:
        if now < self.held_until and limit >= self.limit:
            return
        if now - self.grown_at < RELAPSE:
            self.hold = min(LONGEST_HOLD, self.hold * 2)
        self.limit = max(FLOOR, min(self.limit, limit))
        self.held_until = now + self.hold


@dataclass(frozen=True)
class Choice:
    """One video a subscriber wants, with the encodings fit for it, best first."""

    key: object
    rates: tuple[float, ...]
    "Bits per second of each encoding now."
    current: int | None
    "Index of the encoding forwarded now, None while paused."
    adaptable: bool
    "The publisher sends one encoding and can be asked to send less."


@dataclass
class Allocation:
    """What to forward."""

    chosen: dict[object, int | None] = field(default_factory=dict)
    "Key of a choice -> index of the encoding, None to pause."
    shares: dict[object, float] = field(default_factory=dict)
    "Key of an adaptable choice -> most bits per second its publisher should send."


def allocate(limit: float, audio: float, choices: Sequence[Choice]) -> Allocation:
    """Fit videos into ``limit`` after ``audio``, which is never dropped.

    Choices come in order of importance. Each first gets its cheapest encoding, so that all are
    seen before any is seen well; what remains makes them better one after the other.
    """
    result = Allocation()
    free = limit - audio
    if limit >= UNLIMITED:
        for choice in choices:
            result.chosen[choice.key] = 0 if choice.rates else None
        return result
    costs: dict[object, float] = {}
    waiting = [choice for choice in choices if choice.rates]
    for position, choice in enumerate(waiting):
        fair = free / (len(waiting) - position)
        margin = 1.0 if choice.current is not None else UPGRADE_MARGIN
        if choice.adaptable:
            least = min(SMALLEST_VIDEO, choice.rates[0] * (SQUEEZE if margin == 1.0 else margin))
            cost = max(least, min(fair, choice.rates[0] * UPGRADE_MARGIN))
        else:
            least = cost = choice.rates[-1] * margin
        if least > free:
            result.chosen[choice.key] = None
            continue
        result.chosen[choice.key] = len(choice.rates) - 1
        costs[choice.key] = min(cost, free)
        if choice.adaptable:
            result.shares[choice.key] = max(fair, SMALLEST_VIDEO)
        free -= costs[choice.key]
    _improve(waiting, result.chosen, costs, free)
    for choice in choices:
        result.chosen.setdefault(choice.key, None)
    return result


def _improve(
    choices: Sequence[Choice],
    chosen: dict[object, int | None],
    costs: Mapping[object, float],
    free: float,
) -> None:
    paid = dict(costs)
    improved = True
    while improved:
        improved = False
        for choice in choices:
            index = chosen[choice.key]
            if index is None or index == 0:
                continue
            margin = (
                1.0
                if choice.current is not None and choice.current <= index - 1
                else UPGRADE_MARGIN
            )
            cost = choice.rates[index - 1] * margin
            if cost - paid[choice.key] <= free:
                free -= cost - paid[choice.key]
                paid[choice.key] = cost
                chosen[choice.key] = index - 1
                improved = True
