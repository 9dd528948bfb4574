"""Settings of one host among several that share a database."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yarl import URL

from web.environment.config_values import Setting, public_url, relay_addresses

HOST_SETTINGS = (
    Setting(
        "TELECONNECT_HOST_URL",
        "",
        "With PostgreSQL: this host's own address, which only the other hosts reach, as"
        " http://10.0.0.5:8080; empty: http://127.0.0.1 with the port.",
    ),
    Setting(
        "TELECONNECT_HOST_NAME", "", "This host's name on the page Health; empty: the machine's."
    ),
    Setting(
        "TELECONNECT_PROXIES",
        "",
        "IP addresses of proxies on other machines, separated by commas: the client's address is what they"
        " say in X-Forwarded-For, as for a proxy on this machine.",
    ),
)


@dataclass(frozen=True)
class HostSettings:
    """How the other hosts reach this one, and what people call it."""

    url: URL
    name: str
    "Empty: the machine's."
    proxies: frozenset[str]
    "Addresses of proxies on other machines."


def read_host(given: Callable[..., Any], port: int) -> HostSettings:
    """Raises ConfigError naming the setting."""
    url = given("TELECONNECT_HOST_URL", public_url) or URL(f"http://127.0.0.1:{port}")
    proxies = given("TELECONNECT_PROXIES", relay_addresses) or ()
    return HostSettings(url, given("TELECONNECT_HOST_NAME", str) or "", frozenset(proxies))
