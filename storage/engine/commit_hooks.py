"""What the rest of the server learns from a commit, once it is durable: lost access, due notices.

Recorded here, where rows go, so that no page or command has to remember who leans on what it
deletes, or who waits for what it adds. What is undone is never reported.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from storage.engine.executor import Executor


@dataclass(frozen=True)
class WebSessionsEnded:
    """These browsers are signed out, or their web sessions have expired."""

    digests: frozenset[bytes]


@dataclass(frozen=True)
class SeatTaken:
    """Another browser holds the seat of this invite now."""

    invite_id: str
    web_session_digest: bytes
    "Of the browser that held it before."


@dataclass(frozen=True)
class SeatsLeft:
    """This browser gave up every seat it held."""

    web_session_digest: bytes


@dataclass(frozen=True)
class WebSessionMoved:
    """Somebody signed in again in the same browser: all that they had open goes on."""

    before: bytes
    after: bytes
    "Digests of its web sessions."


@dataclass(frozen=True)
class PlaceLost:
    """An account does not hold this consultation any more."""

    consultation_id: str
    account_id: str


Loss = WebSessionsEnded | SeatTaken | SeatsLeft | WebSessionMoved | PlaceLost


class CommitHooks:
    """`web/app.py` sets each hook once; one that is not set is not called."""

    def __init__(self) -> None:
        self.access_lost: Callable[[Loss], None] | None = None
        "Called for each loss."
        self.notice_due: Callable[[], None] | None = None
        "Called once for a commit that gave the sender something new to look at."
        self.account_mail_due: Callable[[], None] | None = None
        "The same for mail about accounts."

    def web_sessions_ended(self, executor: Executor, digests: Iterable[bytes]) -> None:
        if ended := frozenset(digests):
            executor.after_commit(lambda: self._lose(WebSessionsEnded(ended)))

    def web_session_moved(self, executor: Executor, before: bytes, after: bytes) -> None:
        executor.after_commit(lambda: self._lose(WebSessionMoved(before, after)))
        executor.tell_others(f"moved {before.hex()} {after.hex()}")

    def seat_taken(self, executor: Executor, invite_id: str, digest: bytes) -> None:
        executor.after_commit(lambda: self._lose(SeatTaken(invite_id, digest)))

    def seats_left(self, executor: Executor, digest: bytes) -> None:
        executor.after_commit(lambda: self._lose(SeatsLeft(digest)))

    def place_lost(self, executor: Executor, consultation_id: str, account_id: str) -> None:
        executor.after_commit(lambda: self._lose(PlaceLost(consultation_id, account_id)))

    def notice_queued(self, executor: Executor) -> None:
        executor.after_commit(self._wake)

    def account_mail_queued(self, executor: Executor) -> None:
        executor.after_commit(self._wake_account_mail)

    def _lose(self, loss: Loss) -> None:
        if self.access_lost is not None:
            self.access_lost(loss)

    def _wake(self) -> None:
        if self.notice_due is not None:
            self.notice_due()

    def _wake_account_mail(self) -> None:
        if self.account_mail_due is not None:
            self.account_mail_due()
