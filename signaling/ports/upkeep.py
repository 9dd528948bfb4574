"""What a server stores about itself."""

from datetime import datetime
from typing import Protocol


class SeenClock(Protocol):
    """The time that was stored last."""

    async def seen_at(self) -> datetime | None: ...
    async def see(self, now: datetime) -> None: ...


class Settings(Protocol):
    async def get(self, name: str) -> str | None: ...
    async def put(self, name: str, value: str) -> None: ...


class Audit(Protocol):
    async def append(self, at: datetime, actor: str, action: str, thing: str) -> None: ...
