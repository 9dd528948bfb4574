"""The settings: the only file that reads the environment. README.md has the same table."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from yarl import URL

from media.turn_credentials import TurnService
from signaling.delivery.settings import DeliverySettings
from signaling.notices.notice import Channel
from signaling.notices.price import Price
from signaling.second_factor import SecondFactorRule
from storage.engine.master_key import encoded, read_key
from storage.errors import MasterKeyError
from storage.files.object_address import ObjectAddress
from web.environment import config_values as read
from web.environment.config_values import ConfigError as ConfigError
from web.environment.config_values import Setting
from web.environment.delivery_settings import DELIVERY_SETTINGS, read_delivery
from web.environment.file_settings import FILE_SETTINGS
from web.environment.host_settings import HOST_SETTINGS, HostSettings, read_host
from web.environment.oidc_settings import OIDC_SETTINGS, OidcSettings, read_oidc
from web.environment.storage_settings import STORAGE_SETTINGS
from web.environment.turn_settings import TURN_SETTINGS, CoturnSettings, read_coturn, read_turn
from web.routes import public_address

T = TypeVar("T")
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

HARMLESS = frozenset({"LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ"})
HARMLESS_BEGINNINGS = ("LC_", "LD_", "MALLOC_", "PYTHON")
"What a Python that is not the system's needs to run, and what operators tune it with."


SETTINGS = (
    Setting("PORT", "8080", "Port of the web server; 0 takes a free one."),
    Setting(
        "TELECONNECT_HOST",
        "",
        "Addresses to listen on, separated by commas, 0.0.0.0 and :: for all; empty: this machine's"
        " loopback, or all where the public URL is http with another name than localhost.",
    ),
    Setting(
        "TELECONNECT_PUBLIC_URL",
        "",
        "Address under which people reach the server; empty: http://localhost with the port.",
    ),
    Setting(
        "TELECONNECT_OTHER_HOSTS",
        "",
        "Further names under which people may open the server, separated by commas, with the port"
        " where it has one: www.tele.example.org. Links in messages keep the public URL.",
    ),
    *STORAGE_SETTINGS,
    *HOST_SETTINGS,
    *DELIVERY_SETTINGS,
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
    *TURN_SETTINGS,
    Setting(
        "TELECONNECT_RELAY_ADDRESS",
        "",
        "IP addresses at which browsers reach the relay, separated by commas; empty: this"
        " machine's own, and behind NAT that of the public URL.",
    ),
    Setting(
        "TELECONNECT_RELAY_PORT",
        "",
        "UDP port of the relay, each further worker takes the next; empty: the number of PORT;"
        " 0 takes free ones.",
    ),
    Setting(
        "TELECONNECT_RELAY_TCP",
        "yes",
        "yes: the relay is reached by TCP too, for networks that let no UDP out, at ports of the same"
        " numbers, as far as they are free; no: by UDP alone.",
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
    Setting(
        "TELECONNECT_IDLE_HOURS",
        "12",
        "Hours without use after which somebody who signed in has to sign in again; in the middle of"
        " a session they are asked, and nothing ends.",
    ),
    Setting(
        "TELECONNECT_SIGN_IN_DAYS",
        "7",
        "Days after signing in at which one has to sign in again, however much one works.",
    ),
    *FILE_SETTINGS,
    *OIDC_SETTINGS,
    Setting(
        "TELECONNECT_SECOND_FACTOR",
        "optional",
        "Who must have a second step to sign in with a password: optional (whoever wants one),"
        " administrators, or everybody.",
    ),
    Setting("TELECONNECT_BRAND", "TeleConnect", "Name shown on pages, in mail and on reports."),
    Setting(
        "TELECONNECT_LOG_LEVEL",
        "info",
        "Minimum level that is logged: debug, info, warning or error.",
    ),
)
"Every setting, in the order of README.md."

PROVIDER_SETTINGS: Mapping[Channel, str] = {
    "email": "TELECONNECT_SMTP_URL",
    "sms": "TELECONNECT_VONAGE_...",
    "whatsapp": "TELECONNECT_VONAGE_...",
}
"Where the provider of a channel is set, for the log."


@dataclass(frozen=True)
class Config:
    """Checked settings."""

    port: int
    host: str | None
    public_url: URL
    other_hosts: tuple[str, ...]
    data_dir: Path
    database_url: str = field(repr=False)
    "Of PostgreSQL; empty: SQLite in the data folder."
    this_host: HostSettings
    master_key: str | None
    delivery: DeliverySettings
    webhook_secret: str = field(repr=False)
    "Signature secret of the Vonage account; empty: every webhook is refused."
    sms_prices: tuple[Price, ...]
    media_policy: Literal["auto", "relay"]
    turn: TurnService
    coturn: CoturnSettings
    relay_addresses: tuple[str, ...]
    relay_port: int
    relay_tcp: bool
    relay_workers: int
    retention_hours: float
    early_entry_minutes: float
    idle_hours: float
    sign_in_days: float
    file_megabytes: float
    session_megabytes: float
    files: ObjectAddress | None
    "None: photos and PDFs are in the data folder."
    clamav_socket: Path | None
    reminder_minutes: tuple[float, ...]
    expiry_hours: float
    abandoned_days: float
    interpreter_timeout_hours: float
    default_region: str | None
    oidc: OidcSettings | None
    "None: nobody signs in by a provider."
    second_factor: SecondFactorRule
    brand: str
    log_level: str
    "One of `config_values.LOG_LEVELS`."
    given: Mapping[str, str] = field(repr=False, compare=False)
    "Name -> text of every setting that the environment sets; the text of a secret one is empty."
    unknown: tuple[str, ...] = field(compare=False)
    "Names in the environment that look like settings but are not."

    def __post_init__(self) -> None:
        if self.relays_only and not (self.database_url and self.relay_workers):
            raise ConfigError(
                "TELECONNECT_HOST_ROLE is relay: TELECONNECT_DATABASE_URL must name the database of the"
                " other hosts, and TELECONNECT_RELAY_WORKERS be 1 or more."
            )
        if self.relays_only and self.master_key:
            raise ConfigError(
                "TELECONNECT_HOST_ROLE is relay: this host needs no master key, and whoever takes it over must"
                " not find it. Take TELECONNECT_MASTER_KEY, TELECONNECT_MASTER_KEY_FILE or the credential"
                " master_key away."
            )
        if self.runs_coturn:
            self.coturn.check_relay_ports(self.relay_port, self.relay_workers)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Addresses to listen on.

        By default loopback, where a TLS proxy is in front or the server is only tried out; all
        addresses where people reach it by HTTP under another name.
        """
        if self.host is not None:
            names = (each.strip() for each in self.host.split(","))
            return tuple(re.sub(r"^\[(.*)\]$", r"\1", name) for name in names if name)
        if self.secure or self.on_loopback:
            return ("127.0.0.1", "::1")
        return ("0.0.0.0", "::")

    @property
    def relays_only(self) -> bool:
        """Whether this host has relay workers for other hosts, and nothing else."""
        return self.this_host.role == "relay"

    @property
    def secure(self) -> bool:
        """Whether people reach the server by TLS."""
        return self.public_url.scheme == "https"

    @cached_property
    def origins(self) -> frozenset[str]:
        """The server's own origins: the public one, those of the other hosts; on loopback, all its
        names."""
        url = self.public_url
        own = [url.with_host(name) for name in LOOPBACK_HOSTS] if self.on_loopback else [url]
        others = [read.public_url(f"{url.scheme}://{host}") for host in self.other_hosts]
        return frozenset(str(each.origin()) for each in own + others)

    @property
    def runs_coturn(self) -> bool:
        """Whether the server starts a coturn, if there is one."""
        if self.coturn.wanted == "auto":
            return not self.turn.urls and not self.on_loopback
        return self.coturn.wanted == "yes"

    @property
    def on_loopback(self) -> bool:
        """Whether people reach the server on its own machine alone."""
        return self.public_url.host in LOOPBACK_HOSTS


def load(environment: Mapping[str, str] = os.environ, *, port: int | None = None) -> Config:
    """The settings of `environment`, but for a `port` that listens already. Raises ConfigError."""
    values = _values(environment)
    given = partial(_read, values)
    port = given("PORT", read.port) if port is None else port
    public_url = given("TELECONNECT_PUBLIC_URL", read.public_url) or URL(f"http://localhost:{port}")
    brand = given("TELECONNECT_BRAND", read.brand)
    workers = given("TELECONNECT_RELAY_WORKERS", read.workers)
    data_dir = given("TELECONNECT_DATA_DIR", read.folder)
    return Config(
        port=port,
        host=given("TELECONNECT_HOST", read.places),
        public_url=public_url,
        other_hosts=given("TELECONNECT_OTHER_HOSTS", read.hosts) or (),
        data_dir=data_dir,
        this_host=read_host(given, port),
        database_url=given("TELECONNECT_DATABASE_URL", read.database_url) or "",
        master_key=values["TELECONNECT_MASTER_KEY"] or _master_key(values, environment),
        delivery=read_delivery(
            values, given, data_dir, brand, public_url, public_address(public_url, "webhook_status")
        ),
        webhook_secret=values["TELECONNECT_VONAGE_SIGNATURE_SECRET"],
        sms_prices=given("TELECONNECT_SMS_PRICES", read.prices) or (),
        media_policy=given("TELECONNECT_MEDIA_POLICY", read.media_policy),
        turn=read_turn(values),
        coturn=read_coturn(values, given),
        relay_addresses=given("TELECONNECT_RELAY_ADDRESS", read.relay_addresses) or (),
        relay_port=_relay_port(values, port, workers),
        relay_tcp=given("TELECONNECT_RELAY_TCP", read.yes_or_no),
        relay_workers=workers,
        **_times(given),
        file_megabytes=given("TELECONNECT_FILE_MEGABYTES", read.size),
        session_megabytes=given("TELECONNECT_SESSION_MEGABYTES", read.size),
        files=given("TELECONNECT_FILES", ObjectAddress.read),
        clamav_socket=given("TELECONNECT_CLAMAV_SOCKET", read.socket_path),
        default_region=given("TELECONNECT_DEFAULT_REGION", read.region),
        oidc=read_oidc(values, given),
        second_factor=given("TELECONNECT_SECOND_FACTOR", read.second_factor),
        brand=brand,
        log_level=given("TELECONNECT_LOG_LEVEL", read.log_level),
        given=_given(values, environment),
        unknown=tuple(unknown_settings(environment)),
    )


def _times(given: Callable[[str, Callable[[str], Any]], Any]) -> dict[str, Any]:
    """Durations in the life of sessions, notices and sign-ins, by the names of Config."""
    return {
        "retention_hours": given("TELECONNECT_RETENTION_HOURS", read.amount),
        "early_entry_minutes": given("TELECONNECT_EARLY_ENTRY_MINUTES", read.amount),
        "idle_hours": given("TELECONNECT_IDLE_HOURS", read.lasting_hours),
        "sign_in_days": given("TELECONNECT_SIGN_IN_DAYS", read.lasting_days),
        "reminder_minutes": given("TELECONNECT_REMINDER_MINUTES", read.amounts),
        "expiry_hours": given("TELECONNECT_EXPIRY_HOURS", read.lasting_hours),
        "abandoned_days": given("TELECONNECT_ABANDONED_DAYS", read.lasting_days),
        "interpreter_timeout_hours": given(
            "TELECONNECT_INTERPRETER_TIMEOUT_HOURS", read.lasting_hours
        ),
    }


def _relay_port(values: Mapping[str, str], port: int, workers: int) -> int:
    """The port of the first worker. Raises ConfigError."""
    given = _read(values, "TELECONNECT_RELAY_PORT", read.port)
    first: int = port if given is None else given
    if first and first + workers - 1 > 65535:
        raise ConfigError(
            "TELECONNECT_RELAY_PORT and TELECONNECT_RELAY_WORKERS lead beyond port 65535."
        )
    return first


def _given(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment sets, for the page that shows it: nothing secret is in it."""
    given = (s for s in SETTINGS if read.plain(environment.get(s.name, ""), multiline=True))
    return {each.name: "" if each.secret else values[each.name] for each in given}


def _values(environment: Mapping[str, str]) -> dict[str, str]:
    """Name -> its value, or the default. Raises ConfigError."""
    values = {}
    for setting in SETTINGS:
        try:
            text = read.plain(
                environment.get(setting.name, ""), multiline=setting.name.endswith("KEY")
            )
        except ValueError as error:
            raise ConfigError(f"{setting.name} {error}.") from None
        values[setting.name] = text or setting.default
    return values


def _read(values: Mapping[str, str], name: str, reader: Callable[[str], T]) -> Any:
    """The value of a setting; None where it is empty. Raises ConfigError."""
    try:
        return reader(values[name]) if values[name] else None
    except ValueError as error:
        raise ConfigError(f"{name} {error}.") from None


def _master_key(values: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    """The content of the master key's file, unless it is the one in the data folder.

    systemd passes credentials in a folder of the service's own, see systemd.exec(5).
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
    """Names that look like settings but are not: most likely misspelled."""
    known = {setting.name for setting in SETTINGS}
    return [name for name in environment if name.startswith("TELECONNECT_") and name not in known]


def harmless_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of the server's child processes: no setting, no secret."""
    return {
        name: value
        for name, value in environment.items()
        if name in HARMLESS or name.startswith(HARMLESS_BEGINNINGS)
    }
