"""Sentences, dates and addresses for notices: `signaling.ports.wording.Wording` over the catalogs."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from babel import Locale

from signaling.consultation import Consultation
from signaling.delivery.mail import sender
from signaling.invite import Invite
from signaling.notices.notice import Calendar, CalendarMethod
from signaling.ports.clock import Clock
from web.config import Config
from web.notices.calendar import SessionEvent, calendar_part
from web.notices.mail_template import fill_html
from web.notices.sms import moments, sms
from web.routes import public_address
from web.settings.runtime_settings import RuntimeSettings
from web.texts.catalogs import Catalogs
from web.texts.directions import FIRST_STRONG_ISOLATE, POP_ISOLATE, is_foreign, isolated

USUAL_LENGTH = timedelta(minutes=30)
"The duration of a calendar event; nobody is asked how long a session will take."


class NoticeRenderer:
    """Renders what notices need in a reader's language, direction and time zone."""

    def __init__(
        self, config: Config, settings: RuntimeSettings, texts: Catalogs, clock: Clock
    ) -> None:
        self._config = config
        self._settings = settings
        self._texts = texts
        self._clock = clock

    def translate(self, language: str, sentence: str) -> str:
        return self._texts.get(language).translate(sentence)

    def moment(self, at: datetime, time_zone: str, language: str) -> str:
        return self._texts.moment(at, time_zone, language)

    def short(
        self,
        text: str,
        values: Mapping[str, str],
        at: datetime | None,
        time_zone: str,
        language: str,
    ) -> str:
        code = self._texts.get(language).code
        return sms(text, values, moments(at, time_zone, code) if at else ("",))

    def html(self, text: str, values: Mapping[str, str], language: str) -> str:
        direction = self._texts.get(language).direction
        return fill_html(text, values, language, direction, self._settings.palette)

    def name(self, name: str, language: str) -> str:
        if is_foreign(name, self._texts.get(language).direction):
            return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}"
        return name

    def note(self, text: str, language: str) -> str:
        return "\n".join(self.name(isolated(line), language) for line in text.split("\n"))

    def service_name(self) -> str:
        return self._config.public_url.host or self._config.brand

    def sign_in_address(self) -> str:
        return public_address(self._config.public_url, "sign_in")

    def password_address(self, token: str) -> str:
        return public_address(self._config.public_url, "choose_password", token=token)

    def invite_address(self, token: str) -> str:
        return public_address(self._config.public_url, "landing", token=token)

    def calendar(
        self, method: CalendarMethod, consultation: Consultation, invite: Invite, link: str
    ) -> Calendar:
        if consultation.planned_at is None:
            raise ValueError("Only a planned session has a place in a calendar.")
        organizer = sender(self._config.delivery.mail_from).address.addr_spec
        event = SessionEvent(
            uid=f"{invite.id}@{self._config.public_url.host}",
            sequence=consultation.calendar_sequence,
            start=consultation.planned_at,
            duration=USUAL_LENGTH,
            url=link,
            summary=self._settings.brand,
            description=self.moment(
                consultation.planned_at,
                invite.person.time_zone or consultation.time_zone,
                invite.person.language,
            ),
        )
        attendee = None if method == "PUBLISH" else invite.person.address
        body = calendar_part(method, event, organizer, attendee, self._clock.now())
        return Calendar(body, method)

    def request_address(self, token: str) -> str:
        return public_address(self._config.public_url, "interpreter_request", token=token)

    def session_address(self, consultation_id: str) -> str:
        return public_address(self._config.public_url, "session", consultation_id=consultation_id)

    def case_address(self, consultation_id: str) -> str:
        return public_address(self._config.public_url, "case", consultation_id=consultation_id)

    def language_name(self, code: str, language: str) -> str:
        return Locale.parse(code).get_display_name(language) or code

    def test_address(self, token: str) -> str:
        return public_address(self._config.public_url, "landing_test", token=token)
