"""The field "Email or mobile number" understands what people type, or says what is wrong."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.contact import Contact
from signaling.errors import InvalidInput
from web.forms.contacts import format_contact, parse_contact, region_of, warning


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
        ("+39 06 698 1234", None, "+39066981234"),
    ],
)
def test_a_number_is_understood(typed: str, region: str | None, address: str) -> None:
    assert parse_contact(typed, region) == Contact("phone", address)


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
    ],
)
def test_an_address_is_understood(typed: str, address: str) -> None:
    assert parse_contact(typed, "CH") == Contact("email", address)


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
        ("079 123 45 67 ext. 5", "CH", "A phone number has no letters."),
        ("079 123 45 67 #12", "CH", "A number with an extension cannot receive messages."),
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
        ("Amina <amina@example.org>", None, "Please enter only the address, without a name."),
        ("a@example.org, b@example.org", None, "Please enter one address only."),
        ("a b@example.org", None, "An email address has no spaces."),
        (
            "@example.org",
            None,
            "An email address has something before and after the @ sign.",
        ),
        ("amina@", None, "An email address has something before and after the @ sign."),
        ("amina@example", None, "The part after the @ sign must end like .org or .com."),
        ("amina@@example.org", None, "This email address is not written correctly."),
        ("amina@example..org", None, "This email address has a dot too many."),
        ("x" * 65 + "@example.org", None, "This email address is too long."),
        ("amina@exa_mple.org", None, "This email address is not written correctly."),
        ("amina@host.invalid", None, "This email address cannot exist."),
    ],
)
def test_each_mistake_has_its_sentence(typed: str, region: str | None, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_contact(typed, region)
    assert refused.value.field == "contact"
    assert refused.value.sentence == sentence


@given(
    st.one_of(st.text(max_size=60), st.text(st.sampled_from("+0123456789٤٥ ()-.@ab#;,x"))),
    st.sampled_from([None, "CH", "US", "AE", "RU", "??"]),
)
def test_any_text_is_a_contact_or_refused(typed: str, region: str | None) -> None:
    try:
        contact = parse_contact(typed, region)
    except InvalidInput as refused:
        assert refused.field == "contact"
        return
    assert parse_contact(contact.address, None) == contact
    assert format_contact(contact)
    warning(contact)


def test_a_number_is_shown_as_people_read_it() -> None:
    assert format_contact(Contact("phone", "+41791234567")) == "+41 79 123 45 67"
    assert format_contact(Contact("email", "amina@example.org")) == "amina@example.org"


def test_an_unusual_number_is_taken_with_a_warning() -> None:
    assert warning(Contact("phone", "+41791234567")) is None
    assert warning(Contact("email", "amina@example.org")) is None
    assert warning(Contact("phone", "+41111111111")) == (
        "This number looks unusual. Please check it."
    )
    assert warning(Contact("phone", "+41227304111")) == (
        "This does not look like a mobile number. It may not receive messages."
    )


@pytest.mark.parametrize("domain", ["hospital.local", "mail.clinic.internal", "ward.lan"])
def test_an_address_inside_an_organization_is_taken_with_a_warning(domain: str) -> None:
    contact = parse_contact(f"name@{domain.upper()}", None)
    assert contact.address == f"name@{domain}"
    assert warning(contact) == (
        "Mail reaches this address only inside its own organization. Please check it."
    )


def test_a_number_tells_its_country() -> None:
    assert region_of(Contact("phone", "+380501234567")) == "UA"
    assert region_of(Contact("email", "amina@example.org")) is None


def test_the_costly_tables_are_not_loaded() -> None:
    assert not {"phonenumbers.geocoder", "phonenumbers.carrier"} & set(sys.modules)
