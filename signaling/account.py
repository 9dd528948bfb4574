"""An account: somebody who signs in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.errors import N_, InvalidInput

AccountRole = Literal["scheduler", "administrator"]
PASSWORD_LENGTH = 12
"Shortest password that is taken (OWASP ASVS 2.1.1); shorter ones of earlier times stay valid."
LONGEST_PASSWORD = 512


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
