"""Telephone numbers: what people type and paste becomes one number, or a sentence and offers.

Numbering plans are those of libphonenumber. `phonenumbers.geocoder` and `phonenumbers.carrier` are
never imported: they cost 150 and 44 MB.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

import phonenumbers
from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    PhoneNumberType,
    ValidationResult,
)

from signaling.contact import Contact
from signaling.errors import N_, DoubtfulContact, InvalidInput
from web.forms.numbering_plans import renumbered

FIELD = "contact"
MOST_DIGITS = 15
"Of a number anywhere (ITU-T E.164)."
MAX_OFFERS = 4
"Numbers that are offered instead of what was typed."

_MEANT = frozenset("+()-/.#*;,=:~?&%|")
"Signs that numbers and the addresses of programs are written with."
_SEVERAL = re.compile(r"[,;|/&]|\+.*\+|[^\W\d_]")
"What a text has that may hold something besides one number."
_BODY = re.compile(r"[?&](body|text)=.*$", re.IGNORECASE)
_PROGRAM = re.compile(r"(?:wa\.me/|[?&]phone=)\+?([0-9]{7,15})(?![0-9])", re.IGNORECASE)
"WhatsApp's addresses hold a whole number, mostly without its plus sign."
_PLUS_BEHIND = re.compile(r"[\s(]*([0-9][0-9\s().\-/]*?)[\s)]*\+[\s)]*")
_PLUS_AND_ZEROS = re.compile(r"[\s(]*\+[\s(]*00")
_ZEROS = re.compile(r"[\s(]*0[\s().\-/]*0[\s)]*")
_TRUNK = re.compile(r"(\+[\s(]*[0-9]{1,3}[\s).\-/]*)\([\s]*0[\s]*\)")
"""A zero that is dialled only inside of a country: many write one for countries that have none, and
some keep it (Italy)."""
_WAYS_OUT = re.compile(r"0011|011|010|810")
"What is dialled before a country code elsewhere than here, besides 00."
_SATELLITE = ("+881", "+870", "+88216")
"Globalstar and Iridium, Inmarsat, Thuraya: telephones in the hand, whatever their type is called."

_WRITTEN_TO = (
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.UNKNOWN,
)
"Types of valid numbers that receive messages as a rule."


def read_number(typed: str, default_region: str | None) -> PhoneNumber:
    """The one number in `typed`, with its extension if it has one.

    `default_region` (ISO 3166, `CH`) reads numbers without country code. Raises InvalidInput for
    the field `contact`; DoubtfulContact where there is something else to offer.
    """
    text = _BODY.sub("", unquote(plain(typed)))
    if not any(character.isdecimal() for character in text):
        raise InvalidInput(FIELD, N_("This is neither an email address nor a phone number."))
    region = (default_region or "").upper()
    known = region if region in phonenumbers.SUPPORTED_REGIONS else None
    if in_program := _PROGRAM.search(text):
        text = f"+{in_program[1]}"
    found = _found(text, known) if _SEVERAL.search(text) else {}
    if len(found) > 1:
        raise DoubtfulContact(FIELD, _SEVERAL_NUMBERS, list(found)[:MAX_OFFERS])
    try:
        return _direct(text, known)
    except InvalidInput as refusal:
        if found:
            return next(iter(found.values()))
        raise _with_offers(refusal, text, known) from None


def doubt(contact: Contact, *, extended: bool = False) -> DoubtfulContact | None:
    """Why somebody should look at a number again before anything is sent there; None if it is fine.

    Numbering plans grow faster than any table of them, so being unknown is no refusal. `extended`
    tells that an extension was left out.
    """
    number = phonenumbers.parse(contact.address)
    own = phonenumbers.national_significant_number(number)
    if not phonenumbers.is_valid_number(number):
        offers = _fine(_parsed([f"+{own}"], None))
        return _renumbered(number, contact.address) or _not_valid(number, contact, offers)
    if extended:
        sentence = N_("A number with an extension cannot receive messages.")
    elif _is_fine(contact.address):
        return None
    elif phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE:
        sentence = N_("This is a landline number. It may not receive messages.")
    else:
        sentence = N_("This does not look like a mobile number. It may not receive messages.")
    change = renumbered(country_of(number), number)
    offers = _fine([change.number] if change else [])
    return DoubtfulContact(FIELD, sentence, offers, country_of(number), contact.address)


def country_of(number: PhoneNumber) -> str:
    """ISO 3166; of a number that is not valid, what its country code tells; or empty."""
    region = phonenumbers.region_code_for_number(number)
    region = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return "" if region in ("001", "ZZ") else region


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def plain(typed: str) -> str:
    """With the digits and signs of ASCII; every kind of space and ornament is a space."""
    return "".join(map(_plain, typed)).strip()


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] == "M" or category == "Cf":  # variation selectors, keycaps, direction marks
        return ""
    narrow = unicodedata.normalize("NFKC", character)
    if category[0] == "L":
        return narrow
    if category == "Pd" or character == "\u2212":
        return "-"
    return narrow if narrow in _MEANT else " "


def _found(text: str, region: str | None) -> dict[str, PhoneNumber]:
    """E.164 -> number, in the order of the text; if any is valid, only those."""
    matches = list(PhoneNumberMatcher(text, region, leniency=Leniency.POSSIBLE))
    valid = [match for match in matches if phonenumbers.is_valid_number(match.number)]
    return {e164(match.number): match.number for match in valid or matches}


def _direct(text: str, region: str | None) -> PhoneNumber:
    """The whole text as one number. Raises InvalidInput."""
    if any(character.isalpha() for character in text) and ";phone-context=" not in text:
        raise InvalidInput(FIELD, N_("A phone number has no letters."))
    refusal: InvalidInput | None = None
    possible: list[PhoneNumber] = []
    for reading in _readings(text):
        try:
            possible.append(_possible(reading, region))
        except InvalidInput as error:
            refusal = error
    valid = {e164(number): number for number in possible if phonenumbers.is_valid_number(number)}
    if len(valid) > 1:
        raise DoubtfulContact(FIELD, _SEVERAL_NUMBERS, list(valid))
    if possible:
        return next(iter(valid.values()), possible[0])
    assert refusal is not None
    raise refusal


def _readings(text: str) -> list[str]:
    """Ways to take a text; of those that no plan has the first that is possible counts."""
    ways = _ways_in(text)
    return ways + [short for way in ways if (short := _TRUNK.sub(r"\1 ", way)) != way]


def _ways_in(text: str) -> list[str]:
    """How its beginning may lead into a country."""
    if behind := _PLUS_BEHIND.fullmatch(text):  # where it is put in a field from right to left
        return [behind[1] if behind[1].startswith("0") else f"+{behind[1]}"]
    if zeros := _PLUS_AND_ZEROS.match(text):
        return [f"+{text[zeros.end() :]}"]
    if zeros := _ZEROS.match(text):
        return [text, f"+{text[zeros.end() :]}"]
    return [text]


def _possible(text: str, region: str | None) -> PhoneNumber:
    """The number, of a length that exists. Raises InvalidInput."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise InvalidInput(FIELD, _parse_problem(error, text)) from None
    sentence = _LENGTH_PROBLEMS.get(phonenumbers.is_possible_number_with_reason(number))
    if len(e164(number)) > len("+") + MOST_DIGITS:  # that plan has no limit of its own
        sentence = _TOO_LONG
    if sentence is not None:
        raise _renumbered(number) or InvalidInput(FIELD, sentence)
    return number


def _renumbered(number: PhoneNumber, understood: str = "") -> DoubtfulContact | None:
    """That a number is of an old plan, and what it is today; None if it is not."""
    region = country_of(number)
    change = renumbered(region, number)
    if change is None:
        return None
    offers = _fine([change.number] if change.number else [])
    if change.number and not offers:
        return None
    sentence = N_("Numbers have changed there (%(country)s). This may be %(number)s today.")
    if change.digits:
        sentence = N_("Numbers have become longer there (%(country)s): put %(digits)s in front.")
    return DoubtfulContact(FIELD, sentence, offers, region, understood, digits=change.digits)


def _not_valid(number: PhoneNumber, contact: Contact, offers: list[str]) -> DoubtfulContact:
    region = country_of(number)
    if not region:
        sentence = N_("This number looks unusual. Please check it.")
    elif offers:
        sentence = N_("This number is not valid (%(country)s). Did you mean %(number)s?")
    else:
        sentence = N_("This number is not valid (%(country)s). Please check it.")
    return DoubtfulContact(FIELD, sentence, offers, region, contact.address)


def _with_offers(refusal: InvalidInput, text: str, region: str | None) -> InvalidInput:
    """The refusal, with the numbers that may have been meant, if there are any."""
    if isinstance(refusal, DoubtfulContact):
        return refusal
    digits = re.sub("[^0-9]", "", text)
    plus = [] if digits.startswith("0") else [f"+{digits}"]
    if out := _WAYS_OUT.match(digits):
        plus.append(f"+{digits[out.end() :]}")
    offers = _fine(_parsed([*plus, digits], region))
    return DoubtfulContact(FIELD, refusal.sentence, offers) if offers else refusal


def _parsed(texts: Iterable[str], region: str | None) -> Iterator[str]:
    for text in texts:
        try:
            yield e164(phonenumbers.parse(text, region))
        except NumberParseException:
            continue


def _fine(numbers: Iterable[str]) -> list[str]:
    """Those that nobody has to doubt, each once."""
    return [number for number in dict.fromkeys(numbers) if _is_fine(number)][:MAX_OFFERS]


def _is_fine(address: str) -> bool:
    """Whether a number of this kind receives messages as a rule."""
    number = phonenumbers.parse(address)
    return phonenumbers.is_valid_number(number) and (
        phonenumbers.number_type(number) in _WRITTEN_TO or address.startswith(_SATELLITE)
    )


_SEVERAL_NUMBERS = N_("There is more than one number here. Please choose one.")
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
