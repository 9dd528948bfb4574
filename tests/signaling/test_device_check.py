"""How ready a device is, by the outcomes of its steps."""

from datetime import UTC, datetime

import pytest

from signaling.device_check import NEEDED, STEPS, DeviceCheck
from signaling.errors import InvalidInput

NOW = datetime(2026, 12, 7, tzinfo=UTC)
ALL_PASSED = dict.fromkeys(STEPS, "passed")


def readiness(**changes: str) -> str:
    return DeviceCheck.from_input(ALL_PASSED | changes, NOW).readiness


def test_all_steps_passed_means_ready() -> None:
    assert readiness() == "ready"


@pytest.mark.parametrize("step", STEPS)
def test_a_warning_or_a_skipped_step_means_ready_with_limits(step: str) -> None:
    assert readiness(**{step: "warning"}) == "ready_with_limits"
    assert readiness(**{step: "skipped"}) == "ready_with_limits"


@pytest.mark.parametrize("step", STEPS)
def test_only_what_speaking_needs_makes_a_device_not_ready(step: str) -> None:
    expected = "not_ready" if step in NEEDED else "ready_with_limits"
    assert readiness(**{step: "failed"}) == expected


def test_skipping_every_step_is_not_a_check() -> None:
    assert DeviceCheck.from_input({}, NOW).readiness == "not_tested"
    assert DeviceCheck.from_input({"camera": "skipped"}, NOW).readiness == "not_tested"


@pytest.mark.parametrize("found", [{"teeth": "passed"}, {"camera": "great"}, {"camera": ""}])
def test_unknown_steps_and_outcomes_are_refused(found: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        DeviceCheck.from_input(found, NOW)
