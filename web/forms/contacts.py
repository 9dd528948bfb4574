"""The field "Email or mobile number": what people type and paste becomes a contact, or one sentence.

`phonenumbers.geocoder` and `phonenumbers.carrier` are never imported: they cost 150 and 44 MB.
"""

import re
import unicodedata

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from signaling.contact import Contact
from signaling.errors import N_, InvalidInput

MAX_LENGTH = 320
"Characters of the longest thing that could be an address."

# What comes along when a number is copied from an address book or a chat: direction marks,
# embeddings, isolates, zero-width spaces and joiners, soft hyphens, word joiners.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

_FIELD = "contact"

_INTERNAL_DOMAINS = (".local", ".internal", ".intranet", ".private", ".corp", ".home", ".lan")
"""What networks of hospitals are called inside (RFC 6762, appendix G): the operator's mail server may
know them, so that such an address is no mistake."""
SPECIAL_USE_DOMAIN_NAMES.remove("local")  # as email-validator's README says it is done

INTERNAL = N_("Mail reaches this address only inside its own organization. Please check it.")


def parse_contact(text: str, default_region: str | None) -> Contact:
    """Tell which of the two `text` is, and write it the one right way.

    `default_region` (ISO 3166, `CH`) reads numbers without country code. Digits of every script,
    `00` for the plus sign, brackets and dots are understood. Raises InvalidInput for the field
    `contact`, each cause with a sentence of its own.
    """
    typed = _INVISIBLE.sub("", text).strip()
    if not typed:
        raise InvalidInput(_FIELD, N_("Please enter an email address or a mobile number."))
    if len(typed) > MAX_LENGTH:
        raise InvalidInput(
            _FIELD, N_("This is too long: at most %(limit)s characters."), limit=MAX_LENGTH
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in typed):
        raise InvalidInput(_FIELD, N_("Please enter one address or number on a single line."))
    typed = re.sub("^(mailto|tel|sms):", "", typed, flags=re.IGNORECASE)
    if "@" in typed or "\uff20" in typed:
        return _email(unicodedata.normalize("NFKC", typed))
    return _phone(typed, default_region)


def format_contact(contact: Contact) -> str:
    """As people like to read it: `+41 79 123 45 67`."""
    if contact.kind == "email":
        return contact.address
    number = phonenumbers.parse(contact.address)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def warning(contact: Contact) -> str | None:
    """A sentence for a number that may be right and looks unusual; the form still takes it.

    Numbering plans grow faster than any table of them, so being unknown is no refusal.
    """
    if contact.kind == "email":
        return INTERNAL if _is_internal(contact.address) else None
    number = phonenumbers.parse(contact.address)
    if not phonenumbers.is_valid_number(number):
        return N_("This number looks unusual. Please check it.")
    if phonenumbers.number_type(number) in (
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.UNKNOWN,
    ):
        return None
    return N_("This does not look like a mobile number. It may not receive messages.")


def region_of(contact: Contact) -> str | None:
    """The country of a number (ISO 3166), as a hint for zone and language; None if unknown."""
    if contact.kind == "email":
        return None
    return phonenumbers.region_code_for_number(phonenumbers.parse(contact.address))


def _email(typed: str) -> Contact:
    if re.search("[<>\"']", typed) and "<" in typed:
        raise InvalidInput(_FIELD, N_("Please enter only the address, without a name."))
    if typed.count("@") > 1 and re.search("[,; ]", typed):
        raise InvalidInput(_FIELD, N_("Please enter one address only."))
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
    # A domain outside of ASCII is written as mail servers know it (RFC 5891).
    return Contact("email", checked.ascii_email or checked.normalized)


def _is_internal(domain: str) -> bool:
    return domain.lower().endswith(_INTERNAL_DOMAINS)


def _email_problem(local: str, domain: str) -> str:
    if len(local) > 64 or len(domain) > 253:
        return N_("This email address is too long.")
    if "." not in domain:
        return N_("The part after the @ sign must end like .org or .com.")
    if ".." in local + "@" + domain or domain.startswith(".") or domain.endswith("."):
        return N_("This email address has a dot too many.")
    if any(f".{domain.lower()}".endswith(f".{each}") for each in SPECIAL_USE_DOMAIN_NAMES):
        return N_("This email address cannot exist.")
    return N_("This email address is not written correctly.")


def _phone(typed: str, default_region: str | None) -> Contact:
    if not any(character.isdecimal() for character in typed):
        raise InvalidInput(_FIELD, N_("This is neither an email address nor a phone number."))
    if any(character.isalpha() for character in typed):
        raise InvalidInput(_FIELD, N_("A phone number has no letters."))
    region = (default_region or "").upper() or None
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = None
    plus = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in typed).replace(
        "\uff0b", "+"
    )
    international = plus.lstrip(" (").startswith("+")
    readings = [(plus, region)]
    digits = re.sub("[^0-9]", "", plus)
    if digits.startswith("00") and not international:
        readings.append(("+" + digits[2:], None))
    refusal: InvalidInput | None = None
    for reading, of_region in readings:
        try:
            return _possible(reading, of_region)
        except InvalidInput as error:
            refusal = error
    assert refusal is not None
    raise refusal


def _possible(text: str, region: str | None) -> Contact:
    """The number as E.164. Raises InvalidInput."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise InvalidInput(_FIELD, _parse_problem(error, text)) from None
    if number.extension:
        raise InvalidInput(_FIELD, N_("A number with an extension cannot receive messages."))
    sentence = _LENGTH_PROBLEMS.get(phonenumbers.is_possible_number_with_reason(number))
    if sentence is not None:
        raise InvalidInput(_FIELD, sentence)
    return Contact("phone", phonenumbers.format_number(number, PhoneNumberFormat.E164))


_TOO_SHORT = N_("This number is too short.")
_TOO_LONG = N_("This number is too long.")
_NO_SUCH_COUNTRY = N_("This country code does not exist.")

_LENGTH_PROBLEMS = {
    ValidationResult.TOO_SHORT: _TOO_SHORT,
    ValidationResult.TOO_LONG: _TOO_LONG,
    ValidationResult.INVALID_COUNTRY_CODE: _NO_SUCH_COUNTRY,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: N_("This number lacks its area code."),
    ValidationResult.INVALID_LENGTH: N_("A number of this length does not exist in that country."),
}


def _parse_problem(error: NumberParseException, text: str) -> str:
    match error.error_type:
        case NumberParseException.INVALID_COUNTRY_CODE:
            if text.lstrip(" (").startswith("+"):
                return _NO_SUCH_COUNTRY
            return N_("Please begin the number with + and the country code, for example +41.")
        case NumberParseException.TOO_SHORT_AFTER_IDD | NumberParseException.TOO_SHORT_NSN:
            return _TOO_SHORT
        case NumberParseException.TOO_LONG:
            return _TOO_LONG
        case _:
            return N_("This is neither an email address nor a phone number.")
