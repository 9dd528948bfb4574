"""The calendar event of a planned session (RFC 5545, sent by RFC 5546 and RFC 6047).

One session and person is one UID for ever; every change raises SEQUENCE, so that calendars update
the entry they have and do not add another. The event is private and says nothing of its purpose.

Times are UTC, which every calendar shows by the clocks of its device. A local time needs its zone's
rules beside it (VTIMEZONE), and widely used readers take those for others: ical.js and vobject are
an hour off in many zones (docs/calendars.md). The local time is told in words, in the description.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress

PRODUCT = "-//TeleConnect//Sessions//EN"

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


def calendar_part(
    method: Method,
    uid: str,
    sequence: int,
    start: datetime,
    duration: timedelta,
    organizer: str,
    attendee: str | None,
    url: str | None,
    summary: str,
    description: str,
    now: datetime,
) -> bytes:
    """The octets of a calendar with this one event.

    REQUEST invites and updates, CANCEL takes back (raise `sequence` for it too); both need the
    `attendee`'s email address. PUBLISH is for a file to download and names nobody. `start` and
    `now` know their zone. `organizer` is an email address; `summary` and `description` are
    neutral. Raises ValueError for a method without its attendee.
    """
    if (attendee is None) != (method == "PUBLISH"):
        raise ValueError("REQUEST and CANCEL go to an attendee, PUBLISH to nobody (RFC 5546).")
    if start.tzinfo is None or now.tzinfo is None or sequence < 0:
        raise ValueError("Times need a zone, and a sequence counts from 0.")

    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start.astimezone(UTC))
    # The end is told, not a duration: some calendars know no DURATION in events.
    event.add("dtend", start.astimezone(UTC) + duration)
    event.add("summary", _one_line(summary))
    event.add("description", _one_line(description))
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("organizer", _mailto(organizer))
    if attendee is not None:
        invited = _mailto(attendee)
        # Nobody reads answers to the sender's address: the link is the answer.
        invited.params["RSVP"] = "FALSE"
        invited.params["ROLE"] = "REQ-PARTICIPANT"
        invited.params["PARTSTAT"] = "NEEDS-ACTION"
        event.add("attendee", invited)
    if url is not None:
        event.add("url", url)
        event.add("location", url)

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(event)
    octets: bytes = calendar.to_ical()
    return octets


def _mailto(address: str) -> vCalAddress:
    # What ends an address in a URI, or begins a code there (RFC 6068, section 2); letters stay.
    return vCalAddress("mailto:" + re.sub('[%?#"<>]', lambda sign: quote(sign[0]), address))


def _one_line(text: str) -> str:
    # The library lets control characters pass; RFC 5545 section 3.1 has no place for them.
    return " ".join("".join(filter(_is_text, text)).split())


def _is_text(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cs")


def next_sequence(previous: int | None) -> int:
    """0 for the first event of a session, then one more for every change and for CANCEL."""
    return 0 if previous is None else previous + 1
