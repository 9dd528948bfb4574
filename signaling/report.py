"""A report: the facts of one consultation that somebody may take home.

Here is the rule of what belongs in a report. By default that is the date and the start time
and what was written in the chat, with author and time, and nothing else: a report leaves the
house as a file, so every further fact is one the administrator has switched on.
How a report looks is no concern of this module; `web/report/pdf.py` draws it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

PART_SIZE = 4 * 2**20
"""Of the chat in one file, as `printed_size` counts: some 33,000 short lines. A longer chat comes in
several: each is drawn while a browser waits, and opens on an old computer."""

ReportLineKind = Literal["chat", "event"]


@dataclass(frozen=True)
class ReportContents:
    """What the administrator has switched on besides the default."""

    names: bool = False
    "Who took part."
    ending: bool = False
    "When the consultation ended, and therefore how long it took."
    events: bool = False
    "Lines that nobody wrote, such as who came and who left."


@dataclass(frozen=True)
class ReportLine:
    """One thing that was written or that happened, in the order of the chat."""

    author: str
    "The label that the others saw beside the line; empty for an event without an author."
    sent_at: datetime
    text: str
    kind: ReportLineKind = "chat"

    def __post_init__(self) -> None:
        _refuse_naive("sent_at", self.sent_at)
        if self.kind not in ("chat", "event"):
            raise ValueError(f"a report line is chat or event, not {self.kind!r}")


@dataclass(frozen=True)
class Report:
    """The facts to draw, already reduced to what may be shown.

    `language` is a BCP 47 tag such as "fr" or "fa-AF"; `time_zone` an IANA name such as
    "Europe/Zurich". Times are kept in UTC and shown in that zone.
    """

    language: str
    time_zone: str
    started_at: datetime | None
    "None if the consultation never started."
    lines: tuple[ReportLine, ...] = ()
    names: tuple[str, ...] = ()
    ended_at: datetime | None = None
    part: int = 1
    parts: int = 1
    "Which file of how many this is."

    def __post_init__(self) -> None:
        # Raises ZoneInfoNotFoundError (a KeyError) or ValueError for a name that is no zone.
        ZoneInfo(self.time_zone)
        for name, value in (("started_at", self.started_at), ("ended_at", self.ended_at)):
            if value is not None:
                _refuse_naive(name, value)
        if self.started_at and self.ended_at and self.ended_at < self.started_at:
            raise ValueError("a consultation cannot end before it started")

    @property
    def duration(self) -> timedelta | None:
        """How long the consultation took; None unless both ends are told."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


def reduce_report(facts: Report, contents: ReportContents | None = None) -> Report:
    """Keep of `facts` what belongs in a report; without `contents`, the default.

    The lines come out in the order of their times, those of one time in the order given.
    """
    allowed = contents or ReportContents()
    return replace(
        facts,
        lines=tuple(_belonging(facts.lines, events=allowed.events)),
        names=facts.names if allowed.names else (),
        ended_at=facts.ended_at if allowed.ending else None,
    )


def _belonging(lines: Iterable[ReportLine], *, events: bool) -> list[ReportLine]:
    kept = [line for line in lines if events or line.kind == "chat"]
    return sorted(kept, key=lambda line: line.sent_at)


def _refuse_naive(name: str, value: datetime) -> None:
    # A time without a zone would silently be read as the server's own.
    if value.utcoffset() != UTC.utcoffset(None):
        raise ValueError(f"{name} must be in UTC")


def printed_size(text: str) -> int:
    """What a text takes of a report: its bytes, and room for its author and its line ends."""
    return 64 + len(text.encode()) + 48 * text.count("\n")


class Parts:
    """Tells to which part of a report a line belongs: ask for each, in the order of the chat."""

    def __init__(self) -> None:
        self._before = 0

    def part_of(self, text: str) -> int:
        """Count a line; the first part is 1. A line is never divided."""
        part = self._before // PART_SIZE + 1
        self._before += printed_size(text)
        return part
