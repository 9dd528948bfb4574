"""Passkeys, below HTTP: where browsers have them, and that challenges cannot fill the memory."""

from datetime import timedelta

import pytest
from yarl import URL

from tests.clock import MovableClock
from tests.passkeys import SoftPasskey
from tests.serving import moment
from web.access import passkeys
from web.access.passkeys import Passkeys, credential_id

ORIGIN = "https://tele.example.org"


@pytest.mark.parametrize(
    ("url", "possible"),
    [
        (ORIGIN, True),
        ("https://käse.example:8443", True),
        ("http://localhost:8080", True),
        ("http://tele.example.org", False),
        ("https://192.0.2.7", False),
        ("https://[2001:db8::7]", False),
    ],
)
def test_passkeys_need_tls_and_a_name(url: str, possible: bool) -> None:
    clock = MovableClock(moment("2026-12-07 14:30"))
    assert Passkeys(URL(url), "TeleConnect", clock).possible is possible


def test_a_flood_of_challenges_drops_the_oldest_of_strangers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passkeys, "MOST", 3)
    clock = MovableClock(moment("2026-12-07 14:30"))
    checked = Passkeys(URL(ORIGIN), "TeleConnect", clock)
    checked.asking("second step", "nurse")
    for _ in range(5):
        checked.asking("only step")
    assert len(checked._of_strangers) == 3
    assert len(checked._of_accounts) == 1
    clock.move(timedelta(minutes=5))
    checked.asking("only step")
    assert len(checked._of_strangers) == 1


def test_identifiers_are_read_as_browsers_write_them() -> None:
    made = SoftPasskey(ORIGIN)
    assert credential_id({"id": made.identifier}) == made._id
