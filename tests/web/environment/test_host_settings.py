"""What a host does and where it is reached."""

import pytest

from web.config import ConfigError, load

RELAY = {
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
    [{"TELECONNECT_DATABASE_URL": ""}, {"TELECONNECT_RELAY_WORKERS": "0"}],
)
def test_a_relay_only_host_needs_workers_and_the_database_of_the_others(
    given: dict[str, str],
) -> None:
    with pytest.raises(ConfigError, match="TELECONNECT_HOST_ROLE is relay"):
        load(RELAY | given)


def test_there_are_no_other_roles() -> None:
    with pytest.raises(ConfigError, match="TELECONNECT_HOST_ROLE must be all or relay"):
        load({"TELECONNECT_HOST_ROLE": "pages"})
