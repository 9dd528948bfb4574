"""Calls as they are stored, and the commands of participants that were done."""

from typing import Protocol

from signaling.calls.call import Call
from signaling.command import Command


class Calls(Protocol):
    async def put(self, consultation_id: str, call: Call) -> bool: ...
    async def current(self, consultation_id: str) -> Call | None: ...


class Commands(Protocol):
    """Commands that were done, so that a repeated one has no effect."""

    async def mark_done(self, consultation_id: str, command: Command) -> bool: ...
    async def is_done(self, consultation_id: str, command: Command) -> bool: ...
    async def count_of(self, consultation_id: str, participant_id: str) -> int: ...
