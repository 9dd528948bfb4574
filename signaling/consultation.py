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
    # planned: nobody but the scheduler has come yet; also the first state of a session for now
    "planned": {"arrive": "waiting", "cancel": "canceled", "expire": "closed"},
    # waiting: somebody besides the scheduler is online; leaving undoes it
    "waiting": {"leave": "planned", "start": "active", "cancel": "canceled", "expire": "closed"},
    "active": {"keep_open": "kept_open", "close": "closed", "expire": "closed"},
    # kept_open: terminated, but chat and calls may be resumed at any time
    "kept_open": {"resume": "active", "close": "closed", "expire": "closed"},
    # closed: reopened by its scheduler as long as it is not purged
    "closed": {"reopen": "kept_open", "purge": "purged"},
    "canceled": {"purge": "purged"},
    "purged": {},
}
"state -> event -> next state"

OPEN_STATES: tuple[ConsultationState, ...] = ("planned", "waiting", "active", "kept_open")
WRITABLE_STATES = OPEN_STATES
"States in which the chat accepts messages, also while waiting."
MAX_PEOPLE = 12
"Seats of one session beside the scheduler's: what a forwarded call and a form can hold."
BEGUN_STATES: tuple[ConsultationState, ...] = ("active", "kept_open")
AWAITED_STATES: tuple[ConsultationState, ...] = ("planned", "waiting", "kept_open")
"States in which whoever is there waits for the scheduler: nothing is in progress."
CALL_STATES: tuple[ConsultationState, ...] = ("active",)


@dataclass(frozen=True)
class Consultation:
    id: str
    scheduler_id: str
    "Account of the person who planned it, or took it over, and holds it."
    kind: ConsultationKind
    state: ConsultationState
    created_at: datetime
    planned_at: datetime | None = None
    "None: a session for now."
    time_zone: str = "UTC"
    "IANA zone in which it was planned."
    started_at: datetime | None = None
    "First start; resuming does not change it."
    closed_at: datetime | None = None
    note: str = ""
    "By the scheduler, for the invitation; never clinical."
    interpreting: InterpretingState = "none"
    "What the session waits for, see interpreter_request.INTERPRETING_TRANSITIONS."
    interpreting_language: str = ""
    last_event_at: datetime | None = None
    "Last arrival, departure, message, start or call, to the hour; as of when this was read."
    calendar_sequence: int = 0
    "SEQUENCE of the calendar entry (RFC 5545): rises whenever the date moves."
    shared_with: frozenset[str] = frozenset()
    "Accounts that hold it beside the scheduler."

    @property
    def holders(self) -> frozenset[str]:
        """Every account that has a seat in it: the scheduler and those with whom it is shared."""
        return self.shared_with | {self.scheduler_id}

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
        # a session for now begins when its people are told, not when the interpreter is requested
        created_at = now if state in ("accepted", "waived") else self.created_at
        return replace(self, interpreting=state, created_at=created_at)

    @property
    def may_notify(self) -> bool:
        """Whether its people may be notified: not while an interpreter is being looked for."""
        return self.interpreting not in ("requested", "unavailable")

    def purge_at(self, retention: timedelta) -> datetime | None:
        """When every trace of it must be gone; None while it is open."""
        return self.closed_at + retention if self.closed_at else None
