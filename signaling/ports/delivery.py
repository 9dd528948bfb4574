"""What carries notices to people."""

from collections.abc import Iterable
from typing import Protocol

from signaling.notices.notice import Outcome, Outgoing


class Sender(Protocol):
    """Delivers notices over a channel, see `signaling/delivery/`."""

    async def prepare(self) -> None: ...

    async def send(self, outgoing: Outgoing) -> Outcome: ...


class Outbox(Protocol):
    """Notices that were written to files."""

    async def written(self) -> frozenset[str]:
        """Ids of the notices that have a file."""
        ...

    async def discard_halves(self) -> None:
        """Delete files that other processes left incomplete."""
        ...

    async def forget(self, notice_ids: Iterable[str]) -> None: ...
