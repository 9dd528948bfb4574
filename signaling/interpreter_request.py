"""Asking an organization for an interpreter: who can be asked, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from signaling.errors import AlreadyAnswered
from signaling.lifecycle import advance

RequestState = Literal["sent", "accepted", "refused", "expired", "withdrawn"]
RequestEvent = Literal["accept", "refuse", "expire", "withdraw"]
InterpretingState = Literal["none", "requested", "accepted", "unavailable", "waived"]
InterpretingEvent = Literal["ask", "accept", "give_up", "waive"]

TRANSITIONS: Mapping[RequestState, Mapping[RequestEvent, RequestState]] = {
    "sent": {
        "accept": "accepted",
        "refuse": "refused",
        "expire": "expired",
        "withdraw": "withdrawn",
    },
    "accepted": {},
    "refused": {},
    "expired": {},
    "withdrawn": {},
}
"state -> event -> next state"

INTERPRETING_TRANSITIONS: Mapping[
    InterpretingState, Mapping[InterpretingEvent, InterpretingState]
] = {
    # none: no interpreter is needed
    "none": {"ask": "requested"},
    # requested: an organization was asked; nobody else is told anything until it answers
    "requested": {
        "ask": "requested",
        "accept": "accepted",
        "give_up": "unavailable",
        "waive": "waived",
    },
    "accepted": {},
    # unavailable: every organization refused or kept silent; the scheduler decides
    "unavailable": {"waive": "waived"},
    "waived": {},
}
"What a consultation waits for: state -> event -> next state"


@dataclass(frozen=True)
class InterpretingOrganization:
    id: str
    name: str
    email: str
    "Of the manager, or of a distribution list."
    languages: tuple[str, ...]
    position: int
    "Lower is asked first."
    active: bool = True


@dataclass(frozen=True)
class InterpreterRequest:
    id: str
    consultation_id: str
    organization_id: str
    language: str
    token_digest: bytes
    created_at: datetime
    expires_at: datetime
    state: RequestState = "sent"
    decided_at: datetime | None = None

    def after(self, event: RequestEvent, now: datetime) -> "InterpreterRequest":
        """The request after `event`. Raises AlreadyAnswered if it is decided."""
        if self.state != "sent":
            raise AlreadyAnswered
        state = advance("interpreter request", TRANSITIONS, self.state, event)
        return replace(self, state=state, decided_at=now)


def next_to_ask(
    organizations: Iterable[InterpretingOrganization], language: str, asked: Iterable[str]
) -> InterpretingOrganization | None:
    """The first active organization for a language that was not asked yet."""
    done = set(asked)
    possible = [
        organization
        for organization in organizations
        if organization.active
        and language in organization.languages
        and organization.id not in done
    ]
    return min(possible, key=lambda organization: organization.position, default=None)
