"""Which encodings to send to one subscriber within the limit of its link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from media.congestion.bandwidth_estimate import UNLIMITED

Key = TypeVar("Key")

UPGRADE_MARGIN = 1.15
"Factor by which a better encoding must fit beyond its present rate."
KEPT_SHARE = 0.75
"""Fraction of its present rate for which the smallest encoding goes on: estimates are rough, a
first low REMB takes 15 % away, and a video paused in vain is missed for much longer than one kept
in vain, which the next reports reveal."""


@dataclass(frozen=True)
class Choice(Generic[Key]):
    """One video a subscriber wants, with the encodings fit for it, best first."""

    key: Key
    rates: tuple[float, ...]
    "Bits per second of each encoding now."
    current: int | None
    "Index of the encoding forwarded now, None while paused."
    floor: float | None = None
    """Fewest bits per second that its publisher may be asked for; None if it sends several
    encodings, and so cannot be asked."""


@dataclass
class Allocation(Generic[Key]):
    """The encodings to forward."""

    chosen: dict[Key, int | None] = field(default_factory=dict)
    "Key of a choice -> index of the encoding, None to pause."
    shares: dict[Key, float] = field(default_factory=dict)
    "Key of a choice with a floor -> most bits per second its publisher should send."


def allocate(limit: float, audio: float, choices: Sequence[Choice[Key]]) -> Allocation[Key]:
    """Fit videos into what ``audio``, which is never dropped, leaves of ``limit``.

    Choices come in order of importance. Each first gets its cheapest encoding, so that all are
    seen before any is seen well; what remains upgrades them one after the other.
    """
    result: Allocation[Key] = Allocation()
    free = limit - audio
    if limit >= UNLIMITED:
        for choice in choices:
            result.chosen[choice.key] = 0 if choice.rates else None
        return result
    costs: dict[Key, float] = {}
    waiting = [choice for choice in choices if choice.rates]
    for position, choice in enumerate(waiting):
        fair = free / (len(waiting) - position)
        least = choice.rates[-1] * (UPGRADE_MARGIN if choice.current is None else KEPT_SHARE)
        if choice.floor is not None:
            least = min(choice.floor, least)
            cost = max(least, min(fair, choice.rates[0] * UPGRADE_MARGIN))
        else:
            cost = max(least, choice.rates[-1])
        if least > free:
            result.chosen[choice.key] = None
            continue
        result.chosen[choice.key] = len(choice.rates) - 1
        costs[choice.key] = min(cost, free)
        if choice.floor is not None:
            result.shares[choice.key] = max(fair, choice.floor)
        free -= costs[choice.key]
    _improve(waiting, result.chosen, costs, free)
    for choice in choices:
        result.chosen.setdefault(choice.key, None)
    return result


def _improve(
    choices: Sequence[Choice[Key]],
    chosen: dict[Key, int | None],
    costs: Mapping[Key, float],
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
