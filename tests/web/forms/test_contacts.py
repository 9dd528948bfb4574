"""The field "Email or mobile number" understands what people type, or says what is wrong."""

import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from signaling.contact import Contact
from signaling.errors import DoubtfulContact, InvalidInput
from web.forms import phone_numbers
from web.forms.contacts import (
    country_name,
    doubt,
    format_contact,
    in_words,
    isolated,
    region_of,
    understand,
)


@pytest.mark.parametrize(
    ("typed", "region", "address"),
    [
        ("+41 79 123 45 67", None, "+41791234567"),
        ("+41 (0)79 123-45-67", None, "+41791234567"),
        ("079 123 45 67", "CH", "+41791234567"),
        ("079/123.45.67", "ch", "+41791234567"),
        ("0041 79 123 45 67", "CH", "+41791234567"),
        ("0041791234567", None, "+41791234567"),
        ("0041791234567", "US", "+41791234567"),
        ("011 41 79 123 45 67", "US", "+41791234567"),
        ("+٤١٧٩١٢٣٤٥٦٧", None, "+41791234567"),
        ("٠٠٤١٧٩١٢٣٤٥٦٧", None, "+41791234567"),
        ("۰۷۹ ۱۲۳ ۴۵ ۶۷", "CH", "+41791234567"),
        ("＋４１７９１２３４５６７", None, "+41791234567"),
        ("\u202a+41\u00a079\u00a0123\u00a045\u00a067\u202c", None, "+41791234567"),
        ("tel:+41791234567", "FR", "+41791234567"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("050 123 4567", "UA", "+380501234567"),
        ("+95 9 969 123 456", None, "+959969123456"),
        ("8 916 123-45-67", "RU", "+79161234567"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("+39 351 234 5678", None, "+393512345678"),
        # typographic spaces, and their substitutes
        ("+33\u202f6\u202f12\u202f34\u202f56\u202f78", None, "+33612345678"),
        ("+41\u200979\u2002123\u200345\u200767\u200a", None, "+41791234567"),
        ("+41\u200079\u2001123\u200445\u200567\u2006\u2008", None, "+41791234567"),
        ("+41\u300079\u205f1234567", None, "+41791234567"),
        ("+41·79•123‧45⋅67", None, "+41791234567"),
        ("+41‒79–123—45−67", None, "+41791234567"),
        ("+41\ufe0f791234567", None, "+41791234567"),
        ("0\ufe0f\u20e37\ufe0f\u20e39\ufe0f\u20e3 123 45 67", "CH", "+41791234567"),
        ("☎ +41 79 123 45 67 📱", None, "+41791234567"),
        # international call prefixes of other countries
        ("00 81 90 1234 5678", "JP", "+819012345678"),
        ("00 234 802 123 4567", "NG", "+2348021234567"),
        ("00 61 412 345 678", "AU", "+61412345678"),
        ("00 55 11 96123-4567", "BR", "+5511961234567"),
        ("0011 61 412 345 678", "AU", "+61412345678"),
        ("010 81 90 1234 5678", "JP", "+819012345678"),
        # a trunk prefix in brackets for a country without one
        ("+48 (0)512 345 678", None, "+48512345678"),
        ("+34 (0) 612 34 56 78", None, "+34612345678"),
        ("+1 (0)201-555-0123", None, "+12015550123"),
        ("+30(0)691 234 5678", None, "+306912345678"),
        # a misplaced plus sign
        ("٩٦٣٩٣١٢٣٤٥٦٧+", "CH", "+963931234567"),
        ("(963) 93 123 45 67 +", "CH", "+963931234567"),
        ("0791234567+", "CH", "+41791234567"),
        ("+00963931234567", "CH", "+963931234567"),
        # what programs and people write around a number
        ("wa.me/41791234567", "FR", "+41791234567"),
        ("https://wa.me/41791234567?text=Hi%2079%20123", None, "+41791234567"),
        ("whatsapp://send?phone=41791234567&text=x", None, "+41791234567"),
        ("https://api.whatsapp.com/send?phone=%2B41791234567", None, "+41791234567"),
        ("Mobile: +41 79 123 45 67", None, "+41791234567"),
        ("079 123 45 67 (WhatsApp)", "CH", "+41791234567"),
        ("+41 79 123 45 67 (Anna, room 12)", None, "+41791234567"),
        ("sms:+41791234567?body=call 079 123 45 68", "CH", "+41791234567"),
        ("sms:%2B41791234567", None, "+41791234567"),
        ("smsto:+41791234567:Hello", None, "+41791234567"),
        ("tel:079-1234567;phone-context=+41", None, "+41791234567"),
        ("TEL;TYPE=CELL:+41791234567", None, "+41791234567"),
        ("BEGIN:VCARD\nFN:Anna\nTEL;TYPE=CELL:+41791234567\nEND:VCARD", "FR", "+41791234567"),
        ("BEGIN:VCARDFN:AnnaTEL;TYPE=CELL:+41791234567END:VCARD", "FR", "+41791234567"),
        ("079 123 45 67, 0041 79 123 45 67", "CH", "+41791234567"),
        # satellite telephones
        ("+88216 1234 5678", None, "+8821612345678"),
        ("+8816 1234 5678", None, "+881612345678"),
        ("+870 773 123 456", None, "+870773123456"),
    ],
)
def test_a_number_is_understood(typed: str, region: str | None, address: str) -> None:
    assert understand(typed, region) == (Contact("phone", address), None)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("amina@example.org", "amina@example.org"),
        ("  Amina.B+tele@Example.ORG ", "Amina.B+tele@example.org"),
        ("mailto:amina@example.org", "amina@example.org"),
        ("ａｍｉｎａ＠example.org", "amina@example.org"),
        ("amina@bücher.example.com", "amina@xn--bcher-kva.example.com"),
        ("δοκιμή@παράδειγμα.ευ", "δοκιμή@παράδειγμα.ευ"),
        ("\u200eamina@example.org\u200e", "amina@example.org"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("amina@example.org،", "amina@example.org"),
        ("amina@example.org;", "amina@example.org"),
        ("(amina@example.org).", "amina@example.org"),
        ("“amina@example.org”", "amina@example.org"),
        ("<amina@example.org>,", "amina@example.org"),
        ("Amina <amina@example.org>", "amina@example.org"),
        ('"Haddad, Amina" <amina@example.org>;', "amina@example.org"),
        ("mailto:amina@example.org?subject=Hello", "amina@example.org"),
        ("E-mail : amina@example.org", "amina@example.org"),
        ("EMAIL;TYPE=HOME:amina@example.org", "amina@example.org"),
        ("'amina@example.org'", "amina@example.org"),
        ("\u2018amina@example.org\u2019", "amina@example.org"),
        ("\u00bbamina@example.org\u00ab", "amina@example.org"),
        ("`amina@example.org`", "amina@example.org"),
        ("*amina@example.org*", "amina@example.org"),
        ("_amina@example.org_", "amina@example.org"),
        ("_amina@example.org", "_amina@example.org"),
        ("amina@example.org\u2026", "amina@example.org"),
        ("amina@example.org |", "amina@example.org"),
        ("[amina@example.org]", "amina@example.org"),
    ],
)
def test_an_address_is_understood(typed: str, address: str) -> None:
    assert understand(typed, "CH") == (Contact("email", address), None)


@pytest.mark.parametrize(
    ("typed", "region", "sentence"),
    [
        ("", "CH", "Please enter an email address or a mobile number."),
        (" \u200b\u202e ", "CH", "Please enter an email address or a mobile number."),
        ("x" * 400, "CH", "This is too long: at most %(limit)s characters."),
        ("a@example.org\nb", "CH", "Please enter one address or number on a single line."),
        ("079\x00123", "CH", "Please enter one address or number on a single line."),
        ("Amina", "CH", "This is neither an email address nor a phone number."),
        ("🙂", "CH", "This is neither an email address nor a phone number."),
        ("+", "CH", "This is neither an email address nor a phone number."),
        ("1-800-FLOWERS", "US", "A phone number has no letters."),
        ("wa.me/message/ABCDEFGH1", "CH", "A phone number has no letters."),
        (
            "079 123 45 67",
            None,
            "Please begin the number with + and the country code, for example +41.",
        ),
        (
            "079 123 45 67",
            "XX",
            "Please begin the number with + and the country code, for example +41.",
        ),
        ("+999 123 456 78", None, "This country code does not exist."),
        ("+41 79 123", None, "This number is too short."),
        ("12", "CH", "This number is too short."),
        ("+41 79 123 45 67 89 01 23", None, "This number is too long."),
        ("0041 79 123", "CH", "This number is too short."),
        ("<Amina> a@example.org", None, "Please enter only the address, without a name."),
        ("a@example.org, b@example.org", None, "Please enter one address only."),
        ("A <a@example.org>, B <b@example.org>", None, "Please enter one address only."),
        ("a b@example.org", None, "An email address has no spaces."),
        (
            "@example.org",
            None,
            "An email address has something before and after the @ sign.",
        ),
        ("amina@", None, "An email address has something before and after the @ sign."),
        ("amina@example", None, "The address is incomplete: something like .org is missing."),
        ("amina@@example.org", None, "This email address is not written correctly."),
        ("amina@example..org", None, "There is one dot too many in this address."),
        ("x" * 65 + "@example.org", None, "This email address is too long."),
        ("amina@exa_mple.org", None, "This email address is not written correctly."),
        ("amina@host.invalid", None, "This email address cannot exist."),
    ],
)
def test_each_mistake_has_its_sentence(typed: str, region: str | None, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        understand(typed, region)
    assert refused.value.field == "contact"
    assert refused.value.sentence == sentence


@given(
    st.one_of(
        st.text(st.characters(), max_size=60), st.text(st.sampled_from("+0123456789٤٥ ()-.@ab#;,x"))
    ),
    st.sampled_from([None, "CH", "US", "AE", "RU", "??"]),
)
def test_any_text_is_a_contact_or_refused(typed: str, region: str | None) -> None:
    try:
        contact, _unsure = understand(typed, region)
    except InvalidInput as refused:
        assert refused.field == "contact"
        return
    assert understand(contact.address, None).contact == contact
    assert format_contact(contact)


def test_a_number_is_shown_as_people_read_it() -> None:
    assert format_contact(Contact("phone", "+41791234567")) == "+41 79 123 45 67"
    assert format_contact(Contact("email", "amina@example.org")) == "amina@example.org"


@pytest.mark.parametrize(
    ("typed", "region", "understood", "told", "offers"),
    [
        (
            "963931234567",
            "CH",
            "+41963931234567",
            "This number is not valid (Switzerland). Did you mean +963 931 234 567?",
            ["+963931234567"],
        ),
        (
            "+41 11 111 11 11",
            None,
            "+41111111111",
            "This number is not valid (Switzerland). Please check it.",
            [],
        ),
        ("+883 5100 1234 567", None, "+88351001234567", "This number looks unusual.", []),
        ("+41 22 730 41 11", None, "+41227304111", "This is a landline number.", []),
        ("+1 800 234 5678", None, "+18002345678", "This does not look like a mobile number.", []),
        ("079 123 45 67 #12", "CH", "+41791234567", "A number with an extension", []),
        ("079 123 45 67 ext. 5", "CH", "+41791234567", "A number with an extension", []),
        ("tel:+41-79-123-45-67;ext=5", None, "+41791234567", "A number with an extension", []),
        ("+54 11 2345 6789", None, "+541123456789", "This is a landline", ["+5491123456789"]),
    ],
)
def test_a_number_that_looks_wrong_is_taken_with_a_doubt(
    typed: str, region: str | None, understood: str, told: str, offers: list[str]
) -> None:
    contact, unsure = understand(typed, region)
    assert unsure is not None
    assert contact.address == unsure.understood == understood
    assert list(unsure.offers) == offers
    assert said(unsure).startswith(told)


@pytest.mark.parametrize(
    ("typed", "region", "told", "offers"),
    [
        ("963931234567", "US", "This number is too long.", ["+963931234567"]),
        ("963931234567", None, "Please begin the number with +", ["+963931234567"]),
        ("+0791234567", "CH", "This country code does not exist.", ["+41791234567"]),
        (
            "079 123 45 67 / 078 123 45 67",
            "CH",
            "There is more than one number here. Please choose one.",
            ["+41791234567", "+41781234567"],
        ),
        (
            "Anna +41 79 123 45 67 or at work +41 44 123 45 67",
            None,
            "There is more than one number here. Please choose one.",
            ["+41791234567", "+41441234567"],
        ),
        ("011 41 79 123 45 67", "CH", "This number is too long.", ["+41791234567"]),
        ("011 49 1512 3456789", "DE", "This number is too long.", ["+4915123456789"]),
        (
            "+39 (0)312 345 6789",
            None,
            "There is more than one number here. Please choose one.",
            ["+3903123456789", "+393123456789"],
        ),
    ],
)
def test_what_cannot_be_taken_comes_with_what_may_have_been_meant(
    typed: str, region: str | None, told: str, offers: list[str]
) -> None:
    with pytest.raises(DoubtfulContact) as refused:
        understand(typed, region)
    assert list(refused.value.offers) == offers
    assert not refused.value.understood
    assert said(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("old", "today", "told"),
    [
        ("+229 97 12 34 56", "+2290197123456", "longer there (Benin): put 01 in front."),
        ("+225 07 12 34 56", "", "longer there (Côte d’Ivoire): put 01 / 05 / 07 in front."),
        ("+237 77 12 34 56", "+237677123456", "longer there (Cameroon): put 6 in front."),
        ("+593 98765432", "+593998765432", "longer there (Ecuador): put 9 in front."),
        ("+995 55 12 34 56", "+995555123456", "longer there (Georgia): put 5 in front."),
        ("+230 712 3456", "+23057123456", "longer there (Mauritius): put 5 in front."),
        ("+52 1 55 1234 5678", "+525512345678", "changed there (Mexico)."),
        ("+55 11 8765-4321", "+5511987654321", "changed there (Brazil)."),
        ("+84 120 123 4567", "+84701234567", "changed there (Vietnam)."),
        ("+84 188 123 4567", "+84581234567", "changed there (Vietnam)."),
    ],
)
def test_a_number_of_an_old_plan_is_explained(old: str, today: str, told: str) -> None:
    try:
        unsure = understand(old, None).doubt
    except DoubtfulContact as refused:
        unsure = refused
    assert unsure is not None
    assert told in said(unsure)
    assert list(unsure.offers) == ([today] if today else [])
    assert not phonenumbers.is_valid_number(phonenumbers.parse(old))
    if today:
        assert understand(today, None) == (Contact("phone", today), None)


def test_an_ordinary_mobile_number_is_doubted_nowhere() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
        if example is None:  # a country with landlines only
            continue
        for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL):
            contact, unsure = understand(phonenumbers.format_number(example, form), region)
            assert (contact.address, unsure) == (phone_numbers.e164(example), None)


def test_an_error_about_a_number_does_not_show_it_to_logs() -> None:
    _contact, unsure = understand("963931234567", "CH")
    assert "963" not in f"{unsure}{unsure!r}"


def said(unsure: DoubtfulContact) -> str:
    told = in_words(unsure, "en")
    return (told.sentence % told.values).translate({0x2066: None, 0x2069: None, 0xA0: " "})


def test_what_is_shown_keeps_its_order_and_its_line() -> None:
    assert isolated("+41 79 123") == "\u2066+41\u00a079\u00a0123\u2069"


@pytest.mark.parametrize("domain", ["hospital.local", "mail.clinic.internal", "ward.lan"])
def test_an_address_inside_an_organization_is_taken_with_a_warning(domain: str) -> None:
    contact, unsure = understand(f"name@{domain.upper()}", None)
    assert contact.address == f"name@{domain}"
    assert unsure is not None
    assert said(unsure) == (
        "Mail reaches this address only inside its own organization. Please check it."
    )


def test_a_number_tells_its_country() -> None:
    assert region_of(Contact("phone", "+380501234567")) == "UA"
    assert region_of(Contact("phone", "+972591234567")) == "IL"
    assert region_of(Contact("phone", "+8821612345678")) == ""
    assert region_of(Contact("email", "amina@example.org")) == ""
    assert country_name("CH", "fr") == "Suisse"
    assert country_name("CH", "ti")
    assert country_name("", "fr") == ""
    assert doubt(Contact("email", "amina@example.org")) is None


def test_the_costly_tables_are_not_loaded() -> None:
    assert not {"phonenumbers.geocoder", "phonenumbers.carrier"} & set(sys.modules)
