"""The field "Email or mobile number": reads what people type and paste into a contact, or refuses it."""

import re
import unicodedata
from typing import NamedTuple

import phonenumbers
from babel import Locale
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat

from signaling.contact import Contact
from signaling.errors import N_, DoubtfulContact, InvalidInput
from web.forms import phone_numbers
from web.forms.phone_numbers import FIELD as _FIELD
from web.texts.directions import left_to_right

MAX_LENGTH = 320
"Characters of the longest thing that could be an address."

# Copied along with a number from an address book or a chat: direction marks,
# embeddings, isolates, zero-width spaces and joiners, soft hyphens, word joiners, variation
# selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
_LINE_BREAKS = re.compile("[\r\n\t]+")
_LABEL = re.compile(r"[^@:]*:\s*")
"What precedes an address in a signature, a vCard or a link: `E-mail:`, `mailto:`."
_NAMED = re.compile(r"[^<>@]*<\s*([^<>@]*@[^<>@]*)>\W*")
"An address after its owner's name (RFC 5322 section 3.4)."
_QUERY = re.compile(r"(?<=\w)\?.*$")
"The header fields of a `mailto:` (RFC 6068)."
_QUOTES = "\"'`*\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2039\u203a"
_BEFORE = f" <([{_QUOTES}"
_AFTER = f" .,;:!/|>)]{_QUOTES}\u060c\u061b\u06d4\u3001\u3002\u1362\u1363\u1364"
"Punctuation around what was copied from a sentence."
_UNDERLINED = re.compile("_(.*)_")
"Italics in chats; no domain ends like that."

_INTERNAL_DOMAINS = (".local", ".internal", ".intranet", ".private", ".corp", ".home", ".lan")
"""Internal domains of hospitals' networks (RFC 6762, appendix G): the operator's mail server may know
them, so such an address is not refused."""
SPECIAL_USE_DOMAIN_NAMES.remove("local")  # as email-validator's README recommends

INTERNAL = N_("Mail reaches this address only inside its own organization. Please check it.")


class Understood(NamedTuple):
    """How a text was understood."""

    contact: Contact
    doubt: DoubtfulContact | None
    "Why it should be checked again before anything is sent to it."


def understand(text: str, default_region: str | None) -> Understood:
    """The email address or number in `text`, in canonical form.

    `default_region` (ISO 3166, `CH`) is for numbers without country code. Accepts digits of every
    script, `00` for the plus sign, brackets and dots, and what surrounds an address that was copied.
    Raises InvalidInput for the field `contact`, with a sentence for each cause; DoubtfulContact where
    there are alternatives to offer.
    """
    typed = _INVISIBLE.sub("", text).strip()
    if not typed:
        raise InvalidInput(_FIELD, N_("Please enter an email address or a mobile number."))
    if len(typed) > MAX_LENGTH:
        raise InvalidInput(
            _FIELD, N_("This is too long: at most %(limit)s characters."), limit=MAX_LENGTH
        )
    if not (has_at := "@" in typed or "\uff20" in typed):
        typed = _LINE_BREAKS.sub(" ", typed)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in typed):
        raise InvalidInput(_FIELD, N_("Please enter one address or number on a single line."))
    if has_at:
        contact = _email(unicodedata.normalize("NFKC", typed))
        return Understood(contact, doubt(contact))
    number = phone_numbers.read_number(typed, default_region)
    contact = Contact("phone", phone_numbers.e164(number))
    return Understood(contact, phone_numbers.doubt(contact, extended=bool(number.extension)))


def contact_of(address: str) -> Contact:
    """A stored address as a contact."""
    return Contact("email" if "@" in address else "phone", address)


def doubt(contact: Contact) -> DoubtfulContact | None:
    """Why a valid contact should be checked again; None if it is fine."""
    if contact.kind == "phone":
        return phone_numbers.doubt(contact)
    if contact.address.endswith(_INTERNAL_DOMAINS):
        return DoubtfulContact(_FIELD, INTERNAL, (), "", contact.address)
    return None


def format_contact(contact: Contact) -> str:
    """Formatted for people: `+41 79 123 45 67`."""
    if contact.kind == "email":
        return contact.address
    number = phonenumbers.parse(contact.address)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def isolated(text: str) -> str:
    """Left to right and unbroken, for a sentence of any direction."""
    return left_to_right(text.replace(" ", "\u00a0"))


def region_of(contact: Contact) -> str:
    """The country of a number (ISO 3166); empty if unknown."""
    if contact.kind == "email":
        return ""
    return phone_numbers.country_of(phonenumbers.parse(contact.address))


def country_name(region: str, language: str) -> str:
    """A country's name in a language of the catalogs, else in English; may be empty."""
    for known in (language, "en"):
        if name := Locale.parse(known).territories.get(region):
            return str(name)
    return ""


def in_words(unsure: DoubtfulContact, language: str) -> DoubtfulContact:
    """The doubt with the values of its sentence: the country's name in this language, the number."""
    number = (unsure.offers or (unsure.understood,))[0]
    return unsure.at(
        unsure.field,
        country=country_name(unsure.region, language),
        number=isolated(format_contact(contact_of(number))) if number else "",
    )


def _email(typed: str) -> Contact:
    if named := _NAMED.fullmatch(typed):
        typed = named[1]
    if label := _LABEL.match(typed):
        typed = _QUERY.sub("", typed[label.end() :])
    typed = typed.lstrip(_BEFORE).rstrip(_AFTER)
    if underlined := _UNDERLINED.fullmatch(typed):
        typed = underlined[1]
    if typed.count("@") > 1 and re.search("[,; ]", typed):
        raise InvalidInput(_FIELD, N_("Please enter one address only."))
    if re.search("[<>]", typed):
        raise InvalidInput(_FIELD, N_("Please enter only the address, without a name."))
    if re.search(r"\s", typed):
        raise InvalidInput(_FIELD, N_("An email address has no spaces."))
    local, _, domain = typed.rpartition("@")
    if not local or not domain:
        raise InvalidInput(
            _FIELD, N_("An email address has something before and after the @ sign.")
        )
    try:
        checked = validate_email(
            typed,
            check_deliverability=False,
            strict=True,
            test_environment=True,
        )
    except EmailNotValidError:
        raise InvalidInput(_FIELD, _email_problem(local, domain)) from None
    # A domain outside of ASCII in the form that mail servers know (RFC 5891).
    return Contact("email", checked.ascii_email or checked.normalized)


def _email_problem(local: str, domain: str) -> str:
    if len(local) > 64 or len(domain) > 253:
        return N_("This email address is too long.")
    if "." not in domain:
        return N_("The address is incomplete: something like .org is missing.")
    if ".." in local + "@" + domain or domain.startswith(".") or domain.endswith("."):
        return N_("There is one dot too many in this address.")
    if any(f".{domain.lower()}".endswith(f".{each}") for each in SPECIAL_USE_DOMAIN_NAMES):
        return N_("This email address cannot exist.")
    return N_("This email address is not written correctly.")
