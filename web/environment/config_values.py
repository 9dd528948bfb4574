"""What a setting is, and readers of the values.

Each reader returns a value, or raises ValueError with the rest of a sentence that begins with the
setting's name; it never quotes the value, which may be a secret.
"""

import base64
import ipaddress
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import phonenumbers
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from yarl import URL

from signaling.contact import E164
from signaling.delivery import mail, vonage_account
from signaling.delivery.smtp_url import SmtpServer
from signaling.errors import InvalidInput
from signaling.hosts.role import Role
from signaling.identity import Condition
from signaling.notices import price
from signaling.notices.price import Price
from signaling.second_factor import SecondFactorRule
from signaling.text import one_line

LOG_LEVELS = ("debug", "info", "warning", "error")
MOST_WORKERS = 64
MOST = 100_000
"Of minutes, hours or days: `datetime` can hold so many days before and after any today."
_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_SENDER = re.compile(r"\+?[0-9]{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 &._-]{1,11}", re.ASCII)


class ConfigError(Exception):
    """A setting that cannot be used; the message is a sentence for the operator."""


LINK_KEY_BYTES, LINK_KEY_TEXT = 32, 44
"Of the key between hosts; its text is base64."


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str
    secret: bool = False


def plain(text: str, *, multiline: bool = False) -> str:
    """Without what an environment file leaves: space at the ends, a pair of quotes around the value."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    allowed = "\r\n\t" if multiline else ""
    if any(
        unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") and each not in allowed
        for each in text
    ):
        raise ValueError("must be one line of text in UTF-8")
    return text


def folder(text: str) -> Path:
    if text.startswith("~"):
        raise ValueError("must be the folder itself: only a shell knows what ~ stands for")
    return Path(text)


def database_url(text: str) -> str:
    """Kept as written: the driver reads what else it says, as libpq does (PostgreSQL, 34.1.1.2)."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        url = urlsplit("")
    known = text.startswith(("postgresql://", "postgres://"))
    if not known or not url.path.strip("/"):
        raise ValueError("must be like postgresql://user:password@host/name")
    return text


def socket_path(text: str) -> Path:
    if not text.startswith("/"):
        raise ValueError("must be the path of a socket, as /run/clamav/clamd.ctl")
    return Path(text)


def file(text: str) -> Path:
    if not text.startswith("/"):
        raise ValueError("must be the path of a file, from the root on")
    return Path(text)


def port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text, re.ASCII) or int(text) > 65535:
        raise ValueError("must be a port number, 0 to 65535")
    return int(text)


def port_range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not dash or not 1024 <= port(first) <= port(last):
        raise ValueError("must be two port numbers from 1024 on, as 49152-50151")
    return int(first), int(last)


def places(text: str) -> str:
    """Not checked for being addresses: listening on them does."""
    if not parts(text):
        raise ValueError("must be addresses, separated by commas")
    return text


def amount(text: str) -> float:
    if not _NUMBER.fullmatch(text) or float(text) > MOST:
        raise ValueError(f"must be a number, 0 to {MOST}")
    return float(text)


def size(text: str) -> float:
    """An amount that cannot be none: with files of no megabytes every one would be refused."""
    if not amount(text):
        raise ValueError(f"must be a number, more than 0 and at most {MOST}")
    return amount(text)


def lasting_hours(text: str) -> float:
    """A time in which somebody has to do something: nobody signs in or answers within none."""
    return _lasting(text, minutes=60)


def lasting_days(text: str) -> float:
    return _lasting(text, minutes=24 * 60)


def _lasting(text: str, minutes: int) -> float:
    """At least a minute, in units of so many minutes."""
    if amount(text) * minutes < 1:
        raise ValueError(
            f"must be a number, at least {1 / minutes:.1g} (a minute) and at most {MOST}"
        )
    return amount(text)


def amounts(text: str) -> tuple[float, ...]:
    return tuple(amount(part) for part in parts(text))


def workers(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text, re.ASCII) or int(text) > MOST_WORKERS:
        raise ValueError(f"must be 0 to {MOST_WORKERS}")
    return int(text)


def public_url(text: str) -> URL:
    """The origin; a name outside of ASCII is encoded as browsers encode it."""
    try:
        url = URL(text)
        origin = url.origin()
        _ = origin.host  # decodes the name, which a broken "xn--" does not let
    except ValueError:
        raise ValueError("must be like https://host.example") from None
    if (
        url.scheme not in ("http", "https")
        or not _is_host(url.raw_host or "")
        or url.explicit_port == 0
        or url.user is not None
        or url.password is not None
        or url.path not in ("", "/")
        or url.query_string
        or url.fragment
    ):
        raise ValueError("must be like https://host.example, nothing before or behind it")
    return origin


def hosts(text: str) -> tuple[str, ...]:
    """Names of one server, each with its port unless that is the default."""
    try:
        for part in parts(text):
            public_url(f"https://{part}")
    except ValueError:
        raise ValueError("must be names like www.host.example or host.example:8443") from None
    return tuple(parts(text))


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # a name of digits alone is a mistyped address
        return _HOST.fullmatch(host) is not None and not re.fullmatch(r"[0-9.]+", host)
    return True


def media_policy(text: str) -> Literal["auto", "relay"]:
    match text:
        case "auto" | "relay":
            return text
    raise ValueError("must be auto or relay")


def host_role(text: str) -> Role:
    match text:
        case "all" | "relay":
            return text
    raise ValueError("must be all or relay")


def link_key(text: str) -> bytes:
    """32 bytes in base64, or the path of the file that holds them."""
    with suppress(OSError, ValueError):
        if len(text) != LINK_KEY_TEXT:
            text = Path(text).read_text("ascii").strip()
        key = base64.b64decode(text, validate=True)
        if len(key) == LINK_KEY_BYTES:
            return key
    raise ValueError("must be 32 bytes in base64, or the path of the file that holds them")


def brand(text: str) -> str:
    try:
        return one_line("brand", text, required=True)
    except InvalidInput:
        raise ValueError(
            "must be one line of at most 80 characters, none of which turns text around"
        ) from None


def default_sender(brand: str, host: str) -> str:
    domain = "localhost" if ":" in host else host
    return str(Address(brand, "noreply", domain))


def sender(text: str) -> str:
    try:
        mail.sender(text)
    except InvalidInput:
        raise ValueError("must be an address, or like Clinic <noreply@clinic.example>") from None
    return text


def mail_server(text: str) -> str:
    try:
        SmtpServer.from_url(text)
    except InvalidInput as error:
        raise ValueError(f"cannot be used: {error.sentence.rstrip('.')}") from None
    return text


def automatic(text: str) -> Literal["auto", "yes", "no"]:
    match text:
        case "auto" | "yes" | "no":
            return text
    raise ValueError("must be auto, yes or no")


def second_factor(text: str) -> SecondFactorRule:
    for rule in get_args(SecondFactorRule):
        if text == rule:
            found: SecondFactorRule = rule
            return found
    raise ValueError("must be optional, administrators or everybody")


def region(text: str) -> str:
    if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be a country as CH or KE (ISO 3166)")
    return text.upper()


def prices(text: str) -> tuple[Price, ...]:
    try:
        return price.parse(text)
    except InvalidInput:
        raise ValueError("must be like +41=0.07 CHF, +=0.05 EUR") from None


def log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError("must be debug, info, warning or error")
    return text


def local_address(text: str) -> str:
    """Of this machine; 0.0.0.0 stands for all that it has."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError("must be an IPv4 address") from None


def relay_addresses(text: str) -> tuple[str, ...]:
    try:
        written = [ipaddress.ip_address(part.strip("[]")) for part in parts(text)]
    except ValueError:
        raise ValueError("must be IP addresses") from None
    addresses = [getattr(each, "ipv4_mapped", None) or each for each in written]
    if any(
        each.is_unspecified
        or each.is_multicast
        or "%" in str(each)
        or str(each) == "255.255.255.255"
        for each in addresses
    ):
        raise ValueError("must be IP addresses that browsers can send to")
    return tuple(str(each) for each in addresses)


def application_id(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError(
            "must be the id of an application, like 78d335fa-323d-0114-9c3d-d6f0d48968cf"
        )
    return text


def private_key(text: str) -> str:
    """PKCS#8 PEM, its line breaks real or written as a backslash and n, or the path of its file."""
    key = text.replace("\\n", "\n")
    if "PRIVATE KEY" not in key:
        try:
            key = Path(key).read_text("ascii")
        except (OSError, ValueError):
            key = ""
    if not _is_private_key(key):
        raise ValueError(
            "must be the whole text that begins with BEGIN PRIVATE KEY, or the path of the file"
            " that holds it"
        )
    return key


@lru_cache(maxsize=1)
def _is_private_key(text: str) -> bool:
    """Kept for the next reading of the settings: whether its primes fit takes a while to check."""
    if not text.startswith("-----BEGIN PRIVATE KEY-----"):
        return False
    try:
        load_pem_private_key(text.encode("ascii"), None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
    return True


def sms_sender(text: str) -> str:
    if not _SENDER.fullmatch(text):
        raise ValueError("must be a number, or a name of at most 11 letters and digits")
    return text


def whatsapp_number(text: str) -> str:
    if not E164.fullmatch("+" + text.removeprefix("+")):
        raise ValueError("must be a number with its country code, like +41790000000")
    return text


def api_url(text: str) -> str:
    try:
        vonage_account.host_of(text)
    except InvalidInput:
        raise ValueError("must be like https://api.nexmo.com") from None
    return text


def parts(text: str) -> list[str]:
    """What stands between commas, without space around it."""
    return [part.strip() for part in text.split(",") if part.strip()]


def issuer(text: str) -> str:
    """Kept as written: the provider names itself by exactly this text (Discovery 1.0, section 4.3)."""
    try:
        url = URL(text)
        public_url(str(url.origin()))
    except ValueError:
        raise ValueError("must be like https://login.example.org/realm") from None
    if url.user is not None or url.query_string or url.fragment or "?" in text or "#" in text:
        raise ValueError("must be the provider's address alone, without ? and #")
    if url.scheme != "https" and not on_loopback(url):
        raise ValueError("must begin with https: http is taken on this machine only")
    return text


def on_loopback(url: URL) -> bool:
    return url.host in ("localhost", "127.0.0.1", "::1")


def scopes(text: str) -> str:
    """Separated by single spaces (RFC 6749, section 3.3)."""
    named = text.split()
    if not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", each, re.ASCII) for each in named):
        raise ValueError("must be words separated by spaces, as openid profile email")
    if "openid" not in named:
        raise ValueError("must have the word openid")
    return " ".join(named)


def yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def conditions(text: str) -> tuple[Condition, ...]:
    try:
        found = tuple(Condition.parse(part) for part in parts(text))
    except ValueError:
        found = ()
    if not found:
        raise ValueError("must be domains or claim=value, separated by commas")
    return found


def claim_conditions(text: str) -> tuple[Condition, ...]:
    found = conditions(text) if "=" in text else ()
    if not found or not all(each.claim for each in found):
        raise ValueError("must be like groups=administrators, separated by commas")
    return found
