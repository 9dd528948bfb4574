"""A device check: the result of a person's device test, and how ready it shows them to be."""

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
"Steps required for being heard. Video is optional, and a telephone can replace the speaker."


@dataclass(frozen=True)
class DeviceCheck:
    """The outcome of each step; missing ones were skipped."""

    outcomes: Mapping[Step, Outcome]
    at: datetime

    @classmethod
    def from_input(cls, found: Mapping[str, str], at: datetime) -> "DeviceCheck":
        """A validated result. Raises InvalidInput for unknown steps or outcomes."""
        if not set(found) <= set(STEPS) or not set(found.values()) <= set(OUTCOMES):
            raise InvalidInput("outcomes")
        outcomes: dict[Step, Outcome] = {
            step: outcome for step in STEPS for outcome in OUTCOMES if found.get(step) == outcome
        }
        return cls(outcomes, at)

    @property
    def readiness(self) -> Readiness:
        """The summary that the scheduler sees."""
        found = [self.outcomes.get(step, "skipped") for step in STEPS]
        if all(outcome == "skipped" for outcome in found):
            return "not_tested"
        if any(self.outcomes.get(step) == "failed" for step in NEEDED):
            return "not_ready"
        return "ready" if all(outcome == "passed" for outcome in found) else "ready_with_limits"
