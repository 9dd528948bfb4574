"""What the providers last said, by channel, since this server started; for whoever runs it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from signaling.notices.notice import Channel, Outcome, PermanentFailure, Sent
from signaling.notices.reasons import REASONS

OF_RECIPIENTS = ("greylisted", "mailbox_full")
"Passing reasons that are no fault of the provider."
OF_THIS_MACHINE = ("disk_full", "outbox_unwritable")

_log = logging.getLogger(__name__)


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
    def __init__(self, settings: Mapping[Channel, str]) -> None:
        """`settings`: what the log names beside a failure, where the provider of a channel is set."""
        self._settings = settings
        self._latest: dict[Channel, HandOver] = {}

    def note(self, channel: Channel, outcome: Outcome, now: datetime) -> None:
        """Record an outcome. What was wrong with a recipient says nothing about the provider.

        The log tells once that a channel fails, for each reason, and once that it does no more.
        """
        before = self.of(channel)
        if isinstance(outcome, Sent):
            self._latest[channel] = replace(before, succeeded_at=now)
            if before.failing and before.reason not in OF_RECIPIENTS:
                _log.warning("%s works again.", channel)
        elif not isinstance(outcome, PermanentFailure):
            self._latest[channel] = replace(before, failed_at=now, reason=outcome.reason)
            new = not before.failing or before.reason != outcome.reason
            if new and outcome.reason not in OF_RECIPIENTS:
                setting = "" if outcome.reason in OF_THIS_MACHINE else self._settings[channel]
                details = ", ".join(filter(None, (outcome.code, setting)))
                told = REASONS[outcome.reason] + (f" ({details})" if details else "")
                _log.warning("%s fails: %s", channel, told)

    def of(self, channel: Channel) -> HandOver:
        return self._latest.get(channel, HandOver())
