"""Settings of the mail server and of the provider of SMS: read as they are meant."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from signaling.delivery.mail import sender
from signaling.delivery.smtp_url import SmtpServer
from web.config import ConfigError, load


@pytest.mark.parametrize(
    ("login", "user", "password"),
    [
        ("u:AbC/d+e=", "u", "AbC/d+e="),
        ("u:a#b?c[d]e:f@g/", "u", "a#b?c[d]e:f@g/"),
        ("user@example.org:p", "user@example.org", "p"),
        ("user%40example.org:p%23%25", "user@example.org", "p#%"),
        ("u:100%", "u", "100%"),
        ("u:smtp://x@y", "u", "smtp://x@y"),
        ("u:pass word", "u", "pass word"),
        ("u:pässwörd", "u", "pässwörd"),
        ("u", "u", None),
        ("u:", "u", ""),
    ],
)
@pytest.mark.parametrize("place", ["mail.example:587", "mail.example", "[2001:db8::1]:25/"])
def test_a_password_of_the_mail_server_needs_no_encoding(
    login: str, user: str, password: str | None, place: str
) -> None:
    url = load(
        {"TELECONNECT_SMTP_URL": f"smtp://{login}@{place}?starttls=required"}
    ).delivery.smtp_url
    assert url is not None
    server = SmtpServer.from_url(url)
    assert (server.user, server.password) == (user, password)
    assert server.host in ("mail.example", "2001:db8::1")
    assert server.port == (25 if ":25" in place else 587)
    assert server.tls == "required"


@pytest.mark.parametrize(
    "brand",
    [
        "TeleConnect", "Hospital @ Home", "Clinic: North", "North, South; West", "<Clinic>", "a\\b",
        'The "good" one', "Hôpital, Nord", "😀 Clinic", "مستشفى @ البيت", "(East)", "Dr. Who",
        "=?utf-8?q?x?=", "Больница Север", "a@b.example", "Clinic <a@b.example>",
        "Association of Refugees, Hospital St. Mary and Friends of the Clinic North",
        "مستشفى @ Hospital Genève مستشفى", "." * 80, "Krankenhaus der Barmherzigen Brüder, " * 2,
    ],
)  # fmt: skip
def test_any_name_stands_in_the_sender_of_mails_as_it_is(brand: str) -> None:
    config = load({"TELECONNECT_BRAND": brand, "TELECONNECT_PUBLIC_URL": "https://käse.example"})
    line = sender(config.delivery.mail_from).line
    assert line.isascii()
    # not by the modern policies of `email`, which put spaces between the parts of an encoded word
    name, spec = parseaddr(message_from_bytes(line + b"\r\n")["From"].replace("\r\n", ""))
    assert str(make_header(decode_header(name))) == brand.strip()
    assert spec == "noreply@xn--kse-qla.example"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Hospital @ Home <a@b.example>", "Hospital @ Home"),
        ("Clinic: North <a@b.example>", "Clinic: North"),
        ("North, South <a@b.example>", "North, South"),
        ('"Hospital @ Home" <a@b.example>', "Hospital @ Home"),
        (r'"The \"good\" one" <a@b.example>', 'The "good" one'),
        ('Klinik "Nord" <a@b.example>', 'Klinik "Nord"'),
        ("<a@b.example>", ""),
        ("a@b.example", ""),
    ],
)
def test_the_sender_of_mails_is_nobody_else_than_it_says(given: str, name: str) -> None:
    found = sender(load({"TELECONNECT_MAIL_FROM": given}).delivery.mail_from).address
    assert (found.display_name, found.addr_spec) == (name, "a@b.example")


def test_settings_of_phones_without_an_account_are_refused() -> None:
    for name in ("PRIVATE_KEY", "SMS_FROM", "WHATSAPP_FROM"):
        with pytest.raises(ConfigError, match=f"TELECONNECT_VONAGE_{name} is set, and TELECONN"):
            load({f"TELECONNECT_VONAGE_{name}": "+41790000000"})
