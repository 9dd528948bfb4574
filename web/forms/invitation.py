"""The form behind "New invite", read into a plan."""

from collections.abc import Mapping
from datetime import datetime

from signaling.account import Account
from signaling.errors import N_, InvalidInput
from signaling.flows.inviting import Plan
from signaling.invite import Person
from signaling.text import NOTE_LENGTH, paragraphs
from web.forms.contacts import parse_contact
from web.texts import OWN_NAMES


def read_plan(typed: Mapping[str, str], *, account: Account, time_zone: str, now: datetime) -> Plan:
    """What the scheduler asks for. Raises InvalidInput naming the field."""
    try:
        contact = parse_contact(typed.get("address", ""), None)
    except InvalidInput as error:
        raise InvalidInput("address", error.sentence, **error.values) from None
    if contact.kind != "email":
        raise InvalidInput(
            "address", N_("This server cannot send to mobile numbers yet. Use an email address.")
        )
    language = typed.get("language", account.language)
    if language not in OWN_NAMES:
        raise InvalidInput("language", N_("Please choose one of the languages offered."))
    person = Person.from_input(
        first_name=typed.get("first_name", ""),
        last_name=typed.get("last_name", ""),
        channel="email",
        address=contact.address,
        language=language,
    )
    note = paragraphs("note", typed.get("note", ""), limit=NOTE_LENGTH)
    return Plan("remote", (("service_user", person),), time_zone=time_zone, note=note)
