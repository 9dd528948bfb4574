"""Texts of mail about accounts: complete, and with no placeholder that nobody fills."""

from string import Template
from typing import get_args

import pytest

from signaling.notices.account_mail import (
    ACCOUNT_TEXTS,
    GIVEN_BY_CALLER,
    AccountOccasion,
)


def test_every_occasion_has_a_text() -> None:
    assert set(ACCOUNT_TEXTS) == set(get_args(AccountOccasion))


@pytest.mark.parametrize("occasion", get_args(AccountOccasion))
def test_a_text_has_only_placeholders_that_are_filled(occasion: AccountOccasion) -> None:
    text = ACCOUNT_TEXTS[occasion]
    given = GIVEN_BY_CALLER.get(occasion, ())
    named = set(Template(text.subject).get_identifiers()) | set(
        Template(text.mail).get_identifiers()
    )
    assert named <= {"name", "service", "link", "now", "until", *given}
    assert set(given) <= named


@pytest.mark.parametrize("occasion", get_args(AccountOccasion))
def test_the_link_stands_on_a_line_of_its_own(occasion: AccountOccasion) -> None:
    assert "$link" in ACCOUNT_TEXTS[occasion].mail.split("\n")
