"""What puts a notice into words, and which ways it may take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from signaling.consultation import Consultation
from signaling.invite import Invite, Person
from signaling.notices.notice import Calendar, CalendarMethod, Occasion, Way
from signaling.notices.texts import ApprovedTemplate, Part


class Ways(Protocol):
    """By which channels and senders a person can be reached."""

    def of(self, person: Person) -> tuple[Way, ...]: ...


class NoticeWords(Protocol):
    """The words of notices: the operator's own where there are some, else the catalogs'."""

    def text(self, occasion: Occasion, language: str, part: Part) -> str: ...

    def template(self, occasion: Occasion, language: str) -> ApprovedTemplate | None: ...


class Wording(Protocol):
    """Sentences, dates and addresses as a recipient reads them."""

    def translate(self, language: str, sentence: str) -> str: ...

    def moment(self, at: datetime, time_zone: str, language: str) -> str:
        """Date, time and zone: "Monday, 7 December 2026, 14:30 (Zurich time)"."""
        ...

    def short(
        self,
        text: str,
        values: Mapping[str, str],
        at: datetime | None,
        time_zone: str,
        language: str,
    ) -> str:
        """An SMS on one line: the text filled with `values` and, as `moment`, with `at`."""
        ...

    def html(self, text: str, values: Mapping[str, str], language: str) -> str:
        """The HTML of a mail: Markdown whose placeholders are filled with `values`."""
        ...

    def name(self, name: str, language: str) -> str:
        """A name for a sentence of this language: neither turns the other around."""
        ...

    def note(self, text: str) -> str:
        """What somebody typed, in which numbers and measures keep their direction."""
        ...

    def invite_address(self, token: str) -> str: ...

    def test_address(self, token: str) -> str: ...

    def request_address(self, token: str) -> str:
        """Where an interpreting organization answers."""
        ...

    def session_address(self, consultation_id: str) -> str: ...

    def language_name(self, code: str, language: str) -> str:
        """The name of the language `code` in `language`."""
        ...

    def calendar(
        self, method: CalendarMethod, consultation: Consultation, invite: Invite, link: str
    ) -> Calendar:
        """The calendar part of a mail about a planned session."""
        ...
