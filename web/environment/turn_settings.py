"""The settings of TURN: servers that the operator names, or coturn started by this server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from media.turn_credentials import TurnService
from web.environment import config_values as read
from web.environment.config_values import ConfigError, Setting

STANDARD_PORTS = (3478, 3488)
"The registered port, and one for where something else has that (Debian starts a coturn by itself)."
STANDARD_TLS_PORTS = (5349, 5359)

TURN_SETTINGS = (
    Setting(
        "TELECONNECT_TURN_URLS",
        "",
        "TURN servers, separated by commas; empty: the server's own (TELECONNECT_COTURN).",
    ),
    Setting(
        "TELECONNECT_TURN_SECRET",
        "",
        "Secret shared with the TURN servers (use-auth-secret of coturn).",
        secret=True,
    ),
    Setting(
        "TELECONNECT_COTURN",
        "auto",
        "Whether the server starts a coturn of its own, Debian's: auto, where one is installed,"
        " TELECONNECT_TURN_URLS is empty and the public URL is not localhost; yes, also there; no.",
    ),
    Setting(
        "TELECONNECT_COTURN_PORT",
        "",
        "UDP and TCP port of that coturn; empty: 3478, or 3488 where that is taken; 0 takes a free"
        " one.",
    ),
    Setting(
        "TELECONNECT_COTURN_TLS_PORT",
        "",
        "Its port for TLS; empty: 5349, or 5359 where that is taken; 0 takes a free one.",
    ),
    Setting(
        "TELECONNECT_COTURN_PROXY_PORT",
        "",
        "Its only TCP port, if given: for a proxy that ends TLS and says by the PROXY protocol,"
        " version 2, who connects, as in docs/one-port.md.",
    ),
    Setting(
        "TELECONNECT_COTURN_PROXY_HOST",
        "127.0.0.1",
        "IPv4 address at which that port listens. For a proxy on another machine: one of this"
        " machine's, or 0.0.0.0; close the port to everybody else then.",
    ),
    Setting(
        "TELECONNECT_COTURN_RELAY_PORTS",
        "49152-50151",
        "UDP ports from which it relays, two for each participant that needs it.",
    ),
    Setting(
        "TELECONNECT_COTURN_CERTIFICATE",
        "",
        "File of its certificate with those between it and the authority, in PEM; empty: no TLS.",
    ),
    Setting(
        "TELECONNECT_COTURN_KEY", "", "File of that certificate's private key, in PEM, unencrypted."
    ),
    Setting(
        "TELECONNECT_COTURN_URLS",
        "",
        "How browsers reach it, separated by commas; empty: by its ports at the host of the public"
        " URL. Behind a proxy: turns:turn.example.org:443?transport=tcp.",
    ),
)


@dataclass(frozen=True)
class CoturnSettings:
    """Checked settings."""

    wanted: Literal["auto", "yes", "no"]
    port: int | None
    "0: a free one; None: one of STANDARD_PORTS."
    tls_port: int | None
    proxy_port: int | None
    "Its only one of TCP; None: not for a proxy."
    proxy_host: str
    "The IPv4 address at which that listens."
    relay_ports: tuple[int, int]
    "The first and the last."
    certificate: Path | None
    key: Path | None
    urls: tuple[str, ...]

    def check_relay_ports(self, relay_port: int, workers: int) -> None:
        """Raise ConfigError if it would relay from a port of ours, to which browsers are sent."""
        (first, last), end = self.relay_ports, relay_port + workers - 1
        if relay_port and workers and first <= end and relay_port <= last:
            ours = str(relay_port) if workers == 1 else f"{relay_port}-{end}"
            raise ConfigError(
                f"TELECONNECT_COTURN_RELAY_PORTS, {first}-{last}, are the media relay's too: it has"
                f" {ours} by PORT or TELECONNECT_RELAY_PORT, and TELECONNECT_RELAY_WORKERS. Give"
                " one of the two others."
            )


def read_turn(values: Mapping[str, str]) -> TurnService:
    """The TURN servers that the operator names. Raises ConfigError."""
    try:
        return TurnService(
            tuple(read.parts(values["TELECONNECT_TURN_URLS"])), values["TELECONNECT_TURN_SECRET"]
        )
    except ValueError as error:
        raise ConfigError(f"TELECONNECT_TURN_URLS and TELECONNECT_TURN_SECRET: {error}.") from None


def read_coturn(
    values: Mapping[str, str], given: Callable[[str, Callable[[str], Any]], Any]
) -> CoturnSettings:
    """Raises ConfigError."""
    certificate = given("TELECONNECT_COTURN_CERTIFICATE", read.file)
    key = given("TELECONNECT_COTURN_KEY", read.file)
    if (certificate is None) != (key is None):
        raise ConfigError(
            "TELECONNECT_COTURN_CERTIFICATE and TELECONNECT_COTURN_KEY must be set together."
        )
    wanted = given("TELECONNECT_COTURN", read.automatic)
    if wanted == "yes" and values["TELECONNECT_TURN_URLS"]:
        raise ConfigError("TELECONNECT_COTURN is yes, and TELECONNECT_TURN_URLS names others.")
    proxy_port = given("TELECONNECT_COTURN_PROXY_PORT", read.port) or None
    if proxy_port is not None and certificate is not None:
        raise ConfigError(
            "With TELECONNECT_COTURN_PROXY_PORT a proxy ends TLS: TELECONNECT_COTURN_CERTIFICATE"
            " and TELECONNECT_COTURN_KEY must be empty."
        )
    return CoturnSettings(
        wanted=wanted,
        port=given("TELECONNECT_COTURN_PORT", read.port),
        tls_port=given("TELECONNECT_COTURN_TLS_PORT", read.port),
        proxy_port=proxy_port,
        proxy_host=given("TELECONNECT_COTURN_PROXY_HOST", read.local_address),
        relay_ports=given("TELECONNECT_COTURN_RELAY_PORTS", read.port_range),
        certificate=certificate,
        key=key,
        urls=given("TELECONNECT_COTURN_URLS", _urls) or (),
    )


def _urls(text: str) -> tuple[str, ...]:
    """TURN URIs (RFC 7065). Raises ValueError."""
    return TurnService(tuple(read.parts(text)), "any secret").urls
