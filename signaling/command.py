"""A command: what somebody in a session asks for, which is done once however often it comes."""

from dataclasses import dataclass

MOST = 2000
"""Of one person in one session; then they start and join no more calls. Who joins anew every minute
of a day and a night, because their line fails, stays below it."""


@dataclass(frozen=True)
class Command:
    participant_id: str
    id: str
    "Made by their browser; nobody else's command has it, whatever its letters."
