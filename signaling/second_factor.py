"""A second factor: what somebody has besides a password, to prove that it is them.

Passkeys and authenticator apps are second factors. Recovery codes stand in for one that is lost, and
are none without it. Checking codes and signatures is in `web/access`.
"""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from signaling.account import AccountRole

SecondFactorRule = Literal["optional", "administrators", "everybody"]
"Who must have a second factor."

RECOVERY_CODES = 10
FEW_RECOVERY_CODES = 3
"From here on their owner is warned."
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"No 0, 1, i, l and o, which look alike in print."
RECOVERY_GROUPS, RECOVERY_GROUP = 4, 4
"Four groups of four characters: 79 random bits, so that a plain digest of a code cannot be searched."
MOST_PASSKEYS = 20
"Of one account."


@dataclass(frozen=True)
class Passkey:
    """A public key credential (WebAuthn Level 3) of one account."""

    credential_id: bytes
    account_id: str
    public_key: bytes
    "COSE_Key (RFC 9052, section 7)."
    sign_count: int
    "Of its latest use; passkeys that a provider copies to all devices of their owner stay at 0."
    transports: tuple[str, ...]
    "How browsers may reach it: internal, hybrid, usb ..."
    name: str
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class AuthenticatorApp:
    """An app that makes time-based one-time passwords (RFC 6238) of a shared secret."""

    account_id: str
    secret: str
    "20 bytes in base32 (RFC 4648)."
    created_at: datetime
    last_step: int
    "Time step of the newest code that was taken: no code counts twice (RFC 6238, section 5.2)."


@dataclass(frozen=True)
class SecondFactors:
    """What one account has."""

    passkeys: tuple[Passkey, ...] = ()
    app: AuthenticatorApp | None = None
    recovery_codes: int = 0
    "How many are left."

    @property
    def any(self) -> bool:
        return bool(self.passkeys) or self.app is not None

    @property
    def few_codes(self) -> bool:
        """Whether so few recovery codes are left that their owner should make new ones."""
        return self.any and self.recovery_codes <= FEW_RECOVERY_CODES

    @property
    def only_one(self) -> bool:
        return len(self.passkeys) + (self.app is not None) == 1


def must_have(rule: SecondFactorRule, role: AccountRole) -> bool:
    """Whether somebody of this role needs a second factor to do anything."""
    return rule == "everybody" or (rule == "administrators" and role == "administrator")


def typed_code(text: str) -> str:
    """A code as it was typed or pasted: digits of any script as ASCII, no spaces and dashes.

    >>> typed_code("١٢٣ ٤٥٦")
    '123456'
    """
    return "".join(
        str(unicodedata.decimal(each)) if each.isdecimal() else each
        for each in unicodedata.normalize("NFKC", text[:200])
        if unicodedata.category(each)[0] not in "ZC" and unicodedata.category(each) != "Pd"
    )


def new_recovery_codes() -> list[str]:
    """Codes in groups, as "abcd-2345-efgh-6789"."""
    return [_new_recovery_code() for _ in range(RECOVERY_CODES)]


def _new_recovery_code() -> str:
    return "-".join(
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_GROUP))
        for _ in range(RECOVERY_GROUPS)
    )


def recovery_digest(code: str) -> bytes:
    """SHA-256 of a code as it may be typed: case, spaces and dashes do not matter."""
    return sha256(typed_code(code).casefold().encode("utf-8", "surrogatepass")).digest()
