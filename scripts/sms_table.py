"""How many SMS a notice takes: every language and occasion, over the days of a year and twenty zones.

Beside what is sent stands what the same text would take written out: with every accent, the zone in
words and, in the invitation to a planned session, the link of the device test.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from signaling.delivery.sms_segments import count, without_accents
from signaling.flows.notices.composing import one_line
from signaling.notices.notice import Occasion
from signaling.notices.texts import source_text
from web.notices.sms import moments, sms
from web.texts.catalogs import OWN_NAMES, Catalogs
from web.texts.dates import full_day

OCCASIONS: tuple[Occasion, ...] = (
    "invitation",
    "planned_invitation",
    "moved",
    "reminder",
    "canceled",
    "removed",
    "news",
    "interpreter_invitation",
    "interpreter_planned_invitation",
)
UNDATED: tuple[Occasion, ...] = ("invitation", "news", "interpreter_invitation")
"Whose text has no moment."
ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos",
    "Africa/Mogadishu", "Africa/Nairobi", "America/Bogota", "America/New_York",
    "America/Sao_Paulo", "Asia/Damascus", "Asia/Dhaka", "Asia/Kabul", "Asia/Karachi",
    "Asia/Tehran", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London",
    "Europe/Moscow", "Europe/Zurich",
)  # fmt: skip
YEAR = [
    datetime(2027, 1, 1, 5 + day % 14, 30, tzinfo=UTC) + timedelta(days=day) for day in range(365)
]
SCHEDULER = "Dr. Élise Martin"
LINK = "https://teleconnect.example.org/i/" + "x" * 22
"As long as links with an ordinary host name."
NOTHING = ("",)
Weight = tuple[str, int, int]
Ways = tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """Segments of one text over many days and zones."""

    worst_in_full: int
    worst: int
    mean: float


def taken(
    language: str, occasion: Occasion, told: Iterable[Ways], scheduler: str = SCHEDULER
) -> Taken:
    """Segments of a text with each of these moments, as `web.notices.sms.moments` writes them."""
    words = Catalogs.load().get(language).translate(source_text(occasion, "short"))
    values = {"scheduler": scheduler, "link": LINK}
    in_full: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    alike: dict[tuple[Weight, ...], Ways] = {}
    times: Counter[tuple[Weight, ...]] = Counter()
    for ways in told:
        weights = _weights(ways)
        alike[weights] = ways
        times[weights] += 1
    for weights, ways in alike.items():
        full = one_line(words, {**values, "moment": ways[0]})
        if occasion.endswith("planned_invitation"):
            full += f" {LINK}/test"
        in_full[count(full).count] += times[weights]
        sent[count(sms(words, values, ways)).count] += times[weights]
    return Taken(max(in_full), max(sent), _mean(sent))


def every_moment(language: str, days: Sequence[datetime] = YEAR) -> list[Ways]:
    """These days in every zone."""
    return [moments(day, zone, language) for day in days for zone in ZONES]


def longest_days(language: str) -> list[datetime]:
    """Of the days of a year the longest to write, with and without letters outside of GSM 7-bit."""
    weight = {day: count(full_day(day, "UTC", language)) for day in YEAR}
    found = {}
    for day in sorted(YEAR, key=lambda day: (-weight[day].left, day)):
        found[weight[day].encoding] = day
    return list(found.values())


def table() -> Iterator[str]:
    """Markdown: a row for each language; "in full > sent (mean)" for each occasion."""
    yield f"| | {' | '.join(name.replace('_', ' ') for name in OCCASIONS)} |"
    yield f"|---|{'---|' * len(OCCASIONS)}"
    for language in OWN_NAMES:
        told = every_moment(language)
        yield f"| {language} | {' | '.join(_cells(language, told))} |"


def _cells(language: str, told: list[Ways]) -> Iterator[str]:
    for occasion in OCCASIONS:
        found = taken(language, occasion, [NOTHING] if occasion in UNDATED else told)
        yield f"{found.worst_in_full} > {found.worst} ({found.mean:.2f})"


@cache
def _weights(ways: Ways) -> tuple[Weight, ...]:
    """The properties of a moment's text that alone decide how many segments it takes."""
    counted = (count(letters(way)) for way in ways for letters in (str, without_accents))
    return tuple((each.encoding, each.count, each.left) for each in counted)


def _mean(found: Counter[int]) -> float:
    return sum(number * times for number, times in found.items()) / found.total()
