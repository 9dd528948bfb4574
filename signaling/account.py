"""An account: somebody who signs in; and teams of them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.errors import N_, InvalidInput
from signaling.preferences import DEFAULT_PREFERENCES, Preferences
from signaling.text import typed_name

AccountRole = Literal["scheduler", "administrator"]
PasswordLinkKind = Literal["reset", "invitation", "forgotten"]
"""reset: made by an administrator; invitation: of somebody who has no password yet; forgotten: asked
for at the sign-in page."""
SignInWay = Literal["password", "link", "provider", "passkey"]
"What let somebody in; a link is one to choose a password, a provider that of the organization."
PASSWORD_LENGTH = 12
"""Shortest new password, in characters as people count them; shorter existing ones stay valid. More
than the eight that NIST SP 800-63B section 3.1.1.2 asks for beside a second factor, and no rules of
composition, as it says there."""
LONGEST_PASSWORD = 512
"In characters as they are hashed."
LONGEST_TYPED = 4096
"Of the text as it was typed, which may spell one character with several code points."
_JOINER = "\u200d"

_NAMED = re.compile(r"[^<>]*<([^<>@]*@[^<>@]*)>.*", re.DOTALL)
"An address after a display name (RFC 5322 section 3.4)."
_MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
"A mailto link, with its parameters (RFC 6068)."
_MARKS = "<>()[]\"'`.,:;\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
"Punctuation around an address copied from a sentence."


@dataclass(frozen=True)
class Account:
    id: str
    email: str
    name: str
    role: AccountRole
    password_hash: str | None
    "Argon2id; None for an account without a password."
    language: str
    time_zone: str
    created_at: datetime
    suspended_at: datetime | None = None
    "Cannot sign in since then."
    preferences: Preferences = DEFAULT_PREFERENCES
    deletion_requested_at: datetime | None = None
    "When its owner asked for it to be deleted."


@dataclass(frozen=True)
class PasswordLink:
    """A one-time address at which somebody chooses a password."""

    account_id: str
    kind: PasswordLinkKind
    expires_at: datetime
    made_by: str | None = None
    "Id of the administrator's account; None: nobody who is known any more."


def plain_email(text: str) -> str:
    """An address in its canonical spelling, however a keyboard, a copy or a mail program wrote it.

    Without spaces, invisible characters and surrounding punctuation; in NFKC; the domain in ASCII
    (IDNA, RFC 5891).
    """
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(each for each in folded if unicodedata.category(each)[0] not in "ZC")
    for wrapping in (_NAMED, _MAILTO):
        if found := wrapping.fullmatch(seen):
            seen = found[1]
    local, at, domain = seen.strip(_MARKS).rpartition("@")
    try:
        domain = domain.lower().encode("idna").decode()
    except UnicodeError:  # not a domain; the check of the address reports it
        domain = domain.lower()
    return f"{local}{at}{domain}"


def spellings(text: str) -> tuple[str, ...]:
    """Spellings in which an address may be stored: canonical, or as once typed."""
    plain, typed = plain_email(text), text.strip()
    local, at, domain = plain.rpartition("@")
    try:
        shown = domain.encode().decode("idna")
    except UnicodeError:
        shown = domain
    return tuple(dict.fromkeys((plain, typed, f"{local}{at}{shown}")))


def counted(text: str) -> int:
    """How many characters people see: an accent, a vowel sign or a joined emoji adds none.

    Close to the extended grapheme clusters of UAX #29, never more.

    >>> counted("e\u0301a\U0001f44d\U0001f3fd")
    3
    """
    count, joined = 0, False
    for each in text:
        category = unicodedata.category(each)
        modifies = (
            category in ("Mn", "Mc", "Me", "Cf", "Cc") or "\U0001f3fb" <= each <= "\U0001f3ff"
        )
        count += not (modifies or joined)
        joined = each == _JOINER
    return count


def checked_password(password: str) -> str:
    """The password, as it is hashed. Raises InvalidInput if it is too short or absurdly long."""
    if counted(password) < PASSWORD_LENGTH:
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


@dataclass(frozen=True)
class Team:
    """Accounts that see each other's waiting rooms and start each other's sessions."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    "Account ids."


def team_name(typed: str) -> str:
    """The name of a team. Raises InvalidInput for `name`."""
    return typed_name("name", typed, required=True)


def mates_in(teams: Iterable[Team]) -> Mapping[str, frozenset[str]]:
    """Account id -> ids of all who are in a team with it, without itself."""
    found: dict[str, set[str]] = {}
    for team in teams:
        for member in team.members:
            found.setdefault(member, set()).update(team.members)
    return {member: frozenset(others - {member}) for member, others in found.items()}
