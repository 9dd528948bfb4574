"""An invite: one person's right to take a seat in one consultation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from signaling.errors import N_, InvalidInput, InviteNotUsable
from signaling.lifecycle import advance
from signaling.text import typed_name

Role = Literal["service_user", "companion", "colleague", "interpreter"]
InviteChannel = Literal["email", "sms", "whatsapp", "none"]
"`none`: the scheduler gives the link by hand."
ROLE_NAMES: Mapping[Role, str] = {
    "service_user": N_("Service user"),
    "companion": N_("Companion"),
    "colleague": N_("Colleague"),
    "interpreter": N_("Interpreter"),
}
"How each reader, in their own language, is shown somebody who has no name."
InviteState = Literal["created", "sent", "acknowledged", "joined", "revoked", "expired"]
InviteEvent = Literal["send", "acknowledge", "redeem", "readdress", "revoke", "expire", "reopen"]

TRANSITIONS: Mapping[InviteState, Mapping[InviteEvent, InviteState]] = {
    "created": {
        "send": "sent",
        "redeem": "joined",
        "readdress": "created",
        "revoke": "revoked",
        "expire": "expired",
    },
    "sent": {
        "send": "sent",
        "acknowledge": "acknowledged",
        "redeem": "joined",
        "readdress": "created",
        "revoke": "revoked",
        "expire": "expired",
    },
    "acknowledged": {
        "send": "acknowledged",
        "acknowledge": "acknowledged",
        "redeem": "joined",
        "readdress": "created",
        "revoke": "revoked",
        "expire": "expired",
    },
    # joining again, from the same or another browser, is allowed: people change devices
    "joined": {
        "send": "joined",
        "redeem": "joined",
        "readdress": "created",
        "revoke": "revoked",
        "expire": "expired",
    },
    "revoked": {},
    # a closed consultation may be reopened; its people come back by the same link
    "expired": {"reopen": "joined"},
}
"state -> event -> next state"

USABLE_STATES: tuple[InviteState, ...] = ("created", "sent", "acknowledged", "joined")


@dataclass(frozen=True)
class Person:
    """Who an invite is for. A pseudonym is fine; without any name they go by ROLE_NAMES."""

    first_name: str
    last_name: str
    channel: InviteChannel
    address: str
    "An email address, an E.164 number, or empty if the link is given by hand."
    language: str
    time_zone: str | None = None

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def has_number(self) -> bool:
        """Whether those who invite know a number to call."""
        return self.channel in ("sms", "whatsapp")

    @classmethod
    def from_input(
        cls,
        *,
        first_name: str,
        last_name: str,
        channel: InviteChannel,
        address: str,
        language: str,
        time_zone: str | None = None,
    ) -> "Person":
        """A checked person. Raises InvalidInput naming the field."""
        first = typed_name("first_name", first_name)
        last = typed_name("last_name", last_name)
        if not first and not last:
            raise InvalidInput(
                "first_name", N_("Please enter a first or a last name. A pseudonym is fine.")
            )
        return cls(first, last, channel, address, language, time_zone)


@dataclass(frozen=True)
class Invite:
    id: str
    consultation_id: str
    role: Role
    person: Person
    token_digest: bytes
    "SHA-256 of the token, which itself is never stored."
    created_at: datetime
    state: InviteState = "created"
    joined_at: datetime | None = None
    link_number: int = 0
    "How many links it had before: a new address gets a new one."

    @property
    def usable(self) -> bool:
        return self.state in USABLE_STATES

    def after(self, event: InviteEvent) -> "Invite":
        """The invite after `event`. Raises TransitionRefused."""
        return replace(self, state=advance("invite", TRANSITIONS, self.state, event))

    def with_new_link(self, digest: bytes) -> "Invite":
        """The invite of a person with another address; `digest` is of the token of its next link."""
        changed = self.after("readdress")
        return replace(
            changed, token_digest=digest, link_number=self.link_number + 1, joined_at=None
        )

    def redeem(self, now: datetime) -> "Invite":
        """Take the seat. Raises InviteNotUsable if revoked or expired."""
        if not self.usable:
            raise InviteNotUsable
        return replace(self.after("redeem"), joined_at=self.joined_at or now)
