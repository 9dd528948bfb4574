"""What a host does and where it is reached."""

import base64
from pathlib import Path

import pytest

from web.config import ConfigError, load

KEY = b"a key between hosts, of 32 bytes"
RELAY = {
    "TELECONNECT_RELAY_KEY": base64.b64encode(KEY).decode(),
    "TELECONNECT_HOST_ROLE": "relay",
    "TELECONNECT_DATABASE_URL": "postgresql://a@db/x",
}


def test_a_host_does_everything_unless_it_is_told_otherwise() -> None:
    config = load({}, port=8081)
    assert not config.relays_only
    assert str(config.this_host.url) == "http://127.0.0.1:8081"


def test_a_relay_only_host_is_reached_by_tls() -> None:
    config = load(RELAY, port=8081)
    assert config.relays_only
    assert str(config.this_host.url) == "https://127.0.0.1:8081"
    with pytest.raises(ConfigError, match="TELECONNECT_HOST_URL begins with https://"):
        load(RELAY | {"TELECONNECT_HOST_URL": "http://10.0.0.8:8080"})


@pytest.mark.parametrize(
    "given",
    [
        {"TELECONNECT_DATABASE_URL": ""},
        {"TELECONNECT_RELAY_WORKERS": "0"},
        {"TELECONNECT_RELAY_KEY": ""},
        {"TELECONNECT_MASTER_KEY": "k" * 44},
    ],
)
def test_a_relay_only_host_needs_workers_a_database_and_its_key_and_no_master_key(
    given: dict[str, str],
) -> None:
    with pytest.raises(ConfigError, match="TELECONNECT_HOST_ROLE is relay"):
        load(RELAY | given)


def test_its_key_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "relay.key"
    file.write_text(RELAY["TELECONNECT_RELAY_KEY"] + "\n")
    for given in (RELAY, RELAY | {"TELECONNECT_RELAY_KEY": str(file)}):
        assert load(given).this_host.relay_key == KEY
    for wrong in ("/nowhere/relay.key", "k" * 43, base64.b64encode(KEY[1:]).decode()):
        with pytest.raises(ConfigError, match="TELECONNECT_RELAY_KEY must be 32 bytes in base64"):
            load(RELAY | {"TELECONNECT_RELAY_KEY": wrong})


def test_there_are_no_other_roles() -> None:
    with pytest.raises(ConfigError, match="TELECONNECT_HOST_ROLE must be all or relay"):
        load({"TELECONNECT_HOST_ROLE": "pages"})
