"""A device check: what somebody's own test of their device found, and how ready that makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from signaling.errors import InvalidInput

Step = Literal["browser", "camera", "microphone", "speaker", "signaling", "media_path", "speed"]
Outcome = Literal["passed", "warning", "failed", "skipped"]
Readiness = Literal["ready", "ready_with_limits", "not_ready", "not_tested"]

STEPS: tuple[Step, ...] = get_args(Step)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

NEEDED: tuple[Step, ...] = ("browser", "microphone", "signaling", "media_path")
"Without one of these nobody can be heard. A picture, or hearing by telephone, can be done without."


@dataclass(frozen=True)
class DeviceCheck:
    """The outcome of each step that was taken; what is missing was skipped."""

    outcomes: Mapping[Step, Outcome]
    at: datetime

    @classmethod
    def from_input(cls, found: Mapping[str, str], at: datetime) -> "DeviceCheck":
        """A checked result. Raises InvalidInput for steps or outcomes that do not exist."""
        if not set(found) <= set(STEPS) or not set(found.values()) <= set(OUTCOMES):
            raise InvalidInput("outcomes")
        outcomes: dict[Step, Outcome] = {
            step: outcome for step in STEPS for outcome in OUTCOMES if found.get(step) == outcome
        }
        return cls(outcomes, at)

    @property
    def readiness(self) -> Readiness:
        """What the scheduler sees."""
        told = [self.outcomes.get(step, "skipped") for step in STEPS]
        if all(outcome == "skipped" for outcome in told):
            return "not_tested"
        if any(self.outcomes.get(step) == "failed" for step in NEEDED):
            return "not_ready"
        return "ready" if all(outcome == "passed" for outcome in told) else "ready_with_limits"
