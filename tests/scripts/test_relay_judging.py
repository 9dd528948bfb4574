"""A window of the relay's benchmark counts only if its load was the nominal one."""

import pytest

from scripts.benchmarks._relay.sides import Load
from scripts.benchmarks.relay import headlines, judge
from scripts.traffic.relay_clients import Window

LOAD = Load(40, 1, 1)
SENT = 17_600


def window(sent: int, received: int) -> Window:
    return Window(2.0, sent, received, [0.001] * 99 + [0.5], 0.0)


def test_a_clean_window_gives_its_figures() -> None:
    found = judge(LOAD, window(SENT, SENT), 0.176, 0.01)
    assert found is not None
    assert found.microseconds == pytest.approx(10.0)
    assert (found.share, found.loss) == (pytest.approx(0.088), 0.0)
    assert (found.p50_ms, found.p99_ms) == (1.0, 500.0)


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        pytest.param(SENT, 0, id="nothing arrived"),
        pytest.param(SENT, SENT - 400, id="too much was lost"),
        pytest.param(SENT, SENT + 400, id="what an earlier window left arrived in it"),
        pytest.param(SENT - 2000, SENT - 2000, id="the generator was behind"),
    ],
)
def test_a_disturbed_window_gives_none(sent: int, received: int) -> None:
    assert judge(LOAD, window(sent, received), 0.176, 0.01) is None


def test_loss_is_a_result_where_it_is_looked_for_but_a_surplus_never() -> None:
    found = judge(LOAD, window(SENT, SENT // 2), 0.176, 1.0)
    assert found is not None
    assert found.loss == pytest.approx(0.5)
    assert judge(LOAD, window(SENT, SENT + 400), 0.176, 1.0) is None


def test_what_was_not_measured_is_none() -> None:
    row = {"publishers": 40, "fan_out": 1, "rate": 3, "relay": {"bytes_per_participant": 5}}
    found = headlines({"compared": [row], "shares": [], "crowds": []})
    assert found.pop("bytes_per_participant") == 5
    assert set(found.values()) == {None}
