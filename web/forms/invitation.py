"""The forms behind "New invite" and "Edit", read into plans and people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from signaling.account import Account
from signaling.contact import Contact
from signaling.errors import N_, DoubtfulContact, InvalidInput
from signaling.flows.invites.inviting import Plan
from signaling.invite import InviteChannel, Person, Role
from signaling.moments.moment import Occurrence, resolve
from signaling.text import NOTE_LENGTH, one_line, paragraphs
from web.forms.contacts import Understood, in_words, understand
from web.notices.routing import NoticeRouting
from web.texts.catalogs import OWN_NAMES
from web.zones.names import todays_name

MAX_COLLEAGUES = 5
"Experts that the form takes beside the awaited person."

Typed = Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What reading a form needs to know besides what was typed."""

    account: Account
    time_zone: str
    "Of the scheduler's browser; the form's default."
    now: datetime
    ways: NoticeRouting
    default_region: str | None
    translate: Callable[[str], str]
    language: str
    "Of whoever fills in the form."
    confirmed: frozenset[str] = frozenset()
    "Numbers that are written to although they look wrong."


def answered(typed: Typed) -> dict[str, str]:
    """The form with the answer to what was asked about a number: another one, or this one.

    Buttons answer: `use_address` holds the number for the field `address`, `confirm` one that is to
    be written to anyway. Those confirmed before stand in `confirmed`.
    """
    values = dict(typed)
    for name in [name for name in values if name.startswith("use_")]:
        values[name.removeprefix("use_")] = values.pop(name)
    confirmed = f"{values.get('confirmed', '')} {values.pop('confirm', '')}".split()
    if confirmed:
        values["confirmed"] = " ".join(dict.fromkeys(confirmed))
    return values


def read_plan(typed: Typed, reading: Reading) -> Plan:
    """What the scheduler asks for. Raises InvalidInput naming the field."""
    in_person = typed.get("kind") == "in_person"
    people: list[tuple[Role, Person]] = []
    if not in_person:
        people.append(("service_user", read_person(typed, reading)))
    people += read_others(typed, reading)
    if not people and not typed.get("interpreter"):
        raise InvalidInput(
            "colleague_1_address", N_("Please invite at least one colleague or companion.")
        )
    planned_at, time_zone = read_moment(typed, reading)
    zoned = tuple((role, replace(person, time_zone=time_zone)) for role, person in people)
    spoken = typed.get("language", reading.account.language)
    wanted = typed.get("interpreter_language") or spoken
    return Plan(
        "in_person" if in_person else "remote",
        zoned,
        planned_at=planned_at,
        time_zone=time_zone,
        note=paragraphs("note", typed.get("note", ""), limit=NOTE_LENGTH),
        interpreting_language=read_language(wanted, "interpreter_language")
        if typed.get("interpreter")
        else "",
    )


def read_moment(typed: Typed, reading: Reading) -> tuple[datetime | None, str]:
    """(when, zone): None for now. Raises InvalidInput for date, time or time_zone."""
    if not typed.get("plan_later"):
        return None, reading.time_zone
    time_zone = read_zone(typed, reading)
    chosen = typed.get("occurrence", "")
    occurrence: Occurrence = (
        "first" if chosen == "first" else "second" if chosen == "second" else ""
    )
    moment = resolve(
        typed.get("date", ""),
        typed.get("time", ""),
        time_zone,
        now=reading.now,
        occurrence=occurrence,
    )
    return moment, time_zone


def read_zone(typed: Typed, reading: Reading) -> str:
    """The zone of a planned session by today's name. Raises InvalidInput for time_zone."""
    zone = todays_name(typed.get("time_zone") or reading.time_zone)
    if zone is None:
        raise InvalidInput("time_zone", N_("This time zone does not exist."))
    return zone


def read_person(typed: Typed, reading: Reading) -> Person:
    """The awaited person, still without a zone. Raises InvalidInput naming the field."""
    language = read_language(typed.get("language", reading.account.language), "language")
    text, wanted = typed.get("address", ""), typed.get("channel", "")
    channel: InviteChannel = "none"
    address = ""
    if wanted != "none":
        address, channel = read_reachable(text, wanted, "address", reading)
    elif text.strip():
        address = read_contact(text, "address", reading).contact.address
    return Person.from_input(
        first_name=typed.get("first_name", ""),
        last_name=typed.get("last_name", ""),
        channel=channel,
        address=address,
        language=language,
    )


def read_contact(text: str, field: str, reading: Reading) -> Understood:
    """An address or number from one field, and any doubt. Raises InvalidInput for that field."""
    try:
        contact, doubt = understand(text, reading.default_region)
    except DoubtfulContact as error:
        raise in_words(error, reading.language).at(field) from None
    except InvalidInput as error:
        raise error.at(field) from None
    return Understood(contact, doubt and in_words(doubt, reading.language).at(field))


def read_reachable(
    text: str, wanted: str, field: str, reading: Reading
) -> tuple[str, InviteChannel]:
    """The address of somebody who is going to be written to, and the channel.

    Raises InvalidInput; DoubtfulContact for a number that looks wrong until it is confirmed.
    """
    contact, doubt = read_contact(text, field, reading)
    if doubt is not None and contact.address not in reading.confirmed:
        raise doubt
    return contact.address, choose_channel(contact, wanted, field, reading)


def choose_channel(contact: Contact, wanted: str, field: str, reading: Reading) -> InviteChannel:
    """The channel for a contact: the wanted one, or the only or preferred one.

    Raises InvalidInput if no route allows the number, or not by the wanted channel.
    """
    if contact.kind == "email":
        return "email"
    possible = reading.ways.channels(contact.address)
    if not possible:
        raise InvalidInput(field, N_("This server may not send messages to this number."))
    if wanted in ("sms", "whatsapp"):
        for channel in possible:
            if channel == wanted:
                return channel
        raise InvalidInput("channel", N_("This number cannot be reached this way."))
    return possible[0]


def read_language(code: str, field: str) -> str:
    if code not in OWN_NAMES:
        raise InvalidInput(field, N_("Please choose one of the languages offered."))
    return code


def read_others(typed: Typed, reading: Reading) -> list[tuple[Role, Person]]:
    """Companion and colleagues; a line left empty is nobody. Raises InvalidInput."""
    people: list[tuple[Role, Person]] = []
    _ = reading.translate
    if typed.get("companion"):
        spoken = typed.get("language", reading.account.language)
        people.append(("companion", _other(typed, "companion", _("Companion"), spoken, reading)))
    if typed.get("colleague") or typed.get("kind") == "in_person":
        for number in range(1, MAX_COLLEAGUES + 1):
            prefix = f"colleague_{number}"
            if typed.get(f"{prefix}_address", "").strip():
                language = reading.account.language
                person = _other(typed, prefix, _("Colleague"), language, reading)
                people.append(("colleague", person))
        if typed.get("colleague") and not any(role == "colleague" for role, _p in people):
            raise InvalidInput(
                "colleague_1_address", N_("Please enter an email address or a mobile number.")
            )
    return people


def read_other(typed: Typed, role: Role, reading: Reading) -> Person:
    """One more person, from a form of their own. Raises InvalidInput naming the field."""
    _ = reading.translate
    fallback = _("Companion") if role == "companion" else _("Colleague")
    prefixed = {f"other_{name}": value for name, value in typed.items()}
    try:
        return _other(prefixed, "other", fallback, reading.account.language, reading)
    except InvalidInput as error:
        raise error.at(error.field.removeprefix("other_")) from None


def _other(typed: Typed, prefix: str, fallback: str, language: str, reading: Reading) -> Person:
    text, wanted = typed.get(f"{prefix}_address", ""), typed.get(f"{prefix}_channel", "")
    address, channel = read_reachable(text, wanted, f"{prefix}_address", reading)
    chosen = typed.get(f"{prefix}_language") or language
    return Person(
        first_name=one_line(f"{prefix}_name", typed.get(f"{prefix}_name", "")) or fallback,
        last_name="",
        channel=channel,
        address=address,
        language=read_language(chosen, f"{prefix}_language"),
    )
