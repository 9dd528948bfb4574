"""Texts of notices, and the ways they may take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from signaling.consultation import Consultation
from signaling.invite import Invite, Person
from signaling.notices.notice import Calendar, CalendarMethod, Occasion, Way
from signaling.notices.texts import ApprovedTemplate, Part


class Ways(Protocol):
    """The channels and senders by which a person can be reached."""

    def of(self, person: Person) -> tuple[Way, ...]: ...


class NoticeWords(Protocol):
    """Texts of notices: the operator's own where there are any, else the catalogs'."""

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
        """A name inside a sentence of this language: neither changes the direction of the other."""
        ...

    def note(self, text: str, language: str) -> str:
        """Typed text in a mail of this language: lines, numbers and measures keep their direction."""
        ...

    def service_name(self) -> str:
        """The host name of this service, by which people know it from other mails."""
        ...

    def sign_in_address(self) -> str: ...

    def password_address(self, token: str) -> str:
        """The one-time address at which somebody chooses a password."""
        ...

    def invite_address(self, token: str) -> str: ...

    def test_address(self, token: str) -> str: ...

    def request_address(self, token: str) -> str:
        """The address at which an interpreting organization answers."""
        ...

    def session_address(self, consultation_id: str) -> str: ...

    def case_address(self, consultation_id: str) -> str:
        """Of the session's page, where its scheduler decides about it."""
        ...

    def language_name(self, code: str, language: str) -> str:
        """The name of the language `code` in `language`."""
        ...

    def calendar(
        self, method: CalendarMethod, consultation: Consultation, invite: Invite, link: str
    ) -> Calendar:
        """The calendar part of a mail about a planned session."""
        ...
