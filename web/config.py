"""The settings: the only place that reads the environment. README.md has the same table."""

import ipaddress
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from pathlib import Path
from typing import Literal

from phonenumbers import SUPPORTED_REGIONS
from yarl import URL

from media.turn import TurnService
from signaling import price
from signaling.errors import InvalidInput
from signaling.price import Price
from storage.errors import MasterKeyError
from storage.master_key import encoded, read_key

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
MOST_WORKERS = 64
MOST_AMOUNT = 100_000
"Of hours, days or minutes: any date, less or more so many days, is still a date."
_HOST = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(\.(?!-)[\w-]{1,63}(?<!-))*\.?", re.ASCII)
_SMS_SENDER = re.compile(r"\+?\d{5,15}|[\w .&-]{1,11}", re.ASCII)
_NUMBER = re.compile(r"\+?\d{5,15}", re.ASCII)

HARMLESS = frozenset({"LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ"})
HARMLESS_BEGINNINGS = ("LC_", "LD_", "MALLOC_", "PYTHON")
"What Python itself needs where it is not that of the system, and what an operator tunes it with."


class ConfigError(Exception):
    """A setting that cannot be used; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting("PORT", "8080", "Port of the web server; 0 takes a free one."),
    Setting(
        "TELECONNECT_HOST",
        "",
        "Address to listen on, 0.0.0.0 or :: for all; empty: this machine's loopback, or all where"
        " the public URL is http with another name than localhost.",
    ),
    Setting(
        "TELECONNECT_PUBLIC_URL",
        "",
        "Address under which people reach the server; empty: http://localhost with the port.",
    ),
    Setting("TELECONNECT_DATA_DIR", "./data", "Folder of the database, keys and outbox."),
    Setting(
        "TELECONNECT_MASTER_KEY",
        "",
        "32 bytes in base64 that wrap all other keys; empty: they are in a file.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_MASTER_KEY_FILE",
        "",
        "File with the master key; empty: systemd's credential master_key, or else master.key in"
        " the data folder, made at the first start.",
    ),
    Setting(
        "TELECONNECT_SMTP_URL",
        "",
        "Mail server, as smtp://user:password@host:587 or smtps://...; empty: notices are"
        " written to the folder outbox in the data folder.",
        secret=True,
    ),
    Setting("TELECONNECT_MAIL_FROM", "", "Sender of mail; empty: TeleConnect at the public host."),
    Setting(
        "TELECONNECT_VONAGE_APPLICATION_ID",
        "",
        "Application at Vonage for SMS and WhatsApp; empty: these are written to the outbox.",
    ),
    Setting(
        "TELECONNECT_VONAGE_PRIVATE_KEY",
        "",
        "The application's private key: its text (BEGIN PRIVATE KEY ...) or the path of its file.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_VONAGE_SIGNATURE_SECRET",
        "",
        "Signature secret of the account; without it no receipt and no answer is believed.",
        secret=True,
    ),
    Setting("TELECONNECT_VONAGE_SMS_FROM", "", "Sender name or number of SMS; empty: no SMS."),
    Setting("TELECONNECT_VONAGE_WHATSAPP_FROM", "", "WhatsApp number; empty: no WhatsApp."),
    Setting(
        "TELECONNECT_VONAGE_API_URL", "https://api.nexmo.com", "Address of the provider's API."
    ),
    Setting(
        "TELECONNECT_SMS_PRICES",
        "",
        "Price of one SMS segment by prefix, as +41=0.07 CHF, +=0.05 EUR; shown before sending.",
    ),
    Setting(
        "TELECONNECT_REMINDER_MINUTES",
        "1440,10",
        "Minutes before a planned session at which its people are reminded, separated by commas.",
    ),
    Setting(
        "TELECONNECT_EXPIRY_HOURS",
        "24",
        "Hours after its time at which a session that nobody held is closed.",
    ),
    Setting(
        "TELECONNECT_ABANDONED_DAYS",
        "7",
        "Days after the last event at which an open session with nobody in it is closed; the"
        " scheduler is told a day before.",
    ),
    Setting(
        "TELECONNECT_INTERPRETER_TIMEOUT_HOURS",
        "24",
        "Hours an interpreting organization has to answer before the next one is asked.",
    ),
    Setting(
        "TELECONNECT_DEFAULT_REGION",
        "",
        "Country (CH, KE ...) whose mobile numbers may be typed without country code.",
    ),
    Setting("TELECONNECT_MEDIA_POLICY", "auto", "auto, or relay: never show addresses to peers."),
    Setting("TELECONNECT_TURN_URLS", "", "TURN servers, separated by commas."),
    Setting(
        "TELECONNECT_TURN_SECRET",
        "",
        "Secret shared with the TURN servers (use-auth-secret of coturn).",
        secret=True,
    ),
    Setting(
        "TELECONNECT_RELAY_ADDRESS",
        "",
        "IP addresses at which browsers reach the relay, separated by commas; empty: this"
        " machine's own, and behind a network address translation that of the public URL.",
    ),
    Setting(
        "TELECONNECT_RELAY_PORT",
        "",
        "UDP port of the relay, each further worker takes the next; empty: the number of PORT;"
        " 0 takes free ones.",
    ),
    Setting(
        "TELECONNECT_RELAY_WORKERS",
        "1",
        "Processes of the relay, one for some hundred people in calls; 0: no relay.",
    ),
    Setting("TELECONNECT_RETENTION_HOURS", "24", "Hours from closing to deletion of every trace."),
    Setting(
        "TELECONNECT_EARLY_ENTRY_MINUTES",
        "30",
        "Minutes before a planned session from which its people are let in.",
    ),
    Setting("TELECONNECT_BRAND", "TeleConnect", "Name shown on pages, in mail and on reports."),
)
"Every setting, in the order of README.md."


@dataclass(frozen=True)
class VonageConfig:
    """An application at Vonage."""

    application_id: str
    private_key: str = field(repr=False)
    "PKCS#8 PEM."
    signature_secret: str = field(repr=False)
    sms_from: str
    whatsapp_from: str
    api_url: str


@dataclass(frozen=True)
class Config:
    """Checked settings."""

    port: int
    host: str | None
    public_url: URL
    data_dir: Path
    master_key: str | None
    smtp_url: str | None
    mail_from: str
    vonage: VonageConfig | None
    sms_prices: tuple[Price, ...]
    media_policy: Literal["auto", "relay"]
    turn: TurnService
    relay_addresses: tuple[str, ...]
    relay_port: int
    relay_workers: int
    retention_hours: float
    early_entry_minutes: float
    reminder_minutes: tuple[float, ...]
    expiry_hours: float
    abandoned_days: float
    interpreter_timeout_hours: float
    default_region: str | None
    brand: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """Addresses to listen on.

        Unless one is set: this machine's loopback, where a proxy with TLS stands in front or the
        server is only tried out; all, where people reach it by HTTP under another name.
        """
        if self.host is not None:
            return (self.host,)
        if self.secure or self.public_url.host in LOOPBACK_HOSTS:
            return ("127.0.0.1", "::1")
        return ("0.0.0.0", "::")

    @property
    def secure(self) -> bool:
        """Whether people reach the server by TLS."""
        return self.public_url.scheme == "https"

    @property
    def origins(self) -> frozenset[str]:
        """Origins that count as our own: the public one; on loopback, all its names."""
        url = self.public_url
        if url.host not in LOOPBACK_HOSTS:
            return frozenset({str(url.origin())})
        return frozenset(str(url.with_host(name).origin()) for name in LOOPBACK_HOSTS)


def load(environment: Mapping[str, str] = os.environ, *, port: int | None = None) -> Config:
    """The settings of `environment`. Raises ConfigError naming the setting.

    `port` overrides PORT, for a server that has already taken one.
    """
    values = {
        setting.name: _line(setting.name, environment.get(setting.name, "")) or setting.default
        for setting in SETTINGS
    }
    if port is None:
        port = _whole("PORT", values["PORT"])
    public_url = _public_url(values["TELECONNECT_PUBLIC_URL"] or f"http://localhost:{port}")
    media_policy = values["TELECONNECT_MEDIA_POLICY"]
    if media_policy not in ("auto", "relay"):
        raise ConfigError("TELECONNECT_MEDIA_POLICY must be auto or relay.")
    smtp_url = values["TELECONNECT_SMTP_URL"] or None
    return Config(
        port=port,
        host=values["TELECONNECT_HOST"] or None,
        public_url=public_url,
        data_dir=_folder("TELECONNECT_DATA_DIR", values),
        master_key=values["TELECONNECT_MASTER_KEY"] or _master_key(values, environment),
        smtp_url=smtp_url,
        mail_from=values["TELECONNECT_MAIL_FROM"]
        or _mail_from(values["TELECONNECT_BRAND"], public_url),
        vonage=_vonage(values),
        sms_prices=_prices(values["TELECONNECT_SMS_PRICES"]),
        media_policy="relay" if media_policy == "relay" else "auto",
        turn=_turn(values),
        relay_addresses=_addresses(values["TELECONNECT_RELAY_ADDRESS"]),
        relay_port=_whole("TELECONNECT_RELAY_PORT", values["TELECONNECT_RELAY_PORT"] or str(port)),
        relay_workers=_whole(
            "TELECONNECT_RELAY_WORKERS", values["TELECONNECT_RELAY_WORKERS"], MOST_WORKERS, ""
        ),
        retention_hours=_amount("TELECONNECT_RETENTION_HOURS", values),
        early_entry_minutes=_amount("TELECONNECT_EARLY_ENTRY_MINUTES", values),
        reminder_minutes=_amounts("TELECONNECT_REMINDER_MINUTES", values),
        expiry_hours=_amount("TELECONNECT_EXPIRY_HOURS", values),
        abandoned_days=_amount("TELECONNECT_ABANDONED_DAYS", values),
        interpreter_timeout_hours=_amount("TELECONNECT_INTERPRETER_TIMEOUT_HOURS", values),
        default_region=_region(values["TELECONNECT_DEFAULT_REGION"].upper()),
        brand=values["TELECONNECT_BRAND"],
    )


def _master_key(values: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    """The text of the file that holds the master key, unless it is the one in the data folder.

    Services of systemd find their credentials in a folder of their own, see systemd.exec(5).
    """
    name = values["TELECONNECT_MASTER_KEY_FILE"]
    credential = Path(environment.get("CREDENTIALS_DIRECTORY", "")) / "master_key"
    if not name and not (credential.is_absolute() and credential.exists()):
        return None
    file = Path(name) if name else credential
    try:
        key = read_key(file)
    except MasterKeyError as error:
        raise ConfigError(str(error)) from error
    if key is None:
        raise ConfigError(f"There is no file {file}, which is to hold the master key.")
    return encoded(key).decode().strip()


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Names that look like settings and are none: most likely misspelled."""
    known = {setting.name for setting in SETTINGS}
    return [name for name in environment if name.startswith("TELECONNECT_") and name not in known]


def harmless_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What processes that are started by the server have of its environment: no setting, no secret."""
    return {
        name: value
        for name, value in environment.items()
        if name in HARMLESS or name.startswith(HARMLESS_BEGINNINGS)
    }


def _line(name: str, text: str) -> str:
    """What is set, without spaces around it. Raises ConfigError for what no terminal shows."""
    text = text.strip()
    shown = text.replace("\n", "") if name == "TELECONNECT_VONAGE_PRIVATE_KEY" else text
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in shown):
        raise ConfigError(f"{name} must be one line of text in UTF-8.")
    return text


def _folder(name: str, values: Mapping[str, str]) -> Path:
    if values[name].startswith("~"):
        raise ConfigError(f"{name} begins with ~, which means a folder to shells alone.")
    return Path(values[name])


def _mail_from(brand: str, public_url: URL) -> str:
    if not brand.isprintable():
        raise ConfigError("TELECONNECT_BRAND must be a name without invisible characters.")
    host = public_url.raw_host or ""
    return str(Address(brand, "noreply", host if _HOST.fullmatch(host) else "localhost"))


def _region(text: str) -> str | None:
    if text and text not in SUPPORTED_REGIONS:
        raise ConfigError(
            "TELECONNECT_DEFAULT_REGION must be a country's two letters, as CH or KE."
        )
    return text or None


def _whole(name: str, text: str, most: int = 65535, what: str = "a port number, ") -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > most:
        raise ConfigError(f"{name} must be {what}0 to {most}.")
    return int(text)


def _amount(name: str, values: Mapping[str, str]) -> float:
    text = values[name]
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text) or float(text) > MOST_AMOUNT:
        raise ConfigError(f"{name} must be a number, 0 to {MOST_AMOUNT}.")
    return float(text)


def _amounts(name: str, values: Mapping[str, str]) -> tuple[float, ...]:
    parts = [part.strip() for part in values[name].split(",") if part.strip()]
    return tuple(_amount(name, {name: part}) for part in parts)


def _turn(values: Mapping[str, str]) -> TurnService:
    urls = values["TELECONNECT_TURN_URLS"].split(",")
    try:
        return TurnService(
            tuple(url.strip() for url in urls if url.strip()), values["TELECONNECT_TURN_SECRET"]
        )
    except ValueError as error:
        raise ConfigError(f"TELECONNECT_TURN_URLS and TELECONNECT_TURN_SECRET: {error}.") from None


def _addresses(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        found = [ipaddress.ip_address(part) for part in parts]
    except ValueError:
        found = []
    if len(found) < len(parts) or any(each.is_unspecified or "%" in str(each) for each in found):
        raise ConfigError(
            "TELECONNECT_RELAY_ADDRESS must be IP addresses at which the relay is reached."
        )
    return tuple(map(str, found))


def _vonage(values: Mapping[str, str]) -> VonageConfig | None:
    part = {
        name: values[f"TELECONNECT_VONAGE_{name}"]
        for name in (
            "APPLICATION_ID", "PRIVATE_KEY", "SIGNATURE_SECRET", "SMS_FROM", "WHATSAPP_FROM",
            "API_URL",
        )
    }  # fmt: skip
    if not part["APPLICATION_ID"]:
        return None
    key = part["PRIVATE_KEY"].replace("\\n", "\n")
    if "PRIVATE KEY" not in key:
        try:
            key = Path(key).read_text("ascii")
        except (OSError, ValueError):
            key = ""
    if not key.startswith("-----BEGIN PRIVATE KEY-----"):
        raise ConfigError(
            "TELECONNECT_VONAGE_PRIVATE_KEY must be the text that begins with BEGIN PRIVATE KEY, "
            "or the path of the file that holds it."
        )
    if not part["SMS_FROM"] and not part["WHATSAPP_FROM"]:
        raise ConfigError(
            "TELECONNECT_VONAGE_SMS_FROM or TELECONNECT_VONAGE_WHATSAPP_FROM must say who sends."
        )
    if part["SMS_FROM"] and not _SMS_SENDER.fullmatch(part["SMS_FROM"]):
        raise ConfigError(
            "TELECONNECT_VONAGE_SMS_FROM must be a number, or at most 11 letters and digits."
        )
    if part["WHATSAPP_FROM"] and not _NUMBER.fullmatch(part["WHATSAPP_FROM"]):
        raise ConfigError("TELECONNECT_VONAGE_WHATSAPP_FROM must be a number, as +41790000000.")
    return VonageConfig(
        part["APPLICATION_ID"],
        key,
        part["SIGNATURE_SECRET"],
        part["SMS_FROM"],
        part["WHATSAPP_FROM"],
        part["API_URL"],
    )


def _prices(text: str) -> tuple[Price, ...]:
    try:
        return price.parse(text)
    except InvalidInput:
        raise ConfigError("TELECONNECT_SMS_PRICES must be like +41=0.07 CHF, +=0.05 EUR.") from None


def _public_url(text: str) -> URL:
    try:
        url = URL(text)
        origin = url.origin()
    except ValueError:
        raise ConfigError("TELECONNECT_PUBLIC_URL must be like https://host.example.") from None
    host = url.raw_host or ""
    more = url.path not in ("", "/") or url.query_string or url.fragment or url.user is not None
    if url.scheme not in ("http", "https") or more or not (":" in host or _HOST.fullmatch(host)):
        raise ConfigError(
            "TELECONNECT_PUBLIC_URL must be like https://host.example, with no path or user."
        )
    return origin
