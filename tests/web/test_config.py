"""Every setting: which values are accepted, and which are refused with a sentence that names it."""

from operator import attrgetter
from pathlib import Path

import pytest

from signaling.identity import Condition
from storage.files.object_address import ObjectAddress
from tests.delivery.vonage_server import _key_pair
from tests.people import Person
from tests.serving import serving
from web.config import SETTINGS, Config, ConfigError, load

VONAGE = {
    "TELECONNECT_VONAGE_APPLICATION_ID": "78d335fa-323d-0114-9c3d-d6f0d48968cf",
    "TELECONNECT_VONAGE_PRIVATE_KEY": _key_pair()[0],
    "TELECONNECT_VONAGE_SMS_FROM": "Clinic",
}
OIDC = {
    "TELECONNECT_OIDC_ISSUER": "https://login.example.org",
    "TELECONNECT_OIDC_CLIENT_ID": "teleconnect",
}
COTURN = {
    "TELECONNECT_COTURN_CERTIFICATE": "/etc/cert.pem", "TELECONNECT_COTURN_KEY": "/etc/key.pem"
}  # fmt: skip
TURN = {"TELECONNECT_TURN_URLS": "turn:turn.example.org", "TELECONNECT_TURN_SECRET": "secret"}
NUMBER_SETTINGS = (
    "TELECONNECT_RETENTION_HOURS", "TELECONNECT_EARLY_ENTRY_MINUTES", "TELECONNECT_EXPIRY_HOURS",
    "TELECONNECT_ABANDONED_DAYS", "TELECONNECT_INTERPRETER_TIMEOUT_HOURS",
    "TELECONNECT_IDLE_HOURS", "TELECONNECT_SIGN_IN_DAYS",
    "TELECONNECT_REMINDER_MINUTES", "TELECONNECT_FILE_MEGABYTES", "TELECONNECT_SESSION_MEGABYTES",
)  # fmt: skip
NO_NUMBERS = (
    "nan",
    "inf",
    "-1",
    "1e9",
    "1_000",
    "24h",
    "100001",
    "9" * 5000,
    "٢٤",
    "0x10",
    "1,5x",
)

REFUSED: dict[str, tuple[str, ...]] = {
    "PORT": ("65536", "-1", "8080.0", "http", "9" * 5000, "٨٠", "80 80"),
    "TELECONNECT_HOST": ("a\x00b", ",", " , ,"),  # whether it is an address is checked by listening on it
    "TELECONNECT_PUBLIC_URL": (
        "tele.example.org", "//tele.example.org", "ftp://tele.example.org", "https://",
        "https://tele.example.org/path", "https://tele.example.org?a=b", "https://tele.example.org#a",
        "https://user:password@tele.example.org", "https://user@tele.example.org",
        "https://tele.example.org:0", "https://tele.example.org:65536", "https://tele.example.org:x",
        "https://tele example.org", "https://..", "https://" + "x" * 64 + ".example",
        "https://1.2.3", "https://1.2.3.400", "https://[::1", "https://[::g]", "https://a,b.example",
        "https://xn--", "https://xn--a.xn--",
    ),
    **dict.fromkeys(
        map("TELECONNECT_{}_HOURS".format, ("IDLE", "EXPIRY", "INTERPRETER_TIMEOUT")),
        ("0", "0.0", "0.016"),
    ),
    **dict.fromkeys(
        map("TELECONNECT_{}_DAYS".format, ("SIGN_IN", "ABANDONED")), ("0", "0.0", "0.0006")
    ),
    **dict.fromkeys(map("TELECONNECT_{}_MEGABYTES".format, ("FILE", "SESSION")), ("0", "0.0")),
    "TELECONNECT_OTHER_HOSTS": (
        "https://www.example", "www.example/path", "www example", "a.example;b.example",
        "a.example:0", "a.example:x", "u@a.example", "1.2.3", "*.example", "[::1",
    ),
    "TELECONNECT_DATA_DIR": ("da\x00ta", "~", "~/data"),
    "TELECONNECT_DATABASE_URL": ("mysql://host/name", "postgresql://host/", "postgresql:host"),
    "TELECONNECT_RELAY_KEY": ("/nowhere/relay.key", "k" * 43, "k" * 44 + "=="),
    "TELECONNECT_HOST_URL": ("10.0.0.5:8080", "ftp://10.0.0.5", "http://10.0.0.5:8080/path"),
    **dict.fromkeys(map("TELECONNECT_{}".format, ("HOST_NAME", "HOST_ROLE", "PROXIES", "MASTER_KEY")), ("\0",)),
    "TELECONNECT_MASTER_KEY_FILE": ("/nowhere/master.key",),
    "TELECONNECT_SMTP_URL": (
        "http://mail.example", "mail.example:587", "smtp:mail.example", "smtp://", "smtp://@",
        "smtp://u:p@", "smtp://u:p@mail.example:x", "smtp://u:p@mail.example:0",
        "smtp://u:p@mail.example:65536", "smtp://u:p@mail.example:587:25", "smtp://u:p@[::1",
        "smtp://u:p@::1", "smtp://u:p@[nonsense]", "smtp://u:p@mail.example/path",
        "smtp://u:p@mail.example#x", "smtp://u:p@mail.example?tls=no",
        "smtp://u:p@mail.example?starttls=perhaps", "smtp://u:p@mail.example?x",
        "smtps://u:p@mail.example?starttls=never", "smtp://u:%ff@mail.example",
        "smtp://u:p@mail\texample", "smtp://u:p@" + "x" * 70 + ".example",
    ),
    "TELECONNECT_MAIL_FROM": (
        "nobody", "a@b@c", "Hospital @ Home", "<a@b.example> <c@d.example>",
        "A <a@b.example>, B <c@d.example>", "a@b.example, c@d.example", "Clinic <a@b.example> x",
        "Clinic <>", "Clinic <nobody>", "Cli\u202enic <a@b.example>",
        "Clinic <hôpital@b.example>", "a@b..example", "Clinic <a@.example>", "a@b.example.", "x" * 81 + " <a@b.example>", "Clinic <a b@c.example>",
    ),
    "TELECONNECT_VONAGE_APPLICATION_ID": ("application", "78d335fa323d01149c3dd6f0d48968cf"),
    "TELECONNECT_VONAGE_PRIVATE_KEY": (
        "", "secret", "/nowhere/private.key", "-----BEGIN PRIVATE KEY-----\nAAAA",
        _key_pair()[0][:200],
    ),
    "TELECONNECT_VONAGE_SIGNATURE_SECRET": ("line\nbreak",),
    "TELECONNECT_VONAGE_SMS_FROM": (
        "A name that is too long", "Spital Zürich", "12", "+", "+41 79 000", "a\x07",
    ),
    "TELECONNECT_VONAGE_WHATSAPP_FROM": ("Clinic", "0041790000000", "079", "+41 79", "++41790000000"),
    "TELECONNECT_VONAGE_API_URL": (
        "api.nexmo.com", "http://api.nexmo.com", "https://", "https://api.nexmo.com/v1",
        "https://u:p@api.nexmo.com", "https://api.nexmo.com:x", "https://[::1",
    ),
    "TELECONNECT_SMS_PRICES": ("0.07", "+41=x CHF", "+41=0.07", "41=0.07 CHF", "+41=inf CHF"),
    "TELECONNECT_DEFAULT_REGION": ("ZZZZ", "ZZ", "Switzerland", "41", "C H"),
    "TELECONNECT_MEDIA_POLICY": ("Relay!", "on", "true", "1"),
    "TELECONNECT_TURN_URLS": (
        "turn.example.org", "turn://turn.example.org", "turn:", "turn:turn.example.org:x",
        "turn:turn.example.org:65536", "turn:a b", "https://turn.example.org", "turn:u@turn.example",
        "turn:turn.example.org?transport=sctp", "turn:turn.example.org;stun:stun.example.org",
    ),
    "TELECONNECT_TURN_SECRET": ("",),
    "TELECONNECT_COTURN": ("true", "on", "Yes", "turnserver"),
    "TELECONNECT_COTURN_PORT": ("65536", "x", "-1", "3478,3479"),
    "TELECONNECT_COTURN_TLS_PORT": ("65536", "x", "-1", "443:5349"),
    "TELECONNECT_COTURN_PROXY_PORT": ("65536", "x", "-1", "127.0.0.1:3480"),
    "TELECONNECT_COTURN_PROXY_HOST": ("localhost", "::1", "10.0.0", "10.0.0.7:3480", "10.0.0.7,"),
    "TELECONNECT_COTURN_RELAY_PORTS": (
        "49152", "80-90", "50151-49152", "49152-65536", "49152-", "49152 to 50151", "0-0",
    ),
    "TELECONNECT_COTURN_CERTIFICATE": ("cert.pem", "~/cert.pem", "/etc/\x00"),
    "TELECONNECT_COTURN_KEY": ("key.pem", "~/key.pem", "/etc/\x00"),
    "TELECONNECT_COTURN_URLS": (
        "turn.example.org", "https://turn.example.org", "turns:turn.example.org:x", "turn:a b",
    ),
    "TELECONNECT_RELAY_ADDRESS": (
        "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "fe80::1%eth0", "relay.example",
        "10.0.0", "10.0.0.7:8080", "10.0.0.7;10.0.0.8",
    ),
    "TELECONNECT_RELAY_PORT": ("65536", "x", "-1", "8080-8090"),
    "TELECONNECT_RELAY_TCP": ("true", "Yes", "1", "8080"),
    "TELECONNECT_RELAY_WORKERS": ("65", "-1", "two", "1.5", "true", "9" * 5000),
    "TELECONNECT_FILES": (
        "files", "/srv/files", "s3:bucket", "s3://", "s3://b", "https://bucket", "gs://bucket",
        "s3://Bucket", "s3://bucket/a b", "s3://bucket?x=1", "s3+http://host", "s3+http://host/",
        "s3+ftp://host/bucket", "s3+https://u:p@host/bucket", "s3://bucket//prefix",
    ),
    "TELECONNECT_CLAMAV_SOCKET": ("clamd.ctl", "~/clamd.ctl", "tcp://127.0.0.1:3310", "/run/\x00"),
    "TELECONNECT_SECOND_FACTOR": ("yes", "Everybody", "administrator", "none"),
    "TELECONNECT_OIDC_ISSUER": (
        "login.example.org", "http://login.example.org", "http://10.0.0.7", "ftp://login.example.org",
        "https://", "https://login.example.org?realm=a", "https://login.example.org/#a",
        "https://user:password@login.example.org", "https://login.example.org?", "https://[::1",
        "https://login example.org", "https://login.example.org:x", "http://localhost.example",
    ),
    "TELECONNECT_OIDC_CLIENT_ID": ("a\x00b", "a\nb"),
    "TELECONNECT_OIDC_CLIENT_SECRET": ("a\x00b", "\udcff"),
    "TELECONNECT_OIDC_SCOPES": ("profile email", "open id", 'openid "email"', "openid,email", "öpenid"),
    "TELECONNECT_OIDC_LABEL": ("a\nb", "\u202eClinic", "x" * 81, "\u200b"),
    "TELECONNECT_OIDC_ONLY": ("true", "Yes", "1", "only"),
    "TELECONNECT_OIDC_ALLOW": (
        ",", "=", "groups=", "=staff", "clinic example", "@", "nurse@clinic.example",
        "clinic.example;other.example", "https://clinic.example", "clinic.example,,=",
    ),
    "TELECONNECT_OIDC_ADMINISTRATORS": ("clinic.example", "groups", "groups=a,clinic.example", ","),
    "TELECONNECT_OIDC_NEW_ACCOUNTS": ("yes", "Create", "ask"),
    "TELECONNECT_BRAND": ("Cli\x07nic", "a\nb", "\u202eClinic", "x" * 81, "\udcff", "\u200b"),
    **dict.fromkeys(NUMBER_SETTINGS, NO_NUMBERS),
    "TELECONNECT_LOG_LEVEL": ("loud", "INFO", "20"),
}  # fmt: skip
"Setting -> values that cannot be."

TAKEN: dict[str, tuple[tuple[str, str, object], ...]] = {
    "PORT": (("0", "port", 0), ("65535", "port", 65535), ('"8081"', "port", 8081)),
    "TELECONNECT_HOST": (("127.0.0.1", "hosts", ("127.0.0.1",)), ("[::]", "hosts", ("::",))),
    "TELECONNECT_PUBLIC_URL": (
        ("HTTPS://Tele.Example.ORG/", "public_url", "https://tele.example.org"),
        ("https://tele.example.org:8443", "public_url", "https://tele.example.org:8443"),
        ("https://käse.example", "public_url", "https://xn--kse-qla.example"),
        ("http://[::1]:8080", "public_url", "http://[::1]:8080"),
        ("http://10.0.0.7", "public_url", "http://10.0.0.7"),
        ("http://ward_1.local", "public_url", "http://ward_1.local"),
        ("'https://tele.example.org'", "public_url", "https://tele.example.org"),
    ),
    "TELECONNECT_OTHER_HOSTS": (
        ("a.example, B.example:8443,", "other_hosts", ("a.example", "B.example:8443")),
        ("[::1]:8080", "other_hosts", ("[::1]:8080",)),
    ),
    "TELECONNECT_DATA_DIR": ((" /srv/tele connect ", "data_dir", "/srv/tele connect"),),
    "TELECONNECT_DATABASE_URL": (
        ("postgres://a:b@db/x?sslmode=require", "database_url", "postgres://a:b@db/x?sslmode=require"),
        ("postgresql://a@/x?host=/run", "database_url", "postgresql://a@/x?host=/run"),
    ),
    "TELECONNECT_MASTER_KEY": (("k" * 44, "master_key", "k" * 44),),
    "TELECONNECT_SMTP_URL": (("smtps://mail.example", "delivery.smtp_url", "smtps://mail.example"),),
    "TELECONNECT_MAIL_FROM": (
        ("Clinic <a@b.example>", "delivery.mail_from", "Clinic <a@b.example>"),
        ("a@b.example", "delivery.mail_from", "a@b.example"),
    ),
    "TELECONNECT_SMS_PRICES": (("", "sms_prices", ()),),
    "TELECONNECT_DEFAULT_REGION": (("ch", "default_region", "CH"), ("", "default_region", None)),
    "TELECONNECT_MEDIA_POLICY": (("relay", "media_policy", "relay"),),
    "TELECONNECT_RELAY_ADDRESS": (
        ("10.0.0.7, 2001:DB8::7", "relay_addresses", ("10.0.0.7", "2001:db8::7")),
        ("", "relay_addresses", ()),
    ),
    "TELECONNECT_RELAY_PORT": (
        ("0", "relay_port", 0), ("", "relay_port", 8080), ("9000", "relay_port", 9000),
    ),
    "TELECONNECT_RELAY_WORKERS": (("0", "relay_workers", 0), ("64", "relay_workers", 64)),
    "TELECONNECT_FILES": (
        ("", "files", None),
        ("s3://our-files", "files", ObjectAddress("our-files", "", "")),
        ("s3://our-files/tele/2/", "files", ObjectAddress("our-files", "tele/2", "")),
        (
            "s3+https://minio.example.org:9000/files/tele", "files",
            ObjectAddress("files", "tele", "https://minio.example.org:9000"),
        ),
    ),
    "TELECONNECT_CLAMAV_SOCKET": (
        ("/run/clamav/clamd.ctl", "clamav_socket", "/run/clamav/clamd.ctl"),
        ("", "clamav_socket", None),
    ),
    "TELECONNECT_SECOND_FACTOR": (
        ("", "second_factor", "optional"),
        ("optional", "second_factor", "optional"),
        ("administrators", "second_factor", "administrators"),
        ("everybody", "second_factor", "everybody"),
    ),
    "TELECONNECT_BRAND": (
        ('"Hospital, North"', "brand", "Hospital, North"),
        ("Hôpital  @ \"Nord\" <3", "brand", "Hôpital @ \"Nord\" <3"),
        ("👩🏽\u200d⚕️ مستشفى", "brand", "👩🏽\u200d⚕️ مستشفى"),
    ),
    "TELECONNECT_REMINDER_MINUTES": (("60, 5.5,", "reminder_minutes", (60.0, 5.5)),),
    "TELECONNECT_RETENTION_HOURS": (("0", "retention_hours", 0.0), ("0.5", "retention_hours", 0.5)),
    "TELECONNECT_EARLY_ENTRY_MINUTES": (("15", "early_entry_minutes", 15.0),),
    "TELECONNECT_EXPIRY_HOURS": (("48", "expiry_hours", 48.0), ("0.017", "expiry_hours", 0.017)),
    "TELECONNECT_ABANDONED_DAYS": (("7", "abandoned_days", 7.0), ("0.0007", "abandoned_days", 0.0007)),
    "TELECONNECT_INTERPRETER_TIMEOUT_HOURS": (("12", "interpreter_timeout_hours", 12.0),),
    "TELECONNECT_COTURN": (("yes", "coturn.wanted", "yes"), ("no", "coturn.wanted", "no")),
    "TELECONNECT_COTURN_PORT": (("0", "coturn.port", 0), ("443", "coturn.port", 443)),
    "TELECONNECT_COTURN_PROXY_PORT": (
        ("3480", "coturn.proxy_port", 3480), ("0", "coturn.proxy_port", None),
    ),
    "TELECONNECT_COTURN_PROXY_HOST": (("0.0.0.0", "coturn.proxy_host", "0.0.0.0"),),
    "TELECONNECT_COTURN_RELAY_PORTS": (("1024-1024", "coturn.relay_ports", (1024, 1024)),),
    "TELECONNECT_COTURN_URLS": (
        (
            "turns:turn.example.org:443?transport=tcp, turn:turn.example.org",
            "coturn.urls",
            ("turns:turn.example.org:443?transport=tcp", "turn:turn.example.org"),
        ),
    ),
    "TELECONNECT_OIDC_ISSUER": (
        ("https://login.example.org/realms/a/", "oidc.issuer", "https://login.example.org/realms/a/"),
        ("http://localhost:9000", "oidc.issuer", "http://localhost:9000"),
        ("http://[::1]:9000/", "oidc.label", "::1"),
        ("https://login.example.org", "oidc.label", "login.example.org"),
    ),
    "TELECONNECT_OIDC_CLIENT_SECRET": (("s p:a%c+e", "oidc.client_secret", "s p:a%c+e"),),
    "TELECONNECT_OIDC_SCOPES": ((" openid  groups ", "oidc.scopes", "openid groups"),),
    "TELECONNECT_OIDC_LABEL": (("Clinique d'Été", "oidc.label", "Clinique d'Été"),),
    "TELECONNECT_OIDC_ONLY": (("yes", "oidc.only", True), ("no", "oidc.only", False)),
    "TELECONNECT_OIDC_ALLOW": (
        (
            "@Clinic.Example, käse.example,groups=tele health , a.b=c=d",
            "oidc.admission.allow",
            (
                Condition("", "clinic.example"),
                Condition("", "xn--kse-qla.example"),
                Condition("groups", "tele health"),
                Condition("a.b", "c=d"),
            ),
        ),
    ),
    "TELECONNECT_OIDC_NEW_ACCOUNTS": (("request", "oidc.admission.new_accounts", "request"),),
}  # fmt: skip
"Setting -> (what is set, the member of Config, what it is there)."


def settings(name: str, value: str) -> Config:
    """With the other settings that this one needs."""
    needed = {
        "_COTURN_PROXY_": {},
        "_COTURN_": COTURN,
        "_VONAGE_": VONAGE,
        "_TURN_": TURN,
        "_OIDC_": OIDC,
    }
    beside = next((others for part, others in needed.items() if part in name), {})
    return load({**beside, name: value})


@pytest.mark.parametrize(
    "given",
    [
        {"TELECONNECT_COTURN_KEY": "/etc/key.pem"},
        {"TELECONNECT_COTURN_CERTIFICATE": "/etc/cert.pem"},
        {"TELECONNECT_COTURN": "yes", **TURN},
        {"TELECONNECT_COTURN_PROXY_PORT": "3480", **COTURN},
    ],
)
def test_a_coturn_that_cannot_be_meant_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="TELECONNECT_COTURN"):
        load(given)


@pytest.mark.parametrize(
    ("ports", "relay", "workers"),
    [("50000-50100", "50100", "1"), ("50000-50100", "49999", "2"), ("50000-50100", "50050", "1")],
)
def test_no_port_is_the_relays_and_coturns(ports: str, relay: str, workers: str) -> None:
    given = {
        "TELECONNECT_PUBLIC_URL": "https://tele.example.org",
        "TELECONNECT_COTURN_RELAY_PORTS": ports,
        "TELECONNECT_RELAY_PORT": relay,
        "TELECONNECT_RELAY_WORKERS": workers,
    }
    with pytest.raises(ConfigError, match="COTURN_RELAY_PORTS, 50000-50100, are the media relay's"):
        load(given)
    for other in (
        {"TELECONNECT_RELAY_PORT": "50101"},
        {"TELECONNECT_RELAY_PORT": "49998"},
        {"TELECONNECT_RELAY_PORT": "0"},
        {"TELECONNECT_RELAY_WORKERS": "0"},
        {"TELECONNECT_COTURN": "no"},
        {"TELECONNECT_PUBLIC_URL": "http://localhost:8080"},
        TURN,
    ):
        load({**given, **other})


def test_every_setting_has_values_that_are_refused() -> None:
    assert REFUSED.keys() == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values]
)
def test_what_cannot_be_is_refused_with_a_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings(name, value)
    said = str(refused.value)
    assert name in said or value in said  # a file name is taken as it is
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "value", "member", "expected"),
    [(name, *each) for name, values in TAKEN.items() for each in values],
)
def test_what_can_be_is_taken_as_it_is_meant(
    name: str, value: str, member: str, expected: object
) -> None:
    found = attrgetter(member)(settings(name, value))
    assert (str(found) if isinstance(expected, str) else found) == expected


def test_workers_beyond_the_last_port_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"TELECONNECT_RELAY_PORT and .*_WORKERS lead beyond"):
        load({"TELECONNECT_RELAY_PORT": "65534", "TELECONNECT_RELAY_WORKERS": "3"})


async def test_the_most_of_every_number_can_be_served(tmp_path: Path) -> None:
    most = dict.fromkeys(NUMBER_SETTINGS, "100000")
    async with serving(tmp_path, None, **most) as server, Person(server) as anybody:
        assert (await anybody.get("/readyz")).status == 200


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"TELECONNECT_OIDC_ISSUER": "https://login.example.org"}, "TELECONNECT_OIDC_CLIENT_ID"),
        ({"TELECONNECT_OIDC_CLIENT_ID": "teleconnect"}, "TELECONNECT_OIDC_ISSUER"),
        ({"TELECONNECT_OIDC_ONLY": "yes"}, "TELECONNECT_OIDC_ISSUER"),
    ],
)
def test_half_a_provider_is_refused(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(given)


def test_the_secret_of_the_provider_is_not_shown() -> None:
    config = load(OIDC | {"TELECONNECT_OIDC_CLIENT_SECRET": "not to be seen"})
    assert "not to be seen" not in repr(config)
