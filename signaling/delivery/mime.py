"""The octets of a mail: header lines and MIME parts (RFC 5322, RFC 2045 to 2047), all of it ASCII.

The standard library's `EmailMessage` parses every header it is given and writes every part line by
line in Python, some 2 ms per mail. Here its encoders are called directly (`Header` for words
outside ASCII, `binascii` for bodies) and their output is joined once.
"""

import binascii
import re
import secrets
from base64 import encodebytes
from collections.abc import Sequence
from email.header import Header

LINE_LENGTH = 998
"Octets of a line without CRLF (RFC 5322 section 2.1.1)."
SHORT_LINE_LENGTH = 78

_LINE_END = re.compile(rb"\r\n|\r|\n")


def text_header(name: str, value: str) -> bytes:
    """A header line of free text; unless plain and short it is folded into encoded words.

    Raises ValueError for line breaks, and for characters that UTF-8 cannot encode.
    """
    if "\r" in value or "\n" in value:
        raise ValueError("A header is one line.")
    # `=?` would be read as the beginning of an encoded word
    plain = value.isascii() and value.isprintable() and "=?" not in value
    if plain and len(name) + 2 + len(value) <= SHORT_LINE_LENGTH:
        return f"{name}: {value}\r\n".encode()
    value.encode()
    encoded = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}\r\n".encode()


def header(name: str, value: str) -> bytes:
    """A header line of tokens and addresses, as they are. Raises ValueError for line breaks."""
    if "\r" in value or "\n" in value:
        raise ValueError("A header is one line.")
    return f"{name}: {value}\r\n".encode()


def text_part(text: str, subtype: str = "plain") -> bytes:
    """A part of type text, in 7bit encoding if possible.

    Raises ValueError for characters that UTF-8 cannot encode.
    """
    lines = _LINE_END.split(text.encode())
    if not lines[-1]:
        lines.pop()
    octets = b"\r\n".join(lines) + b"\r\n"
    if octets.isascii() and max(map(len, lines), default=0) <= LINE_LENGTH:
        encoding, body = "7bit", octets
    else:
        quoted = binascii.b2a_qp(octets, istext=True)
        based = encodebytes(octets).replace(b"\n", b"\r\n")
        # the shorter one, as the standard library chooses too
        encoding, body = min(("quoted-printable", quoted), ("base64", based), key=_length)
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + body


def file_part(octets: bytes, content_type: str, *, filename: str = "") -> bytes:
    """A part of arbitrary octets; with `filename` (ASCII) an attachment."""
    disposition = f'Content-Disposition: attachment; filename="{filename}"\r\n' if filename else ""
    return (
        f"Content-Type: {content_type}\r\n{disposition}Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + encodebytes(octets).replace(b"\n", b"\r\n")


def multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    """Several parts as one; the boundary is random, so that no part can contain it."""
    boundary = f"=_{secrets.token_hex(16)}"
    line = f"--{boundary}".encode()
    return b"\r\n".join(
        [
            f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n'.encode(),
            *(line + b"\r\n" + part for part in parts),
            line + b"--\r\n",
        ]
    )


def _length(encoded: tuple[str, bytes]) -> int:
    return len(encoded[1])
