"""SMS: what is to be said, in as few segments as it can be said.

A letter outside of GSM 7-bit more than doubles the price of a text, and so do the words for a zone
that make it a little too long. Where it saves a segment, accents that telephones have always done
without are left out and a zone is given by its offset. What people typed stays as it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from signaling.delivery.segments import count, without_accents
from signaling.flows.notices.composing import one_line
from web.texts.dates import long_moment, offset, zone_name


def sms(text: str, values: Mapping[str, str], moments: Sequence[str] = ("",)) -> str:
    """The text with its placeholders filled; `moment` by one of `moments`, the best one first."""
    ways = [
        one_line(letters(text), {**values, "moment": letters(moment)})
        for moment in moments
        for letters in (str, without_accents)
    ]
    return min(ways, key=lambda way: count(way).count)  # of equals the first


def moments(at: datetime, time_zone: str, language: str) -> tuple[str, ...]:
    """Date, time and zone in the ways that an SMS may say them: the zone in words, by its offset."""
    named = long_moment(at, time_zone, language)
    day = named.removesuffix(f"({zone_name(at, time_zone, language)})")
    return named, f"{day}({offset(at, time_zone)})"
