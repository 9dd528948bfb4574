"""The calendar event of a planned session (RFC 5545, sent by RFC 5546 and RFC 6047).

A session and a person together have one UID for ever; every change raises SEQUENCE, so that calendars
update their entry instead of adding another. The event is private and does not state its purpose.

Times are UTC, which every calendar shows in the zone of its device. A local time would need its zone's
rules beside it (VTIMEZONE), and widely used readers misread those: ical.js and vobject are an hour off
in many zones (docs/calendars.md). The description has the local time in words.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress

PRODUCT = "-//TeleConnect//Sessions//EN"

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


@dataclass(frozen=True)
class SessionEvent:
    """A session as calendars show it."""

    uid: str
    sequence: int
    "0 for the first event of a session, then one more for every change and for CANCEL."
    start: datetime
    duration: timedelta
    url: str | None
    summary: str
    "Neutral, as is the description."
    description: str

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.sequence < 0:
            raise ValueError("A start needs a zone, and a sequence counts from 0.")


def calendar_part(
    method: Method, event: SessionEvent, organizer: str, attendee: str | None, now: datetime
) -> bytes:
    """The octets of a calendar with this one event.

    REQUEST invites and updates, CANCEL withdraws (raise `sequence` for it too); both need the
    `attendee`. PUBLISH is for a file to download and has none. `organizer` and `attendee` are email
    addresses; `now` has a zone. Raises ValueError for a method without its attendee.
    """
    if (attendee is None) != (method == "PUBLISH"):
        raise ValueError("REQUEST and CANCEL go to an attendee, PUBLISH to nobody (RFC 5546).")
    if now.tzinfo is None:
        raise ValueError("The time needs a zone.")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    component = _component(event, now)
    component.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    component.add("transp", "OPAQUE")
    component.add("organizer", _mailto(organizer))
    if attendee is not None:
        component.add("attendee", _invited(attendee))
    calendar.add_component(component)
    octets: bytes = calendar.to_ical()
    return octets


def _component(event: SessionEvent, now: datetime) -> Event:
    component = Event()
    component.add("uid", event.uid)
    component.add("sequence", event.sequence)
    component.add("dtstamp", now.astimezone(UTC))
    component.add("dtstart", event.start.astimezone(UTC))
    # DTEND rather than DURATION: some calendars do not know DURATION in events.
    component.add("dtend", event.start.astimezone(UTC) + event.duration)
    component.add("summary", _one_line(event.summary))
    component.add("description", _one_line(event.description))
    component.add("class", "PRIVATE")
    if event.url is not None:
        component.add("url", event.url)
        component.add("location", event.url)
    return component


def _invited(attendee: str) -> vCalAddress:
    invited = _mailto(attendee)
    # Nobody reads replies to the sender's address: following the link is the reply.
    invited.params["RSVP"] = "FALSE"
    invited.params["ROLE"] = "REQ-PARTICIPANT"
    invited.params["PARTSTAT"] = "NEEDS-ACTION"
    return invited


def _mailto(address: str) -> vCalAddress:
    # Escape what ends an address in a URI or begins an escape (RFC 6068, section 2); letters stay.
    return vCalAddress("mailto:" + re.sub('[%?#"<>]', lambda sign: quote(sign[0]), address))


def _one_line(text: str) -> str:
    # The library lets control characters pass, which RFC 5545 section 3.1 forbids.
    return " ".join("".join(filter(_is_text, text)).split())


def _is_text(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cs")
