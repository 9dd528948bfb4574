"""A report: the facts of one consultation that a participant may take home.

The rule of what belongs in a report. By default that is the date, the start time and the chat
messages with author and time, photos and PDFs by their names, who asked for a call by phone, and
nothing else: a report leaves the clinic as a file, so every further fact has to be enabled.
`web/report/pdf.py` decides how a report looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

PART_SIZE = 4 * 2**20
"""Most chat in one file, as `printed_size` counts: some 33,000 short lines. A longer chat is split,
so that each file is drawn while a browser waits and opens on an old computer."""

FILES_SIZE = 48 * 2**20
"""Most bytes of photos and PDFs in one file, which a process of its own holds several times while it
draws; more are split too."""

PHOTOS_IN_REPORT = "photos_in_report"
"The setting by which reports carry photos and PDFs: `on` or `off`."
NAMES_IN_REPORT = "names_in_report"
"The same for who took part."
ENDING_IN_REPORT = "ending_in_report"
"The same for the end and the duration."
PASSWORD_ON_REPORT = "password_on_report"
"The setting by which a report opens only with a password, chosen at its export: `on` or `off`."
PASSWORD_LENGTH = 8
"Characters of that password, at least. The file can be guessed at without end once it is out."

ReportLineKind = Literal["chat", "request", "event"]
"""`request`: what somebody asked of the others by a button, in words; it belongs where messages do."""


@dataclass(frozen=True)
class ReportContents:
    """What is enabled besides the default."""

    names: bool = False
    "Who took part."
    ending: bool = False
    "When the consultation ended, and so how long it took."
    events: bool = False
    "Event lines, such as who came and who left."


@dataclass(frozen=True)
class ReportFile:
    """The photo or PDF of a line."""

    kind: Literal["photo", "pdf"]
    name: str
    size: int
    "Bytes as they were sent."
    pages: int = 0
    "Of a PDF."
    turned: int = 0
    "Quarter turns clockwise that a photo is shown with, 0 to 3."
    carried: int = 0
    "Its number among the files that this report carries, from 1; 0: it is only named."


@dataclass(frozen=True)
class ReportLine:
    """One message or event of the chat."""

    author: str
    "The label that others saw with the line; empty for a request or an event without an author."
    sent_at: datetime
    text: str
    kind: ReportLineKind = "chat"
    file: ReportFile | None = None
    "The text is its caption, maybe empty."

    def __post_init__(self) -> None:
        _refuse_naive("sent_at", self.sent_at)
        if self.kind not in get_args(ReportLineKind):
            raise ValueError(f"a report line is chat, request or event, not {self.kind!r}")


@dataclass(frozen=True)
class Report:
    """The facts to draw.

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
    "Number of this file, and how many there are."

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
        """How long the consultation took; None unless start and end are known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


def reduce_report(facts: Report, contents: ReportContents | None = None) -> Report:
    """Reduce `facts` to what belongs in a report; without `contents`, by the default.

    Lines are sorted by time; those of the same time keep their order.
    """
    allowed = contents or ReportContents()
    return replace(
        facts,
        lines=tuple(_belonging(facts.lines, events=allowed.events)),
        names=facts.names if allowed.names else (),
        ended_at=facts.ended_at if allowed.ending else None,
    )


def _belonging(lines: Iterable[ReportLine], *, events: bool) -> list[ReportLine]:
    kept = [line for line in lines if events or line.kind != "event"]
    return sorted(kept, key=lambda line: line.sent_at)


def _refuse_naive(name: str, value: datetime) -> None:
    # A naive time would silently be taken as the server's local time.
    if value.utcoffset() != UTC.utcoffset(None):
        raise ValueError(f"{name} must be in UTC")


def printed_size(text: str) -> int:
    """Size that a text counts in a report: its bytes, plus its author and line ends."""
    return 64 + len(text.encode()) + 48 * text.count("\n")


class Parts:
    """Assigns lines to parts of a report; to be asked for each line, in the order of the chat."""

    def __init__(self) -> None:
        self._before = 0

    def part_of(self, text: str, carried: int = 0) -> int:
        """Count a line and return its part, from 1. A line is never split.

        `carried` are the bytes of the photo or PDF that the report carries with it.
        """
        part = self._before // PART_SIZE + 1
        self._before += printed_size(text) + carried * PART_SIZE // FILES_SIZE
        return part
