"""What an invitation will look like by SMS, before it is sent: text, segments, price."""

from dataclasses import asdict, replace
from datetime import datetime

from aiohttp import web

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.contact import Contact
from signaling.delivery.segments import count
from signaling.errors import DoubtfulContact, InvalidInput, TeleConnectError
from signaling.flows.notices.composing import Occurrence
from signaling.identifier import new_id
from signaling.invite import Invite, InviteChannel, Person
from signaling.notices import price
from signaling.notices.notice import Occasion
from signaling.text import NOTE_LENGTH, one_line, paragraphs
from web.forms.contacts import country_name, format_contact, region_of
from web.forms.invitation import Reading, Typed, choose_channel, read_contact, read_moment
from web.http.errors import (
    sentence,
)
from web.http.forms import form_of, question, reading_of
from web.http.request import (
    signed_in,
    viewer_of,
)
from web.keys import COMPOSING, CONFIG
from web.texts.catalogs import OWN_NAMES

SAMPLE_TOKEN = "x" * 22
"As long as a real one, so that the segments are right."


async def preview(request: web.Request) -> web.Response:
    """The first message for what is typed so far, as JSON; what is wrong or missing is left out.

    Nothing is stored and nobody is told; what is typed travels in the body, never in the address.
    `contacts` says beside each field what it is taken for. `channel` is empty while it cannot be
    known; segments and price are those of an SMS.
    """
    account = await signed_in(request)
    typed = await form_of(request)
    viewer = await viewer_of(request)
    reading = reading_of(request, account, viewer, typed)
    contact, channel = _contact(typed, reading)
    about = _occurrence(typed, reading, account, contact, channel)
    occasion: Occasion = "planned_invitation" if about.consultation.planned_at else "invitation"
    content = request.app[COMPOSING].content(occasion, about, SAMPLE_TOKEN)
    segments = count(content.text.rstrip("\n"))
    cost = ""
    if channel == "sms" and contact is not None:
        cost = price.cost(request.app[CONFIG].sms_prices, contact.address, segments.count)
    of_sms = channel == "sms"
    return web.json_response(
        {
            "channel": channel,
            "encoding": segments.encoding if of_sms else "",
            "segments": segments.count if of_sms else 0,
            "left": segments.left if of_sms else 0,
            "price": cost,
            "text": content.text,
            "contacts": {
                field: told
                for field, text in typed.items()
                if field.endswith("address") and (told := _told(text, field, reading))
            },
        }
    )


def _told(text: str, field: str, reading: Reading) -> dict[str, object]:
    """What is said beside a field: what it is taken for, what is doubtful about it, other numbers.

    Nothing while it may be unfinished.
    """
    contact, unsure = None, None
    try:
        contact, unsure = read_contact(text, field, reading)
    except DoubtfulContact as error:
        unsure = error
    except InvalidInput:
        return {}
    shown = format_contact(contact) if contact else ""
    if contact and contact.kind == "email" and shown == text.strip() and unsure is None:
        return {}
    return {
        "shown": shown,
        "country": country_name(region_of(contact), reading.language) if contact else "",
        "doubt": sentence(unsure, reading.translate) if unsure else "",
        "offers": [asdict(offer) for offer in question(unsure).offers] if unsure else [],
    }


def _contact(typed: Typed, reading: Reading) -> tuple[Contact | None, InviteChannel | str]:
    if typed.get("channel") == "none":
        return None, "none"
    try:
        contact = read_contact(typed.get("address", ""), "address", reading).contact
    except InvalidInput:
        return None, ""
    try:
        return contact, choose_channel(contact, typed.get("channel", ""), "address", reading)
    except InvalidInput:
        return contact, ""


def _occurrence(
    typed: Typed,
    reading: Reading,
    account: Account,
    contact: Contact | None,
    channel: str,
) -> Occurrence:
    language = typed.get("language", "")
    planned_at, time_zone = _moment(typed, reading)
    person = Person(
        _lenient("first_name", typed),
        _lenient("last_name", typed),
        # what is no mail is as short as an SMS
        "email" if channel == "email" else "sms",
        contact.address if contact else "",
        language if language in OWN_NAMES else account.language,
        time_zone,
    )
    consultation = Consultation(
        new_id(), account.id, "remote", "planned", reading.now, planned_at, time_zone
    )
    invite = Invite(new_id(), consultation.id, "service_user", person, b"", reading.now)
    try:
        note = paragraphs("note", typed.get("note", ""), limit=NOTE_LENGTH)
    except TeleConnectError:
        note = ""
    return Occurrence(replace(consultation, note=note), account, invite, note)


def _moment(typed: Typed, reading: Reading) -> tuple[datetime | None, str]:
    try:
        return read_moment(typed, reading)
    except InvalidInput:
        return None, reading.time_zone


def _lenient(field: str, typed: Typed) -> str:
    try:
        return one_line(field, typed.get(field, ""))
    except InvalidInput:
        return ""
