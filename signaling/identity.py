"""An identity: who somebody is at the organization's provider of sign-in (OpenID Connect Core, 2).

Whom of them the server lets in, and as what, is decided here, from the claims that the provider makes
about them. Whether those claims are the provider's is not (`web/sign_in/oidc`).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from signaling.account import AccountRole, plain_email
from signaling.contact import Contact
from signaling.errors import N_, InvalidInput, TeleConnectError
from signaling.text import NAME_LENGTH, one_line

Claims = Mapping[str, Any]
NewAccounts = Literal["create", "request"]
LONGEST_SUBJECT = 255
"OpenID Connect Core, section 2."

NO_EMAIL = N_(
    "%(provider)s did not say what your email address is, so you were not signed in. Please tell"
    " whoever runs this server."
)
NOT_VERIFIED = N_(
    "%(provider)s has not verified your email address, so you were not signed in. Please have it"
    " verified there, then sign in again."
)
NOT_ALLOWED = N_(
    "Your account at %(provider)s is not allowed to use this service. Please ask an administrator of"
    " this service."
)


class SignInRefused(TeleConnectError):
    """Nobody is signed in by the provider; sentences take `values["provider"]`, its name.

    `problem` is for the log: it has no personal data.
    """

    code = "sign_in_refused"
    status = 403
    sentence = N_(
        "The answer of %(provider)s cannot be trusted, so you were not signed in. Please sign in"
        " again. If this happens again, tell whoever runs this server."
    )

    def __init__(self, problem: str, sentence: str | None = None) -> None:
        self.problem = problem
        super().__init__(sentence)


class ProviderUnavailable(SignInRefused):
    code = "provider_unavailable"
    status = 503
    sentence = N_(
        "%(provider)s cannot be reached right now, so you were not signed in. Please try again in a"
        " few minutes. If this goes on, tell whoever runs this server."
    )


@dataclass(frozen=True)
class Identity:
    """Somebody at the provider."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class Person:
    """Somebody whom the provider has just signed in."""

    identity: Identity
    email: str
    "In its canonical spelling; verified by the provider."
    name: str
    claims: Claims


@dataclass(frozen=True)
class AccessRequest:
    """Somebody whom the provider knows, and who waits for an administrator to let them in."""

    id: str
    identity: Identity
    email: str
    name: str
    language: str
    time_zone: str
    created_at: datetime


@dataclass(frozen=True)
class Condition:
    """One thing that must be true of somebody: a claim with a value, or the domain of the address."""

    claim: str
    "Empty for the domain."
    value: str

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """From `claim=value`, or a domain. Raises ValueError."""
        claim, equals, value = (part.strip() for part in text.partition("="))
        if equals:
            if not claim or not value:
                raise ValueError
            return cls(claim, value)
        domain = claim.removeprefix("@").lower()
        if any(each.isspace() or each in "@:/" for each in domain):
            raise ValueError
        try:
            Contact("email", plain_email(f"somebody@{domain}"))
        except InvalidInput:
            raise ValueError from None
        return cls("", plain_email(f"somebody@{domain}").rpartition("@")[2])

    def holds(self, person: Person) -> bool:
        """Whether it is true. A claim with several values needs one of them."""
        if not self.claim:
            return person.email.rpartition("@")[2] == self.value
        found = _claim(person.claims, self.claim)
        values = found if isinstance(found, list) else [found]
        if self.claim == "email":
            return any(_text(each).casefold() == self.value.casefold() for each in values)
        return any(_text(each) == self.value for each in values)


@dataclass(frozen=True)
class Admission:
    """Who comes in through the provider, and as what."""

    allow: tuple[Condition, ...] = ()
    "One of them must hold; with none, whoever the provider signs in may come in."
    administrators: tuple[Condition, ...] = ()
    "Whoever one of them holds for is an administrator; with none, roles are given by administrators."
    new_accounts: NewAccounts = "create"

    def check(self, person: Person) -> None:
        """Raises SignInRefused for somebody who is not allowed in."""
        if self.allow and not any(each.holds(person) for each in self.allow):
            raise SignInRefused("none of the conditions for coming in holds", NOT_ALLOWED)

    def role(self, person: Person) -> AccountRole | None:
        """The role that the provider gives; None if it decides about none."""
        if not self.administrators:
            return None
        chosen = any(each.holds(person) for each in self.administrators)
        return "administrator" if chosen else "scheduler"


def read_person(issuer: str, claims: Claims) -> Person:
    """Who the claims are about. Raises SignInRefused without a verified address."""
    said = _text(claims.get("email"))[:1024].strip()
    email = plain_email(said)
    try:
        if not _is_same(said, email):
            raise InvalidInput("email")
        Contact("email", email)
    except InvalidInput:
        raise SignInRefused("the claim email is missing, or is no address", NO_EMAIL) from None
    # some providers write booleans as text, in spite of section 5.1
    verified = claims.get("email_verified")
    if verified is not True and verified != "true":
        raise SignInRefused("the claim email_verified is not true", NOT_VERIFIED)
    identity = Identity(issuer, str(claims["sub"]))
    return Person(identity, email, _name(claims) or email.partition("@")[0], claims)


def _is_same(said: str, email: str) -> bool:
    """Whether the canonical spelling is of the very mailbox that the provider has verified.

    What people type is read with indulgence: of `"x<somebody@here.example>"@elsewhere.example`, which
    is a mailbox elsewhere (RFC 5321, section 4.1.2), the part within the brackets is taken.
    """
    mailboxes = (unicodedata.normalize("NFC", each).rpartition("@")[0] for each in (said, email))
    first, second = mailboxes
    return first == second


def _name(claims: Claims) -> str:
    """The first name of section 5.1 that can be shown; empty if none can."""
    both = " ".join((_text(claims.get("given_name")), _text(claims.get("family_name"))))
    for name in (_text(claims.get("name")), both, _text(claims.get("preferred_username"))):
        try:
            if shown := one_line("name", name, limit=1000)[:NAME_LENGTH].strip():
                return shown
        except InvalidInput:
            continue
    return ""


def _claim(claims: Claims, name: str) -> Any:
    """A claim by its name, or by the path to it: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _text(value: Any) -> str:
    """A claim as settings write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else ""
