"""TURN credentials are those that coturn computes, and each participant has their own."""

import base64
import hashlib
import hmac

import pytest

from media.turn_credentials import IceServer, TurnService

URLS = (
    "stun:turn.example.org",
    "turn:turn.example.org:3478?transport=udp",
    "turns:turn.example.org",
)


def test_a_participant_gets_credentials_of_their_own() -> None:
    service = TurnService(URLS, "secret")
    plain, relayed = service.servers_for("p1", now=1_000_000.7, lifetime=60)
    assert plain == IceServer(("stun:turn.example.org",))
    assert relayed.urls == URLS[1:]
    assert relayed.username == "1000060:p1"
    expected = hmac.new(b"secret", b"1000060:p1", hashlib.sha1).digest()
    assert base64.b64decode(relayed.credential) == expected
    assert service.servers_for("p2", now=1_000_000, lifetime=60)[1] != relayed


def test_the_browser_gets_plain_dictionaries() -> None:
    assert IceServer(("stun:a",)).as_dictionary() == {"urls": ["stun:a"]}
    assert IceServer(("turn:a",), "u", "c").as_dictionary() == {
        "urls": ["turn:a"],
        "username": "u",
        "credential": "c",
    }


def test_without_servers_there_are_none() -> None:
    assert TurnService(()).servers_for("p", now=0) == []


@pytest.mark.parametrize(
    ("urls", "secret"), [(("https://turn.example.org",), "s"), (("turn:turn.example.org",), "")]
)
def test_what_cannot_work_is_refused(urls: tuple[str, ...], secret: str) -> None:
    with pytest.raises(ValueError):
        TurnService(urls, secret)
