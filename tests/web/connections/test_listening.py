"""Where the server listens: on loopback, unless people reach it without a proxy."""

import socket

import pytest

from web.config import ConfigError, load
from web.connections.listening import listen, shown


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({}, ("127.0.0.1", "::1")),
        ({"TELECONNECT_PUBLIC_URL": "http://localhost:8080"}, ("127.0.0.1", "::1")),
        ({"TELECONNECT_PUBLIC_URL": "https://tele.example.org"}, ("127.0.0.1", "::1")),
        ({"TELECONNECT_PUBLIC_URL": "http://ward.local:8080"}, ("0.0.0.0", "::")),
        ({"TELECONNECT_PUBLIC_URL": "http://10.0.0.7"}, ("0.0.0.0", "::")),
        (
            {"TELECONNECT_PUBLIC_URL": "https://tele.example.org", "TELECONNECT_HOST": "0.0.0.0"},
            ("0.0.0.0",),
        ),
        ({"TELECONNECT_HOST": "::1"}, ("::1",)),
        ({"TELECONNECT_HOST": "0.0.0.0, ::"}, ("0.0.0.0", "::")),
    ],
)
def test_only_a_server_that_people_reach_by_itself_listens_to_all(
    settings: dict[str, str], hosts: tuple[str, ...]
) -> None:
    assert load(settings).hosts == hosts


def listening(**settings: str) -> list[socket.socket]:
    return listen(load({"PORT": "0", **settings}))


def test_a_free_port_is_the_same_for_both_kinds_of_addresses() -> None:
    taken = listening()
    assert {each.getsockname()[0] for each in taken} == {"127.0.0.1", "::1"}
    [port] = {each.getsockname()[1] for each in taken}
    assert shown(taken) == f"127.0.0.1:{port}, [::1]:{port}"
    with pytest.raises(ConfigError, match=f"Port {port} cannot be taken on 127.0.0.1, ::1: Addr"):
        listening(PORT=str(port))
    for each in taken:
        each.close()


def test_a_name_is_listened_on_at_all_its_addresses() -> None:
    taken = listening(TELECONNECT_HOST="localhost")
    assert {each.getsockname()[0] for each in taken} <= {"127.0.0.1", "::1"}
    for each in taken:
        each.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a b", "[::1", "x" * 300, "1.2.3.4.5"])
def test_a_host_that_is_none_is_refused_with_a_sentence(host: str) -> None:
    with pytest.raises(ConfigError, match=r"TELECONNECT_HOST must be an address of this machine"):
        listening(TELECONNECT_HOST=host)
