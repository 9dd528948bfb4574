"""Reads the forms of "New invite" and "Edit" into plans and people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from signaling.account import Account
from signaling.contact import Contact
from signaling.errors import N_, DoubtfulContact, InvalidInput
from signaling.flows.invites.inviting import Plan
from signaling.invite import InviteChannel, Person, Role
from signaling.moments.moment import Occurrence, resolve
from signaling.moments.typed_moment import typed_clock, typed_day
from signaling.text import NOTE_LENGTH, UNREADABLE, paragraphs, typed_name
from web.forms.contacts import Understood, contact_of, in_words, understand
from web.forms.faults import Faults, faults_of
from web.notices.routing import NoticeRouting
from web.texts.catalogs import OWN_NAMES
from web.zones.names import todays_name

MAX_COLLEAGUES = 5
"Experts that the form accepts besides the awaited person."

NOT_ALLOWED = N_("The administrator has not allowed messages to this number.")
NO_PHONES = N_("SMS and WhatsApp are not set up on this server.")

Typed = Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What reading a form needs besides what was typed."""

    account: Account
    time_zone: str
    "Of the scheduler's browser; the form's default."
    now: datetime
    ways: NoticeRouting
    default_region: str | None
    translate: Callable[[str], str]
    language: str
    "Of the person who fills in the form."
    confirmed: frozenset[str] = frozenset()
    "Numbers that were confirmed although they look wrong."


def answered(typed: Typed) -> dict[str, str]:
    """The form with the answer to a question about a number: another number, or this one anyway.

    The buttons' names are the answer: `use_address` has the number for the field `address`, `confirm`
    one to be used anyway. The field `confirmed` has those confirmed before.
    """
    values = dict(typed)
    for name in [name for name in values if name.startswith("use_")]:
        values[name.removeprefix("use_")] = values.pop(name)
    confirmed = f"{values.get('confirmed', '')} {values.pop('confirm', '')}".split()
    if confirmed:
        values["confirmed"] = " ".join(dict.fromkeys(confirmed))
    return values


def read_plan(typed: Typed, reading: Reading) -> Plan:
    """The session that the scheduler plans. Raises InvalidInput for all that is wrong."""
    faults, in_person = Faults(), typed.get("kind") == "in_person"
    people: list[tuple[Role, Person]] = []
    planned_at, time_zone, note, interpreting = None, reading.time_zone, "", ""
    with faults.caught():
        if not in_person:
            people.append(("service_user", read_person(typed, reading)))
    with faults.caught():
        planned_at, time_zone = read_moment(typed, reading)
    with faults.caught():
        people += read_others(typed, reading)
        if in_person and not people and not typed.get("interpreter"):
            raise InvalidInput(
                "colleague_1_address", N_("Please invite at least one colleague or companion.")
            )
    with faults.caught():
        interpreting = _read_interpreting(typed, reading)
    with faults.caught():
        note = paragraphs("note", typed.get("note", ""), limit=NOTE_LENGTH)
    faults.settle()
    zoned = tuple((role, replace(person, time_zone=time_zone)) for role, person in people)
    return Plan(
        "in_person" if in_person else "remote",
        zoned,
        planned_at=planned_at,
        time_zone=time_zone,
        note=note,
        interpreting_language=interpreting,
    )


def _read_interpreting(typed: Typed, reading: Reading) -> str:
    """The language for which an interpreter is needed; empty: none is."""
    if not typed.get("interpreter"):
        return ""
    spoken = typed.get("language", reading.account.language)
    return read_language(typed.get("interpreter_language") or spoken, "interpreter_language")


def read_moment(typed: Typed, reading: Reading) -> tuple[datetime | None, str]:
    """(when, zone): None for now. Raises InvalidInput for date, time and time_zone."""
    if not typed.get("plan_later"):
        return None, reading.time_zone
    faults, time_zone = Faults(), reading.time_zone
    day, clock = typed.get("date", ""), typed.get("time", "")
    with faults.caught():
        typed_day(day)
    with faults.caught():
        typed_clock(clock)
    with faults.caught():
        time_zone = read_zone(typed, reading)
    faults.settle()
    chosen = typed.get("occurrence", "")
    occurrence: Occurrence = (
        "first" if chosen == "first" else "second" if chosen == "second" else ""
    )
    return resolve(day, clock, time_zone, now=reading.now, occurrence=occurrence), time_zone


def read_zone(typed: Typed, reading: Reading) -> str:
    """The zone of a planned session by today's name. Raises InvalidInput for time_zone."""
    zone = todays_name(typed.get("time_zone") or reading.time_zone)
    if zone is None:
        raise InvalidInput("time_zone", N_("This time zone does not exist."))
    return zone


def read_person(typed: Typed, reading: Reading) -> Person:
    """The awaited person, still without a time zone. Raises InvalidInput for all that is wrong.

    A name is optional with an address: that is what the quick invitation has.
    """
    faults = Faults()
    text, wanted = typed.get("address", ""), typed.get("channel", "")
    channel: InviteChannel = "none"
    address = first_name = last_name = language = ""
    with faults.caught():
        if wanted != "none":
            address, channel = read_reachable(text, wanted, "address", reading)
        elif text.strip():
            address = read_contact(text, "address", reading).contact.address
    with faults.caught():
        first_name = typed_name("first_name", typed.get("first_name", ""))
    with faults.caught():
        last_name = typed_name("last_name", typed.get("last_name", ""))
    with faults.caught():
        if wanted == "none" and not text.strip() and not named(typed):
            raise InvalidInput(
                "first_name", N_("Please enter a first or a last name. A pseudonym is fine.")
            )
    with faults.caught():
        language = read_language(typed.get("language", reading.account.language), "language")
    faults.settle()
    if first_name == UNREADABLE and (address or last_name):
        first_name = ""  # of somebody who is entered anew: no name to write to them by
    if not first_name and not last_name:
        first_name = name_by(address)
    return Person(first_name, last_name, channel, address, language)


def named(typed: Typed) -> bool:
    """Whether a name was typed; whether it is one is not looked at."""
    return bool(typed.get("first_name", "").strip() or typed.get("last_name", "").strip())


def name_by(address: str) -> str:
    """What somebody is called of whom only the address is known: the part before the @.

    A number is no name, as it would stand in everybody's list of people: empty.
    """
    return contact_of(address).address.partition("@")[0].partition("+")[0]


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
    """The address and channel by which somebody will be notified.

    Raises InvalidInput; DoubtfulContact for a number that looks wrong until it is confirmed.
    """
    contact, doubt = read_contact(text, field, reading)
    if doubt is not None and contact.address not in reading.confirmed:
        raise doubt
    return contact.address, choose_channel(contact, wanted, field, reading)


def choose_channel(contact: Contact, wanted: str, field: str, reading: Reading) -> InviteChannel:
    """The channel for a contact: the wanted one, else the only or preferred one.

    Raises InvalidInput if no route allows the number, or not by the wanted channel.
    """
    if contact.kind == "email":
        return "email"
    possible = reading.ways.channels(contact.address)
    if not possible:
        raise InvalidInput(field, NOT_ALLOWED if reading.ways.by_phone() else NO_PHONES)
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
    """Companion and colleagues; an empty row is nobody. Raises InvalidInput for all that is wrong."""
    people: list[tuple[Role, Person]] = []
    faults = Faults()
    with faults.caught():
        if typed.get("companion"):
            spoken = typed.get("language", "")
            spoken = spoken if spoken in OWN_NAMES else reading.account.language
            other = _other(typed, "companion", spoken, reading)
            people.append(("companion", other))
    if typed.get("colleague") or typed.get("kind") == "in_person":
        rows = [f"colleague_{number}" for number in range(1, MAX_COLLEAGUES + 1)]
        filled = [row for row in rows if typed.get(f"{row}_address", "").strip()]
        for row in filled:
            with faults.caught():
                other = _other(typed, row, reading.account.language, reading)
                people.append(("colleague", other))
        with faults.caught():
            # in person the box is ticked from the start, and an interpreter may be enough
            if typed.get("colleague") and typed.get("kind") != "in_person" and not filled:
                raise InvalidInput(
                    "colleague_1_address", N_("Please enter an email address or a mobile number.")
                )
    faults.settle()
    return people


def read_other(typed: Typed, reading: Reading) -> Person:
    """One more person, from a form for one person. Raises InvalidInput for all that is wrong."""
    prefixed = {f"other_{name}": value for name, value in typed.items()}
    faults = Faults()
    try:
        return _other(prefixed, "other", reading.account.language, reading)
    except InvalidInput as error:
        for fault in faults_of(error):
            with faults.caught():
                raise fault.at(fault.field.removeprefix("other_")) from None
        faults.settle()
        raise


def _other(typed: Typed, prefix: str, language: str, reading: Reading) -> Person:
    """Somebody besides the awaited person. Without a name every reader is shown the role."""
    faults, name, spoken = Faults(), "", language
    text, wanted = typed.get(f"{prefix}_address", ""), typed.get(f"{prefix}_channel", "")
    address = ""
    channel: InviteChannel = "none"
    with faults.caught():
        address, channel = read_reachable(text, wanted, f"{prefix}_address", reading)
    with faults.caught():
        name = typed_name(f"{prefix}_name", typed.get(f"{prefix}_name", ""))
    with faults.caught():
        chosen = typed.get(f"{prefix}_language") or language
        spoken = read_language(chosen, f"{prefix}_language")
    faults.settle()
    return Person(
        first_name="" if name == UNREADABLE else name,
        last_name="",
        channel=channel,
        address=address,
        language=spoken,
    )
