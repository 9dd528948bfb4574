"""A call on a line of 2G holds its sound."""

import pytest

from scripts.benchmarks import narrow_call


@pytest.mark.soak
def test_on_64_kbit_and_600_ms_less_than_a_twentieth_of_the_sound_is_made_up() -> None:
    result = narrow_call.run(["direct"], ["video"])
    assert not result["missing"]
    (row,) = result["rows"]
    heard = {name: row[name]["concealed"] for name in ("far", "near")}
    assert max(heard.values()) < 0.05, narrow_call.table(result)
    assert "paused" in row["far"]["words"]
