"""Access that goes with what is written, told once that is durable.

Told here, where rows go, so that no page or command that takes access away has to remember what
is still open on the strength of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from storage.engine.database import Executor


@dataclass(frozen=True)
class WebSessionsEnded:
    """These browsers are signed out, or their time is over."""

    digests: frozenset[bytes]


@dataclass(frozen=True)
class SeatTaken:
    """Another browser has the seat of this invite now."""

    invite_id: str
    web_session_digest: bytes
    "Of the one that had it before."


@dataclass(frozen=True)
class SeatsLeft:
    """This browser gives up every seat it had."""

    web_session_digest: bytes


Loss = WebSessionsEnded | SeatTaken | SeatsLeft


class Losses:
    """Passes losses on to whoever listens."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Loss], None]] = []

    def ended(self, executor: Executor, digests: Iterable[bytes]) -> None:
        if gone := frozenset(digests):
            executor.after_commit(lambda: self._tell(WebSessionsEnded(gone)))

    def taken(self, executor: Executor, invite_id: str, digest: bytes) -> None:
        executor.after_commit(lambda: self._tell(SeatTaken(invite_id, digest)))

    def left(self, executor: Executor, digest: bytes) -> None:
        executor.after_commit(lambda: self._tell(SeatsLeft(digest)))

    def _tell(self, loss: Loss) -> None:
        for listener in self.listeners:
            listener(loss)
