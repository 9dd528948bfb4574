"""Where mails are handed over, as the operator writes it.

    smtp://user:password@mail.example:587     STARTTLS required, certificate checked
    smtps://user:password@mail.example:465    TLS from the first byte, certificate checked
    smtp://localhost                          port 25, STARTTLS if offered
    smtp://mail.example?starttls=required     STARTTLS required, certificate checked
    smtp://localhost:2525?starttls=never      never encrypted

The server stands behind the last `@`, the password behind the first `:` of what is before it, so
that a password needs no encoding: providers make such with `/`, `+`, `#` and `?`. Only a `%` that
two hexadecimal digits follow is read as an encoded character (RFC 3986 section 2.1).
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote

from signaling.errors import N_, InvalidInput

MALFORMED = N_("The mail server must look like smtp://user:password@host:587.")
_PLACE = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/?#\[\]@]+)(?::(?P<port>[0-9]{1,5}))?/?")

Tls = Literal["implicit", "required", "offered", "never"]


@dataclass(frozen=True)
class SmtpServer:
    """Where mails are handed over, and how."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Read an address as in the module's docstring. Raises InvalidInput, without the secret."""
        scheme, separator, rest = url.partition("://")
        login, at, place = rest.rpartition("@")
        place, _, query = place.partition("?")
        host, port = _place(place)
        if scheme.lower() not in ("smtp", "smtps") or not separator or not url.isprintable():
            raise InvalidInput("smtp_url", MALFORMED)
        user, password = _login(login) if at else (None, None)
        tls = _tls(scheme.lower(), query, has_user=user is not None)
        usual = {"implicit": 465, "required": 587}.get(tls, 25)
        return cls(host, port or usual, tls, user, password)


def _place(text: str) -> tuple[str, int | None]:
    found = _PLACE.fullmatch(text)
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
    wish = options.pop("starttls", None)
    if options or wish not in (None, "required", "never") or (query and wish is None):
        raise InvalidInput(
            "smtp_url", N_("The mail server knows one option: starttls=required or never.")
        )
    if scheme == "smtps":
        if wish is not None:
            raise InvalidInput(
                "smtp_url", N_("A mail server of smtps:// is always encrypted, without STARTTLS.")
            )
        return "implicit"
    if wish == "never":
        return "never"
    return "required" if wish == "required" or has_user else "offered"
