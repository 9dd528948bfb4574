"""The preview of an invitation by SMS: text, segments, price."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Literal

from aiohttp import web

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.contact import Contact
from signaling.delivery.sms_segments import count
from signaling.errors import DoubtfulContact, InvalidInput, TeleConnectError
from signaling.flows.notices.composing import InviteContext
from signaling.identifier import new_id
from signaling.invite import Invite, InviteChannel, Person
from signaling.notices import price
from signaling.notices.notice import Occasion
from signaling.text import NOTE_LENGTH, paragraphs, typed_name
from web.forms.contacts import country_name, format_contact, region_of
from web.forms.invitation import (
    NO_PHONES,
    NOT_ALLOWED,
    Reading,
    Typed,
    choose_channel,
    read_contact,
    read_moment,
)
from web.http.errors import sentence
from web.http.forms import form_of, question, reading_of
from web.http.request import signed_in, viewer_of
from web.keys import COMPOSING, CONFIG
from web.texts.catalogs import OWN_NAMES

SAMPLE_TOKEN = "x" * 22
"As long as a real one, so that the segments are right."


async def preview(request: web.Request) -> web.Response:
    """The first message for what is typed so far, as JSON, without what is invalid or missing.

    Nothing is stored or sent; what is typed comes in the body, never in the address. `contacts` says how
    each field was understood. `channel` is empty until it is known, `ways` are those that a number can be reached by, and `trouble`
    says why nothing would arrive. Segments and price are of an SMS.
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
            "ways": _possible(contact, reading),
            "trouble": _trouble(contact, channel, reading),
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
    """What is shown next to a field: how it was understood, any doubt, offers of other numbers.

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


def _possible(contact: Contact | None, reading: Reading) -> list[str]:
    """The channels to choose from for this contact."""
    if contact is None or contact.kind == "email":
        return []
    return list(reading.ways.channels(contact.address))


def _trouble(
    contact: Contact | None, channel: InviteChannel | Literal[""], reading: Reading
) -> str:
    """Why nothing would reach this contact from this server; empty if it would."""
    _ = reading.translate
    if contact is None or channel == "none":
        return ""
    if contact.kind == "phone" and not reading.ways.channels(contact.address):
        return _(NOT_ALLOWED if reading.ways.by_phone() else NO_PHONES)
    if channel in ("email", "sms", "whatsapp") and not reading.ways.leaves(channel):
        return _("Nothing leaves this server yet: the invitation will be kept here, not sent.")
    return ""


def _contact(typed: Typed, reading: Reading) -> tuple[Contact | None, InviteChannel | Literal[""]]:
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
    channel: InviteChannel | Literal[""],
) -> InviteContext:
    language = typed.get("language", "")
    planned_at, time_zone = _moment(typed, reading)
    person = Person(
        _lenient("first_name", typed),
        _lenient("last_name", typed),
        # whatever is not mail is as short as an SMS
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
    return InviteContext(replace(consultation, note=note), account, invite, note)


def _moment(typed: Typed, reading: Reading) -> tuple[datetime | None, str]:
    try:
        return read_moment(typed, reading)
    except InvalidInput:
        return None, reading.time_zone


def _lenient(field: str, typed: Typed) -> str:
    try:
        return typed_name(field, typed.get(field, ""))
    except InvalidInput:
        return ""
