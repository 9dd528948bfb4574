"""What carries notices to people."""

from collections.abc import Iterable
from typing import Protocol

from signaling.notices.notice import Outcome, Outgoing


class Sender(Protocol):
    """One way to reach a person; see `signaling/delivery/`."""

    async def prepare(self) -> None: ...

    async def send(self, outgoing: Outgoing) -> Outcome: ...


class Outbox(Protocol):
    """Notices that were written to files."""

    async def written(self) -> frozenset[str]:
        """Ids of the notices of which there are files."""
        ...

    async def discard_halves(self) -> None:
        """Delete what other processes left half written."""
        ...

    async def forget(self, notice_ids: Iterable[str]) -> None: ...
