"""A notice as a mail: text, HTML and calendar, by the standard library alone."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from signaling.contact import Contact
from signaling.errors import N_, InvalidInput
from signaling.notice import Outgoing

# 7bit: every part is readable by every server, also by one without 8BITMIME (RFC 6152).
_POLICY = SMTP.clone(cte_type="7bit")


def sender(mail_from: str) -> Address:
    """The From address of `Clinic <noreply@clinic.example>`. Raises InvalidInput."""
    name, spec = parseaddr(mail_from)
    if not spec.isascii() or not mail_from.isprintable():
        spec = ""
    try:
        return _address(spec, name)
    except InvalidInput:
        raise InvalidInput(
            "mail_from",
            N_("The sender of mails must be an address, for example Clinic <noreply@clinic.org>."),
        ) from None


def _address(spec: str, name: str = "") -> Address:
    """Raises InvalidInput. The standard library's own parser knows no address outside of ASCII."""
    Contact("email", spec)
    local, _, domain = spec.rpartition("@")
    return Address(name, local, domain)


def message_id(notice_id: str, domain: str) -> str:
    """The Message-ID of every copy of a notice (RFC 5322 section 3.6.4)."""
    return f"<{notice_id}@{domain}>"


def build(outgoing: Outgoing, mail_from: Address) -> EmailMessage:
    """The mail of a notice. Raises InvalidInput or ValueError for headers that cannot be.

    multipart/alternative of text, HTML and calendar (RFC 6047 section 2.4); the event also stands
    as an attachment for programs that overlook it. Marked as written by a machine (RFC 3834), so
    that nobody's absence notice answers it.
    """
    content = outgoing.content
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = mail_from
    mail["To"] = _address(outgoing.address)
    mail["Subject"] = content.subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = message_id(outgoing.notice_id, mail_from.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(content.text)
    if content.html is not None:
        mail.add_alternative(content.html, subtype="html")
    if content.calendar is not None:
        part = EmailMessage(policy=_POLICY)
        part.set_content(
            content.calendar.body.decode(),
            subtype="calendar",
            params={"method": content.calendar.method},
            cte="base64",
        )
        if content.html is None:
            mail.make_alternative()
        mail.attach(part)
        mail.add_attachment(
            content.calendar.body, maintype="application", subtype="ics", filename="session.ics"
        )
    mail["Content-Language"] = outgoing.language  # last: set_content would take it away
    return mail


def as_bytes(mail: EmailMessage) -> bytes:
    """The octets for the wire, CRLF ended; UTF-8 headers only where the address asks (RFC 6531)."""
    policy = _POLICY.clone(utf8=True) if needs_smtputf8(mail) else _POLICY
    return mail.as_bytes(policy=policy)


def needs_smtputf8(mail: EmailMessage) -> bool:
    return not recipient(mail).isascii()


def recipient(mail: EmailMessage) -> str:
    """The one address it goes to."""
    address: str = mail["To"].addresses[0].addr_spec
    return address
