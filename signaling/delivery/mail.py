"""A notice as a mail: text, HTML and calendar."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime, formataddr

from signaling.contact import Contact
from signaling.delivery.mime import file_part, header, multipart, text_header, text_part
from signaling.errors import N_, InvalidInput
from signaling.notices.notice import Outgoing
from signaling.text import one_line

_NAMED = re.compile(r"(.*)<([^<>]*)>")


@dataclass(frozen=True)
class Sender:
    """Who mails are from."""

    address: Address
    line: bytes
    "The header `From`."


@dataclass(frozen=True)
class Mail:
    """One mail as it goes over the wire."""

    to: str
    message_id: str
    octets: bytes
    "ASCII with CRLF line ends; UTF-8 headers only if the address needs them (RFC 6531)."

    @property
    def needs_smtputf8(self) -> bool:
        return not self.to.isascii()


def sender(mail_from: str) -> Sender:
    """Parse `Clinic @ Home <noreply@clinic.example>`: one address, and a name taken literally.

    The name may be quoted as in RFC 5322. Raises InvalidInput.
    """
    found = _NAMED.fullmatch(mail_from.strip())
    name, spec = (found[1].strip(), found[2].strip()) if found else ("", mail_from.strip())
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    elif set(name) & set("<>"):
        spec = ""  # most likely several senders
    try:
        if not spec.isascii():
            raise InvalidInput("mail_from")
        address = _address(spec, one_line("mail_from", name))
    except InvalidInput:
        raise InvalidInput(
            "mail_from",
            N_("The sender of mails must be an address, for example Clinic <noreply@clinic.org>."),
        ) from None
    return Sender(address, _from_line(address))


def _from_line(address: Address) -> bytes:
    """The header of one sender (RFC 5322 section 3.6.2).

    Not folded by a policy of `email`: that loses the quotes around a long name, and the space
    between two words that it encodes separately.
    """
    name, spec = address.display_name, address.addr_spec
    if name.isascii() and "=?" not in name:  # else read as the beginning of an encoded word
        return f"From: {formataddr((name, spec))}\r\n".encode()
    encoded = Header(name, "utf-8", header_name="From").encode(linesep="\r\n")
    return f"From: {encoded}\r\n <{spec}>\r\n".encode()


def _address(spec: str, name: str = "") -> Address:
    """Raises InvalidInput. The standard library's parser knows no addresses outside ASCII."""
    Contact("email", spec)
    local, _, domain = spec.rpartition("@")
    return Address(name, local, domain)


def message_id(notice_id: str, domain: str) -> str:
    """The Message-ID of every copy of a notice (RFC 5322 section 3.6.4)."""
    return f"<{notice_id}@{domain}>"


def build(outgoing: Outgoing, mail_from: Sender) -> Mail:
    """The mail of a notice. Raises InvalidInput or ValueError for impossible headers.

    multipart/alternative of text, HTML and calendar (RFC 6047 section 2.4); the event is also
    attached, for programs that overlook the alternative. Marked as generated (RFC 3834), so that no
    out-of-office reply answers it.
    """
    to = _address(outgoing.address).addr_spec
    identifier = message_id(outgoing.notice_id, mail_from.address.domain)
    octets = b"".join(
        (
            mail_from.line,
            header("To", to),
            text_header("Subject", outgoing.content.subject),
            header("Date", format_datetime(datetime.now(UTC))),
            header("Message-ID", identifier),
            header("Auto-Submitted", "auto-generated"),
            header("X-Auto-Response-Suppress", "All"),
            header("Content-Language", outgoing.language),
            header("MIME-Version", "1.0"),
            _body(outgoing),
        )
    )
    return Mail(to, identifier, octets)


def _body(outgoing: Outgoing) -> bytes:
    content = outgoing.content
    alternatives = [text_part(content.text)]
    if content.html is not None:
        alternatives.append(text_part(content.html, "html"))
    calendar = content.calendar
    if calendar is None:
        return alternatives[0] if len(alternatives) == 1 else multipart("alternative", alternatives)
    kind = f'text/calendar; charset="utf-8"; method="{calendar.method}"'
    alternatives.append(file_part(calendar.body, kind))
    attached = file_part(calendar.body, "application/ics", filename="session.ics")
    return multipart("mixed", [multipart("alternative", alternatives), attached])
