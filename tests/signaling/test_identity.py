"""Whom a provider's claims are about."""

import pytest

from signaling.identity import SignInRefused, read_person


@pytest.mark.parametrize(
    "email",
    [
        '"x<nurse@clinic.example>"@elsewhere.example',
        "x<nurse@clinic.example>",
        "mailto:nurse@clinic.example?x@elsewhere.example",
        "'nurse@clinic.example",
        "nu rse@clinic.example",
        "nu\u200brse@clinic.example",
        "\uff4eurse@clinic.example",
    ],
)
def test_an_address_that_would_have_to_be_interpreted_is_nobodys(email: str) -> None:
    claims = {"sub": "1", "email": email, "email_verified": True}
    with pytest.raises(SignInRefused):
        read_person("https://login.example", claims)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Nurse@CLINIC.example", "Nurse@clinic.example"),
        ("o'brien@clinic.example", "o'brien@clinic.example"),
        (" nurse@m\u00fcnchen.example", "nurse@xn--mnchen-3ya.example"),
    ],
)
def test_one_mailbox_may_be_spelled_in_several_ways(said: str, read: str) -> None:
    claims = {"sub": "1", "email": said, "email_verified": True}
    assert read_person("https://login.example", claims).email == read
