"""What the providers last said, by channel, since this server started; for whoever runs it."""

from dataclasses import dataclass, replace
from datetime import datetime

from signaling.notices.notice import Channel, Outcome, PermanentFailure, Sent


@dataclass(frozen=True)
class HandOver:
    """The latest that went well, and the latest that did not, on one channel."""

    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    reason: str = ""
    "Of that failure: a key of `signaling.notices.reasons.REASONS`."

    @property
    def failing(self) -> bool:
        """Whether the last one failed."""
        return self.failed_at is not None and (
            self.succeeded_at is None or self.succeeded_at < self.failed_at
        )


class HandOvers:
    def __init__(self) -> None:
        self._latest: dict[Channel, HandOver] = {}

    def note(self, channel: Channel, outcome: Outcome, now: datetime) -> None:
        """Record an outcome. What was wrong with a recipient says nothing about the provider."""
        before = self.of(channel)
        if isinstance(outcome, Sent):
            self._latest[channel] = replace(before, succeeded_at=now)
        elif not isinstance(outcome, PermanentFailure):
            self._latest[channel] = replace(before, failed_at=now, reason=outcome.reason)

    def of(self, channel: Channel) -> HandOver:
        return self._latest.get(channel, HandOver())
