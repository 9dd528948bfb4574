"""Composing notices in the recipient's language, with their time zone and their link."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from string import Template as Placeholders

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import N_, TooMuchForOne, TooMuchSent
from signaling.identifier import new_id
from signaling.invite import ROLE_NAMES, Invite
from signaling.notice_allowance import WINDOW, Allowance
from signaling.notices.notice import (
    CalendarMethod,
    Content,
    Envelope,
    Notice,
    Occasion,
    Template,
    Way,
    dedupe_key,
)
from signaling.notices.texts import INVITATIONS, ApprovedTemplate
from signaling.ports.clock import Clock
from signaling.ports.store import Records
from signaling.ports.wording import NoticeWords, Ways, Wording
from signaling.text import literal

_SPACE = re.compile(r"\n{3,}")
LINKS = ("link", "test_link")
"Placeholders whose values are addresses of this server."
NAMES = ("name", "scheduler")
"Placeholders whose values are names, in any script."
LABELS = {"link": N_("Join the session"), "test_link": N_("Test my device")}
BY_INVITE = (*INVITATIONS, "moved", "reminder", "news")
"Occasions whose links belong to an invite."
_LONE_LINK = re.compile(rf"^\$({'|'.join(LINKS)})$", re.MULTILINE)
_CALENDAR: dict[Occasion, CalendarMethod] = {
    "planned_invitation": "REQUEST",
    "interpreter_planned_invitation": "REQUEST",
    "moved": "REQUEST",
    "canceled": "CANCEL",
    "removed": "CANCEL",
}


@dataclass(frozen=True)
class InviteContext:
    """What a notice to an invited person is about."""

    consultation: Consultation
    scheduler: Account
    invite: Invite
    note: str = ""


@dataclass(frozen=True)
class Recipient:
    """Somebody without an invite who is written to by mail."""

    id: str
    "Distinguishes their notices from anybody else's."
    name: str
    email: str
    language: str


async def scheduler_of(records: Records, consultation: Consultation, acting: Account) -> Account:
    """Whom notices of a session name, whichever of those who hold it acts."""
    if acting.id == consultation.scheduler_id:
        return acting
    return await records.accounts.get(consultation.scheduler_id) or acting


class Composing:
    def __init__(self, wording: Wording, words: NoticeWords, ways: Ways, clock: Clock) -> None:
        self._wording = wording
        self._words = words
        self._ways = ways
        self._clock = clock

    async def queue(
        self,
        records: Records,
        occasion: Occasion,
        about: InviteContext,
        *,
        due_at: datetime | None = None,
        detail: str = "",
        allowance: Allowance | None = None,
    ) -> bool:
        """Write a notice for one invite into the outbox, within the caller's transaction.

        `detail` distinguishes notices of one occasion; `allowance` limits what a person asks for
        (None: the server owes this notice). False if nothing is to be sent: the link is given by
        hand, or this notice was queued before. Raises TooMuchSent, TooMuchForOne.
        """
        person = about.invite.person
        if person.channel == "none":
            return False
        scheduler = await scheduler_of(records, about.consultation, about.scheduler)
        about = replace(about, scheduler=scheduler)
        now = self._clock.now()
        token = await records.invites.token(
            about.consultation.id, about.invite.id, about.invite.link_number
        )
        notice = Notice(
            id=new_id(),
            consultation_id=about.consultation.id,
            invite_id=about.invite.id,
            occasion=occasion,
            dedupe_key=dedupe_key(
                about.invite.id, occasion, about.consultation.calendar_sequence, detail
            ),
            due_at=due_at or now,
            version=about.consultation.calendar_sequence,
        )
        envelope = Envelope(
            address=person.address,
            language=person.language,
            ways=self._ways.of(person),
            content=self.content(occasion, about, token),
        )
        return await self._add(
            records, notice, envelope, about.scheduler.id, person.name, allowance
        )

    async def queue_to(
        self,
        records: Records,
        occasion: Occasion,
        consultation: Consultation,
        recipient: Recipient,
        values: Mapping[str, str],
        *,
        detail: str = "",
        allowance: Allowance | None = None,
    ) -> bool:
        """Queue a mail about a session to somebody without an invite; otherwise as `queue`."""
        now = self._clock.now()
        notice = Notice(
            id=new_id(),
            consultation_id=consultation.id,
            invite_id=None,
            occasion=occasion,
            dedupe_key=dedupe_key(recipient.id, occasion, consultation.calendar_sequence, detail),
            due_at=now,
            version=consultation.calendar_sequence,
        )
        envelope = Envelope(
            address=recipient.email,
            language=recipient.language,
            ways=(Way("email"),),
            content=self._mail(occasion, {**values, "name": recipient.name}, recipient.language),
        )
        return await self._add(
            records, notice, envelope, consultation.scheduler_id, recipient.name, allowance
        )

    async def _add(
        self,
        records: Records,
        notice: Notice,
        envelope: Envelope,
        scheduler_id: str,
        name: str,
        allowance: Allowance | None,
    ) -> bool:
        now = self._clock.now()
        added = await records.notices.add(notice, envelope, now)
        if added and allowance is not None:
            since = now - WINDOW
            if newest := await records.notices.sent_to(
                envelope.address, since, now, beyond=allowance.to_address
            ):
                raise TooMuchForOne(newest - since, name=name or envelope.address)
            if allowance.by_scheduler is not None and (
                newest := await records.notices.sent_by(
                    scheduler_id, since, now, beyond=allowance.by_scheduler
                )
            ):
                raise TooMuchSent(newest - since)
        return added

    def content(self, occasion: Occasion, about: InviteContext, token: str) -> Content:
        """The text of a notice, and its calendar part where it has one."""
        wording, person = self._wording, about.invite.person
        consultation = about.consultation
        zone = person.time_zone or consultation.time_zone
        planned_at = consultation.planned_at
        values = {
            "name": person.name
            or wording.translate(person.language, ROLE_NAMES[about.invite.role]),
            "scheduler": about.scheduler.name,
            "link": wording.invite_address(token),
            "test_link": wording.test_address(token),
            "moment": wording.moment(planned_at, zone, person.language) if planned_at else "",
            "note": about.note,
            "languages": self.languages(consultation, about.scheduler, person.language),
        }
        subject = one_line(self._words.text(occasion, person.language, "subject"), values)
        if person.channel != "email":
            words = self._words.text(occasion, person.language, "short")
            short = wording.short(words, values, planned_at, zone, person.language)
            approved = self._words.template(occasion, person.language)
            return Content(subject, short, template=_filled(approved, values) if approved else None)
        content = self._mail(occasion, values, person.language)
        method = _CALENDAR.get(occasion)
        if method is None or planned_at is None:
            return content
        calendar = wording.calendar(method, consultation, about.invite, values["link"])
        return replace(content, calendar=calendar)

    def _mail(self, occasion: Occasion, values: Mapping[str, str], language: str) -> Content:
        mail = self._words.text(occasion, language, "mail")
        subject = one_line(self._words.text(occasion, language, "subject"), values)
        names = {
            name: self._wording.name(values[name], language) for name in NAMES if name in values
        }
        note = values.get("note", "") and self.note(values["note"], values["scheduler"], language)
        values = {**values, **names, "note": note}
        return Content(
            subject,
            fill(mail.replace("**", ""), values),
            html=self._wording.html(self.with_labels(mail, occasion, language), values, language),
        )

    def note(self, note: str, author: str, language: str) -> str:
        """A note below a line that says whose words these are."""
        whose = self._wording.translate(language, N_("%(name)s writes:"))
        name = self._wording.name(author, language)
        return f"{whose % {'name': name}}\n{self._wording.note(note, language)}"

    def languages(self, consultation: Consultation, scheduler: Account, language: str) -> str:
        """Between which languages somebody interprets, named in `language`; empty: nobody does."""
        if not consultation.interpreting_language:
            return ""
        spoken = dict.fromkeys((scheduler.language, consultation.interpreting_language))
        return ", ".join(self._wording.language_name(code, language) for code in spoken)

    def with_labels(self, mail: str, occasion: Occasion, language: str) -> str:
        """The Markdown of a mail for HTML, in which a link on a line of its own gets a label.

        A narrow screen would break an address in the middle; the text part has the address.
        """
        if occasion not in BY_INVITE:
            return mail
        labels = {
            name: literal(self._wording.translate(language, label))
            for name, label in LABELS.items()
        }
        return _LONE_LINK.sub(lambda match: f"[{labels[match[1]]}](${match[1]})", mail)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders; unknown ones are kept."""
    return _SPACE.sub("\n\n", Placeholders(text).safe_substitute(values)).strip() + "\n"


def one_line(text: str, values: Mapping[str, str]) -> str:
    return " ".join(fill(text, values).split())


def marked_up(values: Mapping[str, str]) -> dict[str, str]:
    """The values for Markdown: links as links, everything else literally."""
    return {key: f"<{value}>" if key in LINKS else literal(value) for key, value in values.items()}


def _filled(approved: ApprovedTemplate, values: Mapping[str, str]) -> Template:
    # WhatsApp refuses empty parameters
    parameters = tuple(values[name] or "–" for name in approved.parameters)
    return Template(approved.name, parameters, approved.locale)
