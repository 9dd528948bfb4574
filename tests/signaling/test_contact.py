"""An invalid contact cannot be constructed."""

import pytest

from signaling.contact import Contact
from signaling.errors import InvalidInput


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "amina@example.org"),
        ("email", "δοκιμή@παράδειγμα.example"),
        ("email", "a+b_c@sub.example.org"),
        ("phone", "+41791234567"),
        ("phone", "+2901234"),
    ],
)
def test_a_valid_address_is_kept_as_it_is(kind: str, address: str) -> None:
    assert Contact(kind, address).address == address  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", ""),
        ("email", "amina"),
        ("email", "a@b@c.example"),
        ("email", "a b@example.org"),
        ("email", "a@example.org\r\nBcc: all@example.org"),
        ("email", "a@example.org,b@example.org"),
        ("email", "a" * 250 + "@example.org"),
        ("phone", "0791234567"),
        ("phone", "+0791234567"),
        ("phone", "+41 79 123 45 67"),
        ("phone", "+1234567890123456"),
        ("phone", "+41٧٩١٢٣٤٥٦٧"),
        ("phone", "+41791234567\n"),
    ],
)
def test_an_invalid_address_is_refused(kind: str, address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Contact(kind, address)  # type: ignore[arg-type]
    assert refused.value.field == "contact"
