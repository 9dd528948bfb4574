"""Mail, against servers that accept it, refuse it, or break."""

import asyncio

import pytest

from signaling.delivery.smtp import Smtp, SmtpServer
from signaling.errors import InvalidInput
from signaling.notices.notice import (
    Outcome,
    Outgoing,
    PermanentFailure,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
)
from tests.delivery.certificates import certificates
from tests.delivery.notices import ICS, MAIL, mail
from tests.delivery.smtp_server import How, MailServer, Phase, broken_server, mail_server

FROM = "Clinic <noreply@clinic.example>"
SENT = Sent("<notice-0001@clinic.example>")


LONG_S = 60.0
"A timeout that is never reached: the server answers or closes the connection."


def patience(how: How, short_s: float = 0.2) -> float:
    """Timeout for each answer: short only where none comes."""
    return short_s if how == "hang" else LONG_S


async def send(
    url: str, outgoing: Outgoing = MAIL, *, timeout_s: float = LONG_S, tls: bool = True
) -> Outcome:
    provider = Smtp(
        SmtpServer.from_url(url),
        FROM,
        timeout_s=timeout_s,
        tls=certificates().client if tls else None,
    )
    try:
        return await provider.send(outgoing)
    finally:
        await provider.close()


# --- addresses of servers -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", SmtpServer("localhost", 25, "offered")),
        ("smtp://localhost:2525/", SmtpServer("localhost", 2525, "offered")),
        ("smtp://h?starttls=never", SmtpServer("h", 25, "never")),
        ("smtp://h?starttls=required", SmtpServer("h", 587, "required")),
        ("smtp://u:p%40ss@h", SmtpServer("h", 587, "required", "u", "p@ss")),
        ("smtp://u%40x:@h:25", SmtpServer("h", 25, "required", "u@x", "")),
        ("smtp://u:p@h?starttls=never", SmtpServer("h", 25, "never", "u", "p")),
        ("smtps://u:p@h", SmtpServer("h", 465, "implicit", "u", "p")),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, "offered")),
    ],
)
def test_a_server_is_parsed_from_its_address(url: str, server: SmtpServer) -> None:
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:25",
        "http://u:secret@h",
        "smtp://",
        "smtp://:secret@",
        "smtp://u:secret@h:99999",
        "smtp://u:secret@h:x",
        "smtp://u:secret@h:0",
        "smtp://u:secret@h/path",
        "smtp://u:secret@h#f",
        "smtp://u:secret@h?starttls=maybe",
        "smtp://u:secret@h?tls=1",
        "smtps://u:secret@h?starttls=required",
        "smtp://u:secret@h\r\n",
        "smtp://u:secret@[::1",
    ],
)
def test_an_impossible_address_is_refused_without_revealing_the_password(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        SmtpServer.from_url(url)
    assert refused.value.field == "smtp_url"
    assert "secret" not in f"{refused.value}{refused.value.values}"


def test_the_password_is_not_in_the_representation() -> None:
    assert "secret" not in repr(SmtpServer.from_url("smtps://u:secret@h"))


@pytest.mark.parametrize(
    "sender", ["", "Clinic", "Clinic <>", "a@", "@b", "a@b\r\nBcc: c@d", "ü@b"]
)
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(InvalidInput):
        Smtp(SmtpServer("localhost", 25, "never"), sender)


# --- what arrives ---------------------------------------------------------------------------


async def test_a_mail_arrives_with_text_html_and_calendar() -> None:
    async with mail_server() as server:
        assert await send(server.url) == SENT
    [received] = server.received
    assert (received.sender, received.recipients) == ("noreply@clinic.example", [MAIL.address])
    message = received.message
    assert message["From"] == FROM
    assert message["To"] == "amina@example.org"
    assert message["Subject"] == "Your session is planned"
    assert message["Message-ID"] == "<notice-0001@clinic.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert message["Date"].datetime.utcoffset() is not None
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and text.get_content() == MAIL.content.text.replace("\n", "\r\n")
    assert html is not None and html.get_content().strip() == MAIL.content.html
    calendar = next(p for p in message.walk() if p.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_payload(decode=True) == ICS
    [attached] = message.iter_attachments()
    assert attached.get_content() == ICS
    assert received.octets.isascii()


async def test_a_mail_without_html_or_calendar_is_plain() -> None:
    async with mail_server() as server:
        await send(server.url, mail(html=None, calendar=None))
        await send(server.url, mail(html=None))
    plain, with_calendar = (received.message for received in server.received)
    assert plain.get_content_type() == "text/plain"
    assert [part.get_content_type() for part in with_calendar.walk()][2:4] == [
        "text/plain",
        "text/calendar",
    ]


@pytest.mark.parametrize(
    "words",
    ["موعدك غدًا الساعة ١٠", "Ваша сесія завтра", "እንኳን ደህና መጡ", "🗓️ 10:00", "x" * 2000, "\u202eabc"],
)
async def test_every_script_arrives_as_it_was(words: str) -> None:
    async with mail_server() as server:
        assert await send(server.url, mail(subject=words[:200], text=words + "\n", html=words))
    message = server.received[0].message
    assert message["Subject"] == words[:200]
    body = message.get_body(("plain",))
    assert body is not None and body.get_content().splitlines() == [words]
    assert max(map(len, server.received[0].octets.split(b"\r\n"))) <= 998


async def test_the_same_notice_has_the_same_message_id_every_time() -> None:
    async with mail_server() as server:
        assert await send(server.url) == await send(server.url)
    assert len({received.message["Message-ID"] for received in server.received}) == 1


@pytest.mark.parametrize(
    "address",
    [
        "amina@example.org\r\nRCPT TO:<all@example.org>",
        "amina@example.org\nBcc: all@example.org",
        "a@b>, <c@d",
        "a@b, c@d",
        "",
        "@",
    ],
)
async def test_an_address_cannot_inject_anything(address: str) -> None:
    async with mail_server() as server:
        outcome = await send(server.url, mail(address=address))
    assert outcome == PermanentFailure("address_refused")
    assert server.received == []


async def test_an_international_address_needs_smtputf8() -> None:
    outgoing = mail(address="δοκιμή@example.org")
    async with mail_server() as server:
        assert await send(server.url, outgoing) == SENT
    assert server.received[0].recipients == ["δοκιμή@example.org"]
    async with mail_server(smtputf8=False) as server:
        assert await send(server.url, outgoing) == PermanentFailure("address_not_supported")


# --- encryption and credentials --------------------------------------------------------------


async def test_starttls_and_credentials() -> None:
    async with mail_server("starttls", user="tele", password="secret") as server:
        assert await send(server.url) == SENT
    assert len(server.received) == 1


async def test_implicit_tls_and_credentials() -> None:
    async with mail_server("implicit") as server:
        assert await send(server.url) == SENT


async def test_offered_starttls_is_used_even_with_an_unknown_certificate() -> None:
    async with mail_server("starttls", authority="unknown") as server:
        assert await send(server.url) == SENT  # the server requires STARTTLS


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_of_an_unknown_authority_is_not_trusted(tls: str) -> None:
    async with mail_server(tls, authority="unknown") as server:  # type: ignore[arg-type]
        url = server.url + ("?starttls=required" if tls == "starttls" else "")
        assert await send(url) == TemporaryFailure("tls_untrusted")
        assert await send(url, tls=False) == TemporaryFailure("tls_untrusted")


async def test_credentials_never_leave_without_encryption() -> None:
    async with broken_server("mail", "close") as server:
        url = server.url.replace("smtp://", "smtp://tele:secret@")
        assert await send(url) == TemporaryFailure("tls_missing")
        assert await send(server.url + "?starttls=required") == TemporaryFailure("tls_missing")


async def test_a_wrong_password_is_a_temporary_failure() -> None:
    async with mail_server("starttls", user="tele", password="secret") as server:
        outcome = await send(server.url.replace("secret", "wrong"))
        assert outcome == TemporaryFailure("credentials_refused", "535 5.7.8")
        assert isinstance(await send(server.url.replace("tele:secret@", "")), TemporaryFailure)


async def test_a_login_without_auth_is_a_temporary_failure() -> None:
    async with broken_server("mail", "close", tls=certificates().server) as server:
        url = server.url.replace("smtp://", "smtps://tele:secret@")
        assert await send(url) == TemporaryFailure("credentials_refused")


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "answer", "outcome"),
    [
        ("on_mail", "550 5.7.1 Not you", PermanentFailure("sender_refused", "550 5.7.1")),
        ("on_mail", "451 4.3.0 Later", TemporaryFailure("server_busy", "451 4.3.0")),
        ("on_mail", "530 5.7.0 Log in", TemporaryFailure("credentials_refused", "530 5.7.0")),
        (
            "on_recipient",
            "550 5.1.1 amina@example.org is unknown",
            PermanentFailure("address_refused", "550 5.1.1"),
        ),
        ("on_recipient", "553 Bad name", PermanentFailure("address_refused", "553")),
        ("on_recipient", "451 4.7.1 Greylisted", TemporaryFailure("greylisted", "451 4.7.1")),
        ("on_recipient", "450 4.2.0 Greylisted", TemporaryFailure("greylisted", "450 4.2.0")),
        ("on_recipient", "452 4.2.2 Full", TemporaryFailure("mailbox_full", "452 4.2.2")),
        ("on_recipient", "552 5.2.2 Full", TemporaryFailure("mailbox_full", "552 5.2.2")),
        ("on_recipient", "421 4.3.2 Closing", TemporaryFailure("server_busy", "421 4.3.2")),
        ("on_data", "554 5.7.1 Spam", PermanentFailure("content_refused", "554 5.7.1")),
        ("on_data", "552 5.3.4 Too big", PermanentFailure("content_refused", "552 5.3.4")),
        ("on_data", "451 4.3.0 Later", TemporaryFailure("server_busy", "451 4.3.0")),
    ],
)
async def test_each_refusal_says_whether_a_retry_helps(
    phase: str, answer: str, outcome: Outcome
) -> None:
    async with mail_server() as server:
        setattr(server, phase, lambda address: answer)
        assert await send(server.url) == outcome
    assert server.received == []


async def test_a_greylisted_mail_is_accepted_at_the_second_try() -> None:
    answers = iter(["451 4.7.1 Come back", None])
    async with mail_server() as server:
        server.on_recipient = lambda address: next(answers)
        assert await send(server.url) == TemporaryFailure("greylisted", "451 4.7.1")
        assert await send(server.url) == SENT


async def test_a_refused_recipient_does_not_spoil_the_connection_for_the_next() -> None:
    async with mail_server() as server:
        server.on_recipient = lambda a: "550 5.1.1 Unknown" if a.startswith("nobody") else None
        provider = Smtp(SmtpServer.from_url(server.url), FROM, connections=1)
        refused = await provider.send(mail(address="nobody@example.org"))
        assert refused == PermanentFailure("address_refused", "550 5.1.1")
        assert await provider.send(MAIL) == SENT
        await provider.close()
    assert server.connections == 1


# --- servers that break ----------------------------------------------------------------------

BEFORE: list[tuple[Phase, How, Outcome]] = [
    ("greeting", "hang", TemporaryFailure("server_timeout")),
    ("greeting", "close", TemporaryFailure("server_unreachable")),
    ("greeting", "half_close", TemporaryFailure("server_unreachable")),
    ("greeting", "reset", TemporaryFailure("server_unreachable")),
    ("greeting", "garbage", TemporaryFailure("server_unreachable")),
    ("greeting", "554 5.3.2 Not today", TemporaryFailure("server_busy", "554 5.3.2")),
    ("greeting", "421 4.3.2 Busy", TemporaryFailure("server_busy", "421 4.3.2")),
    ("ehlo", "hang", TemporaryFailure("server_timeout")),
    ("ehlo", "half_close", TemporaryFailure("server_unreachable")),
    ("ehlo", "endless", TemporaryFailure("server_unreachable")),
    ("mail", "hang", TemporaryFailure("server_timeout")),
    ("mail", "close", TemporaryFailure("connection_lost")),
    ("rcpt", "half_close", TemporaryFailure("connection_lost")),
    ("rcpt", "reset", TemporaryFailure("connection_lost")),
    ("rcpt", "hang", TemporaryFailure("server_timeout")),
    ("data", "452 4.3.1 Disk", TemporaryFailure("server_busy", "452 4.3.1")),
]


@pytest.mark.parametrize(("at", "how", "outcome"), BEFORE)
async def test_a_failure_before_the_text_left_nothing_behind(
    at: Phase, how: How, outcome: Outcome
) -> None:
    async with broken_server(at, how) as server:
        assert await send(server.url, timeout_s=patience(how)) == outcome
    assert server.texts == []


@pytest.mark.parametrize(
    "how", [pytest.param("hang", marks=pytest.mark.slow), "close", "half_close", "reset"]
)
async def test_a_failure_after_the_text_may_have_delivered(how: How) -> None:
    async with broken_server("answer", how) as server:
        # long enough for a busy machine to get as far as the text
        assert await send(server.url, timeout_s=patience(how, 3)) == UnknownOutcome("reply_lost")
    assert len(server.texts) == 1


async def test_garbage_in_place_of_an_answer_ends_the_connection() -> None:
    async with broken_server("rcpt", "garbage") as server:
        outcome = await send(server.url)
        assert isinstance(outcome, TemporaryFailure)


async def test_nobody_listening_is_a_temporary_failure() -> None:
    async with mail_server() as server:
        url = server.url
    assert await send(url) == TemporaryFailure("server_unreachable")


async def test_a_host_that_does_not_exist_is_a_temporary_failure() -> None:
    assert await send("smtp://nowhere.invalid") == TemporaryFailure("server_unreachable")


async def test_a_server_that_speaks_no_tls_is_a_temporary_failure() -> None:
    async with mail_server() as server:
        outcome = await send(server.url.replace("smtp://", "smtps://"), timeout_s=1)
        assert isinstance(outcome, TemporaryFailure)


# --- connections -----------------------------------------------------------------------------


async def pool(server: MailServer, connections: int, idle_s: float = 20) -> Smtp:
    return Smtp(SmtpServer.from_url(server.url), FROM, connections=connections, idle_s=idle_s)


async def test_a_batch_uses_few_connections() -> None:
    async with mail_server() as server:
        provider = await pool(server, 3)
        outcomes = await asyncio.gather(
            *(provider.send(mail(notice_id=f"notice-{n:04}")) for n in range(60))
        )
        await provider.close()
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert server.connections <= 3
    assert len({received.message["Message-ID"] for received in server.received}) == 60


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    async with mail_server() as server:
        provider = await pool(server, 1)
        assert await provider.send(MAIL) == SENT
        server.drop_connections()
        assert await provider.send(MAIL) == SENT
        await provider.close()
    assert (server.connections, len(server.received)) == (2, 2)


async def test_an_idle_connection_that_answers_421_is_replaced() -> None:
    answers = iter([None, "421 4.4.2 Idle too long", None])
    async with mail_server() as server:
        server.on_mail = lambda address: next(answers)
        provider = await pool(server, 1)
        assert await provider.send(MAIL) == SENT
        assert await provider.send(MAIL) == SENT
        await provider.close()
    assert server.connections == 2


async def test_an_idle_connection_is_closed() -> None:
    async with mail_server() as server:
        provider = await pool(server, 1, idle_s=0)
        assert await provider.send(MAIL) == SENT
        async with asyncio.timeout(LONG_S):
            await server.deserted.wait()
        await provider.close()


async def test_a_canceled_send_does_not_keep_its_connection() -> None:
    async with broken_server("rcpt", "hang", times=1) as server:
        provider = Smtp(SmtpServer.from_url(server.url), FROM, connections=1)
        sending = asyncio.create_task(provider.send(MAIL))
        await server.hanging.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await provider.send(MAIL) == SENT
        await provider.close()
    assert (server.connections, len(server.texts)) == (2, 1)


async def test_closing_twice_and_without_any_mail_is_fine() -> None:
    async with mail_server() as server:
        provider = await pool(server, 1)
        await provider.close()
        await provider.close()
    assert server.connections == 0
