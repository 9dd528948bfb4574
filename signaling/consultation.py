"""A consultation: one case with its people, chat, calls and dates ("session" in the interface)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from signaling.interpreter_request import (
    INTERPRETING_TRANSITIONS,
    InterpretingEvent,
    InterpretingState,
)
from signaling.lifecycle import advance

ConsultationKind = Literal["remote", "in_person"]
ConsultationState = Literal[
    "planned", "waiting", "active", "kept_open", "closed", "canceled", "purged"
]
ConsultationEvent = Literal[
    "arrive", "leave", "start", "keep_open", "resume", "close", "reopen", "cancel", "expire",
    "purge",
]  # fmt: skip

TRANSITIONS: Mapping[ConsultationState, Mapping[ConsultationEvent, ConsultationState]] = {
    # planned: nobody of the other side has come yet; also the first state of one for now
    "planned": {"arrive": "waiting", "cancel": "canceled", "expire": "closed"},
    # waiting: somebody of the other side is online; leaving again undoes it
    "waiting": {"leave": "planned", "start": "active", "cancel": "canceled", "expire": "closed"},
    "active": {"keep_open": "kept_open", "close": "closed", "expire": "closed"},
    # kept_open: terminated, but chat and calls may be taken up again at any time
    "kept_open": {"resume": "active", "close": "closed", "expire": "closed"},
    # closed: reopened by its scheduler as long as it is not purged
    "closed": {"reopen": "kept_open", "purge": "purged"},
    "canceled": {"purge": "purged"},
    "purged": {},
}
"state -> event -> next state"

OPEN_STATES: tuple[ConsultationState, ...] = ("planned", "waiting", "active", "kept_open")
WRITABLE_STATES = OPEN_STATES
"States in which the chat takes messages: it can be written while waiting already."
CALL_STATES: tuple[ConsultationState, ...] = ("active",)


@dataclass(frozen=True)
class Consultation:
    id: str
    scheduler_id: str
    "Account of the person who planned it and holds it."
    kind: ConsultationKind
    state: ConsultationState
    created_at: datetime
    planned_at: datetime | None = None
    "None: for now."
    time_zone: str = "UTC"
    "IANA zone in which it was planned."
    started_at: datetime | None = None
    "First start; resuming does not move it."
    closed_at: datetime | None = None
    note: str = ""
    "Of the scheduler, for the invitation; never clinical."
    interpreting: InterpretingState = "none"
    "What the session waits for, see interpreter_request.INTERPRETING_TRANSITIONS."
    interpreting_language: str = ""
    last_event_at: datetime | None = None
    "As it was when this was read, to the hour: anybody came, left, wrote, started or called."
    calendar_sequence: int = 0
    "SEQUENCE of the calendar entry (RFC 5545): rises whenever the date moves."

    def after(self, event: ConsultationEvent, now: datetime) -> "Consultation":
        """The consultation after `event`. Raises TransitionRefused."""
        state = advance("consultation", TRANSITIONS, self.state, event)
        changed = replace(self, state=state)
        if state == "active" and self.started_at is None:
            changed = replace(changed, started_at=now)
        if state in ("closed", "canceled"):
            changed = replace(changed, closed_at=now)
        elif event == "reopen":
            changed = replace(changed, closed_at=None)
        return changed

    def interpreting_after(self, event: InterpretingEvent, now: datetime) -> "Consultation":
        """The consultation after the search for an interpreter moved. Raises TransitionRefused."""
        state = advance("interpreting", INTERPRETING_TRANSITIONS, self.interpreting, event)
        # one for now begins when its people are told, not when the interpreter was asked for
        created_at = now if state in ("accepted", "waived") else self.created_at
        return replace(self, interpreting=state, created_at=created_at)

    @property
    def may_tell(self) -> bool:
        """Whether its people may be written to: not while an interpreter is being looked for."""
        return self.interpreting not in ("requested", "unavailable")

    def purge_at(self, retention: timedelta) -> datetime | None:
        """When every trace must be gone; None while it is open."""
        return self.closed_at + retention if self.closed_at else None
