"""`python -m tests.read_calendars FOLDER EVERY` reads calendars by all readers for Python.

Prints JSON: reader -> file -> the event as it reads it. Each reads every file, but for the slow
`ics` (26 ms a file), which reads every so many. In a process of its own: these libraries warn, and
are imported for nothing else.
"""

import ctypes
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar
import ics
import vobject
from khal.khalendar import CalendarCollection

Facts = dict[str, Any]


def utc(moment: datetime) -> str:
    """As JavaScript writes it. Raises AssertionError for a time without a zone."""
    assert moment.tzinfo is not None, "floats"
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def by_icalendar(text: str) -> Facts:
    calendar = icalendar.Calendar.from_ical(text)
    [event] = calendar.events
    return {
        "uid": str(event["UID"]),
        "start": utc(event.start),
        "end": utc(event.end),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "method": str(calendar["METHOD"]),
        "description": str(event["DESCRIPTION"]),
    }


def by_vobject(text: str) -> Facts:
    calendar = vobject.readOne(text)
    event = calendar.vevent
    return {
        "uid": event.uid.value,
        "start": utc(event.dtstart.value),
        "end": utc(event.dtend.value),
        "sequence": int(event.sequence.value),
        "status": event.status.value,
        "method": calendar.method.value,
        "description": event.description.value,
    }


def by_ics(text: str) -> Facts:
    calendar = ics.Calendar(text)
    [event] = calendar.events
    [sequence] = [line.value for line in event.extra if line.name == "SEQUENCE"]
    return {
        "uid": event.uid,
        "start": utc(event.begin.datetime),
        "end": utc(event.end.datetime),
        "sequence": int(sequence),
        "status": event.status,
        "method": calendar.method,
        "description": event.description,
    }


class Time(ctypes.Structure):
    """struct icaltimetype of libical 3."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        *((name, ctypes.c_int) for name in ("is_date", "is_daylight")),
        ("zone", ctypes.c_void_p),
    ]


class Libical:
    """The library behind GNOME's and KDE's calendars."""

    def __init__(self) -> None:
        self.library = library = ctypes.CDLL("libical.so.3")
        for name in ("icalparser_parse_string", "icalcomponent_get_inner"):
            getattr(library, name).restype = ctypes.c_void_p
        for name in ("icalcomponent_get_uid", "icalcomponent_get_description"):
            getattr(library, name).restype = ctypes.c_char_p
        for name in ("icalcomponent_get_dtstart", "icalcomponent_get_dtend"):
            getattr(library, name).restype = Time
        for name in ("icalproperty_method_to_string", "icalproperty_status_to_string"):
            getattr(library, name).restype = ctypes.c_char_p
        library.icaltime_as_timet_with_zone.argtypes = [Time, ctypes.c_void_p]
        library.icaltime_as_timet_with_zone.restype = ctypes.c_longlong

    def ask(self, question: str, component: int) -> Any:
        return getattr(self.library, f"icalcomponent_get_{question}")(ctypes.c_void_p(component))

    def moment(self, question: str, component: int) -> str:
        time = self.ask(question, component)
        assert time.zone, "floats"
        seconds = self.library.icaltime_as_timet_with_zone(time, time.zone)
        return utc(datetime.fromtimestamp(seconds, UTC))

    def read(self, text: str) -> Facts:
        calendar = self.library.icalparser_parse_string(text.encode())
        event = self.ask("inner", calendar)
        facts = {
            "uid": self.ask("uid", event).decode(),
            "start": self.moment("dtstart", event),
            "end": self.moment("dtend", event),
            "sequence": self.ask("sequence", event),
            "status": self.library.icalproperty_status_to_string(
                self.ask("status", event)
            ).decode(),
            "method": self.library.icalproperty_method_to_string(
                self.ask("method", calendar)
            ).decode(),
            "description": self.ask("description", event).decode(),
        }
        self.library.icalcomponent_free(ctypes.c_void_p(calendar))
        return facts


def by_khal(folder: Path) -> dict[str, Facts]:
    """Events of a folder of calendars, as the whole program khal lists them."""
    words: Any = {
        "default_timezone": UTC, "local_timezone": UTC, "firstweekday": 0, "unicode_symbols": True,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as kept:
        calendars: Any = {
            "all": {
                "path": str(folder),
                "name": "all",
                "color": "",
                "readonly": True,
                "addresses": [],
            }
        }
        collection = CalendarCollection(calendars, locale=words, dbpath=f"{kept}/khal.db")
        found = {}
        for file in folder.glob("*.ics"):
            event = collection.get_event(file.name, "all")
            found[file.name] = {
                "uid": event.uid,
                "start": utc(event.start),
                "end": utc(event.end),
                "status": event.status,
                "description": event.description,
            }
        return found


def told(read: Callable[[str], Facts], files: Iterable[Path]) -> dict[str, Facts]:
    """File -> the reader's facts, or its error."""
    found = {}
    for file in files:
        try:
            found[file.name] = read(file.read_bytes().decode())
        except Exception as error:
            found[file.name] = {"error": repr(error)}
    return found


def main(folder: Path, every: int) -> None:
    files = sorted(folder.glob("*.ics"))
    found = {
        "icalendar": told(by_icalendar, files),
        "ics": told(by_ics, files[::every]),
        "khal": by_khal(folder),
        "libical": told(Libical().read, files),
        "vobject": told(by_vobject, files),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
