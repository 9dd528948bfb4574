"""A mail's octets, read back by the standard library and beside what that would have written."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signaling.delivery.mail import build, sender
from signaling.notices.notice import Calendar, Content, Outgoing
from tests.delivery.notices import ICS, MAIL, mail

FROM = sender('Klinik "Zürich" <noreply@clinic.example>')
_POLICY = SMTP.clone(cte_type="7bit")


def as_the_library_writes_it(outgoing: Outgoing) -> bytes:
    content = outgoing.content
    made = EmailMessage(policy=_POLICY)
    made["From"] = FROM.address
    made["To"] = outgoing.address
    made["Subject"] = content.subject
    made.set_content(content.text)
    if content.html is not None:
        made.add_alternative(content.html, subtype="html")
    if content.calendar is not None:
        part = EmailMessage(policy=_POLICY)
        part.set_content(
            content.calendar.body.decode(),
            subtype="calendar",
            params={"method": content.calendar.method},
            cte="base64",
        )
        if content.html is None:
            made.make_alternative()
        made.attach(part)
        made.add_attachment(
            content.calendar.body, maintype="application", subtype="ics", filename="session.ics"
        )
    return made.as_bytes()


def read(octets: bytes) -> EmailMessage:
    found = message_from_bytes(octets, policy=SMTP)
    assert isinstance(found, EmailMessage)
    return found


def facts(message: EmailMessage) -> list[object]:
    """Everything that a mail program shows of it."""
    found: list[object] = [str(message[name]) for name in ("From", "To", "Subject")]
    for part in message.walk():
        assert not part.defects
        payload = part.get_payload(decode=True)
        octets = payload if isinstance(payload, bytes) else b""
        found.append(
            (
                part.get_content_type(),
                part.get_param("charset"),
                part.get_param("method"),
                part.get_content_disposition(),
                part.get_filename(),
                octets.rstrip(b"\r\n"),
            )
        )
    return found


_words = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co", "Cn"]), max_size=300
).map(lambda text: " ".join(text.split()))
_paragraphs = st.lists(_words, max_size=6).map("\n".join)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(subject=_words, text=_paragraphs, html=st.none() | _paragraphs, with_calendar=st.booleans())
@example("=?utf-8?q?Not_encoded?=", ".\n..\nFrom me\n=3D =_", "<p>é</p>" * 400, True)
@example("تذكير بجلستكم " * 12, "x" * 3000, "<p>" + "ж" * 3000, True)
@example("", "", None, False)
def test_a_mail_is_what_the_standard_library_would_have_written(
    subject: str, text: str, html: str | None, with_calendar: bool
) -> None:
    calendar = Calendar(ICS, "REQUEST") if with_calendar else None
    outgoing = replace(MAIL, content=Content(subject, text, html, calendar))
    octets = build(outgoing, FROM).octets
    message, library = read(octets), read(as_the_library_writes_it(outgoing))
    ours, theirs = facts(message), facts(library)
    # what looks like an encoded word is read as one: ours is written so that it is not
    assert ours[2] == subject
    assert ours[:2] == theirs[:2] and ours[3:] == theirs[3:]
    assert octets.isascii()
    lines = octets.split(b"\r\n")
    assert lines[-1] == b"" and max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)


@pytest.mark.slow
def test_every_header_stands_once() -> None:
    message = read(build(MAIL, FROM).octets)
    names = [name.lower() for name, _ in message.items()]
    assert sorted(names) == sorted(set(names))
    assert message["MIME-Version"] == "1.0"
    assert message["Content-Language"] == "en"
    assert format_datetime(message["Date"].datetime) == str(message["Date"])


@pytest.mark.parametrize(
    "subject", ["x" * 150, " ".join(["wide"] * 30), "א" * 150, "=?", "😀" * 150]
)
def test_no_header_line_is_longer_than_it_may_be(subject: str) -> None:
    octets = build(mail(subject=subject), FROM).octets
    head = octets.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert read(octets)["Subject"] == subject


@pytest.mark.parametrize("changes", [{"text": "\ud800"}, {"html": "\ud800"}, {"subject": "\ud800"}])
def test_what_no_mail_can_carry_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        build(mail(**changes), FROM)
