"""The mail server as the operator configures it.

    smtp://user:password@mail.example:587     STARTTLS required, certificate checked
    smtps://user:password@mail.example:465    TLS from the first byte, certificate checked
    smtp://localhost                          port 25, STARTTLS if offered
    smtp://mail.example?starttls=required     STARTTLS required, certificate checked
    smtp://localhost:2525?starttls=never      never encrypted

The server follows the last `@`, the password the first `:` before it, so that a password needs no
encoding: providers generate passwords with `/`, `+`, `#` and `?`. Only a `%` followed by two
hexadecimal digits is read as an encoded character (RFC 3986 section 2.1).
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote

from signaling.errors import N_, InvalidInput

MALFORMED = N_("The mail server must look like smtp://user:password@host:587.")
_HOST_AND_PORT = re.compile(
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/?#\[\]@]+)(?::(?P<port>[0-9]{1,5}))?/?"
)

Tls = Literal["implicit", "required", "offered", "never"]


@dataclass(frozen=True)
class SmtpServer:
    """The mail server, and how to connect with it."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Parse an address as in the module's docstring. Raises InvalidInput without the secret."""
        scheme, separator, rest = url.partition("://")
        login, at, address = rest.rpartition("@")
        address, _, query = address.partition("?")
        host, port = _host_and_port(address)
        if scheme.lower() not in ("smtp", "smtps") or not separator or not url.isprintable():
            raise InvalidInput("smtp_url", MALFORMED)
        user, password = _login(login) if at else (None, None)
        tls = _tls(scheme.lower(), query, has_user=user is not None)
        default = {"implicit": 465, "required": 587}.get(tls, 25)
        return cls(host, port or default, tls, user, password)


def _host_and_port(text: str) -> tuple[str, int | None]:
    found = _HOST_AND_PORT.fullmatch(text)
    if found is None:
        raise InvalidInput("smtp_url", MALFORMED)
    host = found["host"].strip("[]")
    port = int(found["port"]) if found["port"] else None
    try:
        if ":" in host:
            ipaddress.IPv6Address(host)
        else:
            host.encode("idna")
    except ValueError:
        raise InvalidInput("smtp_url", MALFORMED) from None
    if port is not None and not 0 < port < 65536:
        raise InvalidInput("smtp_url", MALFORMED)
    return host, port


def _login(text: str) -> tuple[str | None, str | None]:
    user, separator, password = text.partition(":")
    try:
        return (
            unquote(user, errors="strict") or None,
            unquote(password, errors="strict") if separator else None,
        )
    except UnicodeDecodeError:
        raise InvalidInput("smtp_url", MALFORMED) from None


def _tls(scheme: str, query: str, *, has_user: bool) -> Tls:
    options = dict(parse_qsl(query, keep_blank_values=True))
    starttls = options.pop("starttls", None)
    if options or starttls not in (None, "required", "never") or (query and starttls is None):
        raise InvalidInput(
            "smtp_url", N_("The mail server knows one option: starttls=required or never.")
        )
    if scheme == "smtps":
        if starttls is not None:
            raise InvalidInput(
                "smtp_url", N_("A mail server of smtps:// is always encrypted, without STARTTLS.")
            )
        return "implicit"
    if starttls == "never":
        return "never"
    return "required" if starttls == "required" or has_user else "offered"
