"""SMS texts in as few segments as possible.

A character outside of GSM 7-bit more than halves the length of a segment, and a zone's name can push
a text over its end. Where it saves a segment, accents are dropped as telephones have always done, and
a zone is given by its offset. What people typed stays as it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from signaling.delivery.sms_segments import count, without_accents
from signaling.flows.notices.composing import one_line
from web.texts.dates import long_moment, offset, zone_name


def sms(text: str, values: Mapping[str, str], moments: Sequence[str] = ("",)) -> str:
    """The text with its placeholders filled; `moment` by one of `moments`, the preferred one first."""
    texts = [
        one_line(letters(text), {**values, "moment": letters(moment)})
        for moment in moments
        for letters in (str, without_accents)
    ]
    return min(texts, key=lambda sms_text: count(sms_text).count)  # the first of equals


def moments(at: datetime, time_zone: str, language: str) -> tuple[str, ...]:
    """Date, time and zone as an SMS may have them: the zone by its name, and by its offset."""
    named = long_moment(at, time_zone, language)
    day = named.removesuffix(f"({zone_name(at, time_zone, language)})")
    return named, f"{day}({offset(at, time_zone)})"
