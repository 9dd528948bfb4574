"""An account: somebody who signs in."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.errors import N_, InvalidInput

AccountRole = Literal["scheduler", "administrator"]
PASSWORD_LENGTH = 12
"Shortest password that is taken (OWASP ASVS 2.1.1); shorter ones of earlier times stay valid."
LONGEST_PASSWORD = 512

_NAMED = re.compile(r"[^<>]*<([^<>@]*@[^<>@]*)>.*", re.DOTALL)
"An address behind its owner's name (RFC 5322 section 3.4)."
_MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
"In a link, with what it says besides (RFC 6068)."
_MARKS = "<>()[]\"'`.,:;\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
"Around what was copied from a sentence."


@dataclass(frozen=True)
class Account:
    id: str
    email: str
    name: str
    role: AccountRole
    password_hash: str | None
    "Argon2id; None for somebody who signs in elsewhere."
    language: str
    time_zone: str
    created_at: datetime
    disabled_at: datetime | None = None


def plain_email(text: str) -> str:
    """An address in one of its spellings: what a keyboard, a copy or a mail program makes of it.

    Without spaces, what cannot be seen and what stood around it, the signs of ASCII where there are
    wide ones, NFC, and the domain as mail servers know it (RFC 5891).
    """
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(each for each in folded if unicodedata.category(each)[0] not in "ZC")
    for wrapping in (_NAMED, _MAILTO):
        if found := wrapping.fullmatch(seen):
            seen = found[1]
    local, at, domain = seen.strip(_MARKS).rpartition("@")
    try:
        domain = domain.lower().encode("idna").decode()
    except UnicodeError:  # no domain; whoever looks at the address says so
        domain = domain.lower()
    return f"{local}{at}{domain}"


def spellings(text: str) -> tuple[str, ...]:
    """How an address may have been stored: since it is made plain, or as somebody once typed it."""
    plain, typed = plain_email(text), text.strip()
    local, at, domain = plain.rpartition("@")
    try:
        shown = domain.encode().decode("idna")
    except UnicodeError:
        shown = domain
    return tuple(dict.fromkeys((plain, typed, f"{local}{at}{shown}")))


def checked_password(password: str) -> str:
    """Raises InvalidInput if it is too short or absurdly long."""
    if len(password) < PASSWORD_LENGTH:
        raise InvalidInput(
            "password",
            N_("Please choose a password of at least %(length)s characters."),
            length=PASSWORD_LENGTH,
        )
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInput(
            "password",
            N_("This is too long: at most %(limit)s characters."),
            limit=LONGEST_PASSWORD,
        )
    return password
