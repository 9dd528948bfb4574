"""Whose word about a client's address is believed."""

import pytest

from web.config import load
from web.http.client_address import is_proxy


@pytest.mark.parametrize(
    ("address", "believed"),
    [
        ("127.0.0.1", True), ("::1", True), ("10.0.0.3", True), ("::ffff:10.0.0.3", True),
        ("2001:db8::3", True), ("10.0.0.4", False), ("2001:db8::4", False), ("", False), (None, False),
    ],
)  # fmt: skip
def test_a_proxy_is_on_this_machine_or_set(address: str | None, believed: bool) -> None:
    config = load({"TELECONNECT_PROXIES": "10.0.0.3, 2001:DB8::3"})
    assert is_proxy(config, address) is believed
