"""The settings: the only place that reads the environment. README.md has the same table."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from yarl import URL

from media.turn import TurnService
from signaling import price
from signaling.errors import InvalidInput
from signaling.price import Price

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
MOST_WORKERS = 64

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
    Setting("TELECONNECT_HOST", "", "Address to listen on; empty: all of this machine."),
    Setting(
        "TELECONNECT_PUBLIC_URL",
        "",
        "Address under which people reach the server; empty: http://localhost with the port.",
    ),
    Setting("TELECONNECT_DATA_DIR", "./data", "Folder of the database, keys and outbox."),
    Setting(
        "TELECONNECT_MASTER_KEY",
        "",
        "32 bytes in base64 that wrap all other keys; empty: the file master.key in the data"
        " folder, made at the first start.",
        secret=True,
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
    interpreter_timeout_hours: float
    default_region: str | None
    brand: str

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
        setting.name: environment.get(setting.name, "").strip() or setting.default
        for setting in SETTINGS
    }
    if port is None:
        port = _whole("PORT", values["PORT"])
    public_url = _public_url(values["TELECONNECT_PUBLIC_URL"] or f"http://localhost:{port}")
    media_policy = values["TELECONNECT_MEDIA_POLICY"]
    if media_policy not in ("auto", "relay"):
        raise ConfigError("TELECONNECT_MEDIA_POLICY must be auto or relay.")
    smtp_url = values["TELECONNECT_SMTP_URL"] or None
    if smtp_url and URL(smtp_url).scheme not in ("smtp", "smtps"):
        raise ConfigError("TELECONNECT_SMTP_URL must begin with smtp:// or smtps://.")
    return Config(
        port=port,
        host=values["TELECONNECT_HOST"] or None,
        public_url=public_url,
        data_dir=Path(values["TELECONNECT_DATA_DIR"]),
        master_key=values["TELECONNECT_MASTER_KEY"] or None,
        smtp_url=smtp_url,
        mail_from=values["TELECONNECT_MAIL_FROM"]
        or f"{values['TELECONNECT_BRAND']} <noreply@{public_url.host}>",
        vonage=_vonage(values),
        sms_prices=_prices(values["TELECONNECT_SMS_PRICES"]),
        media_policy="relay" if media_policy == "relay" else "auto",
        turn=_turn(values),
        relay_addresses=_addresses(values["TELECONNECT_RELAY_ADDRESS"]),
        relay_port=_whole("TELECONNECT_RELAY_PORT", values["TELECONNECT_RELAY_PORT"] or str(port)),
        relay_workers=_workers(values["TELECONNECT_RELAY_WORKERS"]),
        retention_hours=_amount("TELECONNECT_RETENTION_HOURS", values),
        early_entry_minutes=_amount("TELECONNECT_EARLY_ENTRY_MINUTES", values),
        reminder_minutes=_amounts("TELECONNECT_REMINDER_MINUTES", values),
        expiry_hours=_amount("TELECONNECT_EXPIRY_HOURS", values),
        interpreter_timeout_hours=_amount("TELECONNECT_INTERPRETER_TIMEOUT_HOURS", values),
        default_region=values["TELECONNECT_DEFAULT_REGION"].upper() or None,
        brand=values["TELECONNECT_BRAND"],
    )


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


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ConfigError(f"{name} must be a port number, 0 to 65535.")
    return int(text)


def _amount(name: str, values: Mapping[str, str]) -> float:
    try:
        amount = float(values[name])
    except ValueError:
        amount = -1
    if not 0 <= amount < 1_000_000:
        raise ConfigError(f"{name} must be a number, 0 or more.")
    return amount


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
        return tuple(str(ipaddress.ip_address(part)) for part in parts)
    except ValueError:
        raise ConfigError("TELECONNECT_RELAY_ADDRESS must be IP addresses.") from None


def _workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST_WORKERS:
        raise ConfigError(f"TELECONNECT_RELAY_WORKERS must be 0 to {MOST_WORKERS}.")
    return int(text)


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
    if url.scheme not in ("http", "https") or url.path not in ("", "/") or url.query_string:
        raise ConfigError("TELECONNECT_PUBLIC_URL must be like https://host.example, no path.")
    return origin
