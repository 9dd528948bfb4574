"""Development mode needs its flag and a server that nobody but this machine reaches."""

import pytest

from web.config import ConfigError, load
from web.development import for_development


@pytest.mark.parametrize(
    "settings",
    [
        {"TELECONNECT_PUBLIC_URL": "https://tele.example.org"},
        {"TELECONNECT_PUBLIC_URL": "https://tele.example.org", "TELECONNECT_HOST": "127.0.0.1"},
        {"TELECONNECT_PUBLIC_URL": "http://192.0.2.7:8080"},
        {"TELECONNECT_HOST": "0.0.0.0"},
        {"TELECONNECT_HOST": "127.0.0.1, 192.0.2.7"},
    ],
)
def test_it_is_refused_where_others_reach_the_server(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="serves this machine alone"):
        for_development(load(settings))


@pytest.mark.parametrize("host", ["", "127.0.0.1", "localhost, ::1"])
def test_no_notice_leaves_the_machine(host: str) -> None:
    settings = {"TELECONNECT_SMTP_URL": "smtp://mail.example.org", "TELECONNECT_HOST": host}
    config = for_development(load(settings))
    assert not config.delivery.smtp_url and not config.delivery.vonage_application_id
