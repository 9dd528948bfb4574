"""A command: what a participant asks for, done once however often it is repeated."""

from dataclasses import dataclass

MOST = 2000
"""Commands of one participant in one session; beyond this they start and join no more calls.
Joining again every minute for a day and a night, over a failing network, stays below it."""


@dataclass(frozen=True)
class Command:
    participant_id: str
    id: str
    "Made by their browser; unique per participant."
