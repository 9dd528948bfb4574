"""Settings: what cannot be used is refused in one sentence that names the setting, and no more."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signaling.delivery.mail import sender
from storage.errors import MasterKeyError
from storage.master_key import decode
from tests.people import Person
from tests.serving import serving
from web.config import SETTINGS, ConfigError, load
from web.delivery import open_delivery

DIGITS = "9" * 5000
NO_NUMBERS = ("-1", "nan", "inf", "1e400", "1_000", "٣", "24h", "1;2", "+8080", DIGITS)
NO_PORTS = (*NO_NUMBERS, "8080.0", "65536")
REFUSED = {
    "PORT": NO_PORTS,
    "TELECONNECT_PUBLIC_URL": (
        "clinic.example", "ftp://a", "https://", "https://a/b", "https://a?x", "https://a#f",
        "https://u:p@a", "https://a..b", "https://-", "https://a b", "http://[::1", "http://a:99999",
    ),
    "TELECONNECT_DATA_DIR": ("~", "~/data", "~nurse/data"),
    "TELECONNECT_MASTER_KEY": ("x", "é", "A" * 43),
    "TELECONNECT_SMTP_URL": (
        "mail.example", "http://a", "smtp://", "smtp://a:b", "smtp://a:0", "smtp://a:99999",
        "smtp://[", "smtp://[::1", "smtp://a/b", "smtp://a b", "smtp://u:p#q@a", "smtp://u:p/q@a",
        "smtp://u:p?q@a", "smtp://a?starttls=x", "smtps://a?starttls=never",
    ),
    "TELECONNECT_MAIL_FROM": (
        "clinic", "a@", "@a", "a@é.example", "<a@b.example", "North: a@b.example",
        "a <a@b.example>, b <b@b.example>", "a @ b <a@b.example>", "Clinic: North <a@b.example>",
    ),
    "TELECONNECT_VONAGE_PRIVATE_KEY": ("x", "/", "BEGIN PRIVATE KEY"),
    "TELECONNECT_VONAGE_SMS_FROM": ("<x>", "TeleConnect North", "é", "+41", DIGITS),
    "TELECONNECT_VONAGE_WHATSAPP_FROM": ("Clinic", "+41 79 000", "+41", DIGITS),
    "TELECONNECT_VONAGE_API_URL": ("nan", "ftp://a", "https://", "http://a:99999", "https://a?x"),
    "TELECONNECT_SMS_PRICES": ("+41=", "+41=x CHF", "+=1", "=1 EUR", "+41=nan EUR", "+41=-1 EUR"),
    "TELECONNECT_REMINDER_MINUTES": (*NO_NUMBERS, "10,x", "10,-1"),
    "TELECONNECT_DEFAULT_REGION": ("ZZZZ", "ZZ", "CHE", "Schweiz", "41", "é"),
    "TELECONNECT_MEDIA_POLICY": ("RELAY", "true", "auto,relay"),
    "TELECONNECT_TURN_URLS": (
        "turn", "turn:", "turn://a", "turn:a b", "turns:a:99999", "turn:a?transport=sctp",
        "http://a", "stun:a?x", "turn:a;turn:b",
    ),
    "TELECONNECT_RELAY_ADDRESS": ("a", "1.2.3", "0.0.0.0", "::", "0.0.0.0/0", "fe80::1%eth0"),
    "TELECONNECT_RELAY_PORT": NO_PORTS,
    "TELECONNECT_RELAY_WORKERS": (*NO_NUMBERS, "65", "1.5"),
    "TELECONNECT_BRAND": ("\u202eClinic", "\ud83d"),
    **dict.fromkeys(
        (
            "TELECONNECT_EXPIRY_HOURS", "TELECONNECT_ABANDONED_DAYS", "TELECONNECT_RETENTION_HOURS",
            "TELECONNECT_INTERPRETER_TIMEOUT_HOURS", "TELECONNECT_EARLY_ENTRY_MINUTES",
        ),
        (*NO_NUMBERS, "999999", "1,5"),
    ),
}  # fmt: skip
"What is no value of a setting, or none that it could mean."
NEEDED = {
    "TELECONNECT_TURN_URLS": {"TELECONNECT_TURN_SECRET": "secret"},
    "TELECONNECT_VONAGE_PRIVATE_KEY": {"TELECONNECT_VONAGE_SMS_FROM": "Clinic"},
}
MOST = {
    name: "100000"
    for name in REFUSED
    if name.endswith(("_HOURS", "_DAYS", "_MINUTES"))
}  # fmt: skip


def others(name: str, phone: dict[str, str]) -> dict[str, str]:
    """What else must be set for a setting to be looked at."""
    return (phone if "VONAGE" in name else {}) | NEEDED.get(name, {})


@pytest.fixture(scope="module")
def phone() -> dict[str, str]:
    """The settings of a phone provider."""
    made = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return {
        "TELECONNECT_VONAGE_APPLICATION_ID": "application",
        "TELECONNECT_VONAGE_PRIVATE_KEY": made.decode(),
        "TELECONNECT_VONAGE_SMS_FROM": "Clinic",
    }


def refuse(settings: dict[str, str]) -> str:
    """The sentence with which a server that has these settings does not start."""
    with pytest.raises((ConfigError, MasterKeyError)) as refused:
        config = load(settings)
        if config.master_key:
            decode(config.master_key, "TELECONNECT_MASTER_KEY")
        open_delivery(config)
    return str(refused.value)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_by_the_name_of_its_setting(
    name: str, phone: dict[str, str]
) -> None:
    for value in REFUSED[name]:
        sentence = refuse({**others(name, phone), name: value})
        assert name in sentence, (value, sentence)
        assert sentence.endswith("."), (value, sentence)
        assert sentence.isprintable(), (value, sentence)
        assert len(sentence) < 300, (value, sentence)


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "\x7f", "\x1b[2J", "\udcff"])
def test_a_setting_is_one_line_of_text(value: str, phone: dict[str, str]) -> None:
    for setting in SETTINGS:
        assert setting.name in refuse({**others(setting.name, phone), setting.name: value})


async def test_the_most_that_a_setting_allows_can_be_served(tmp_path: Path) -> None:
    async with serving(tmp_path, None, **MOST) as server, Person(server) as anybody:
        assert (await anybody.get("/readyz")).status == 200


@pytest.mark.parametrize(
    "brand",
    ["Clinic, North", "Clinic; North", "Clinic: North", "Hospital @ Home", "<Clinic>", 'The "Clinic"',
     "St. Anna", "Clinique Sainte-Anne", "Лікарня", "مستشفى", "a\\b"],
)  # fmt: skip
def test_any_brand_is_the_name_of_the_sender_too(brand: str) -> None:
    config = load({"TELECONNECT_BRAND": brand, "TELECONNECT_PUBLIC_URL": "https://bücher.example"})
    found = sender(config.mail_from).address
    assert (found.display_name, found.addr_spec) == (brand, "noreply@xn--bcher-kva.example")


def test_a_sender_can_be_found_for_every_address_of_the_server() -> None:
    for url in ("http://[::1]:8080", "http://127.0.0.1", "http://localhost", "https://a.example"):
        open_delivery(load({"TELECONNECT_PUBLIC_URL": url}))
