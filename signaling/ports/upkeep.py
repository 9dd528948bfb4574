"""What a server stores about itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from signaling.numbers import Number


class SeenClock(Protocol):
    """The last stored time."""

    async def seen_at(self) -> datetime | None: ...
    async def see(self, now: datetime) -> None: ...


class Settings(Protocol):
    async def get(self, name: str) -> str | None: ...
    async def put(self, name: str, value: str) -> None: ...


class Numbers(Protocol):
    """How much happened, by the week."""

    async def count(self, now: datetime, numbers: Iterable[Number]) -> None: ...


class Audit(Protocol):
    async def append(self, at: datetime, actor: str, action: str, thing: str) -> None: ...
