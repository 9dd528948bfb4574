"""Settings of one host among several that share a database."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yarl import URL

from signaling.hosts.role import Role
from web.environment.config_values import (
    ConfigError,
    Setting,
    host_role,
    link_key,
    public_url,
    relay_addresses,
)

HOST_SETTINGS = (
    Setting(
        "TELECONNECT_HOST_ROLE",
        "all",
        "With PostgreSQL: all, or relay: this host serves no pages and has relay workers alone, for the"
        " calls of hosts whose TELECONNECT_RELAY_WORKERS is 0.",
    ),
    Setting(
        "TELECONNECT_RELAY_KEY",
        "",
        "With the role relay: the key that `python -m scripts.relay_key` prints on another host, or the path"
        " of the file that holds it.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_HOST_URL",
        "",
        "With PostgreSQL: this host's own address, which only the other hosts reach, as"
        " http://10.0.0.5:8080, with the role relay https://10.0.0.8:8080; empty: 127.0.0.1 with the port.",
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

    role: Role
    relay_key: bytes | None
    "Of a relay-only host: by which it and the others know each other."
    url: URL
    name: str
    "Empty: the machine's."
    proxies: frozenset[str]
    "Addresses of proxies on other machines."


def read_host(given: Callable[..., Any], port: int) -> HostSettings:
    """Raises ConfigError naming the setting."""
    role = given("TELECONNECT_HOST_ROLE", host_role)
    scheme = "https" if role == "relay" else "http"
    url = given("TELECONNECT_HOST_URL", public_url) or URL(f"{scheme}://127.0.0.1:{port}")
    if role == "relay" and url.scheme != scheme:
        raise ConfigError("TELECONNECT_HOST_URL begins with https:// where the role is relay.")
    relay_key = given("TELECONNECT_RELAY_KEY", link_key)
    if role == "relay" and relay_key is None:
        raise ConfigError(
            "TELECONNECT_HOST_ROLE is relay: TELECONNECT_RELAY_KEY must be what python -m scripts.relay_key"
            " prints on another host, or the path of the file that holds it."
        )
    proxies = given("TELECONNECT_PROXIES", relay_addresses) or ()
    name = given("TELECONNECT_HOST_NAME", str) or ""
    return HostSettings(role, relay_key, url, name, frozenset(proxies))
