"""The strict runner reports what blocks the event loop in our packages, and nothing else."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.localedata import _cache
from blockbuster import BlockingError

import web


def planted(source: str) -> Callable[[], object]:
    """A function `act` that Python believes to stand in a file of our package `web`."""
    names: dict[str, Callable[[], object]] = {}
    exec(compile(source, str(Path(web.__path__[0]) / "planted.py"), "exec"), names)
    return names["act"]


SLEEPS = planted("import time\ndef act(): time.sleep(0)")
READS = planted("from pathlib import Path\ndef act(): return Path('/dev/null').read_text()")


async def test_blocking_the_loop_is_an_error(blocked_calls: list[str]) -> None:
    with pytest.raises(BlockingError):
        SLEEPS()
    with pytest.raises(BlockingError):
        READS()
    assert len(blocked_calls) == 2
    assert "planted.py" in blocked_calls[0]
    blocked_calls.clear()


async def test_a_swallowed_error_is_remembered(blocked_calls: list[str]) -> None:
    with contextlib.suppress(Exception):
        SLEEPS()
    assert len(blocked_calls) == 1
    blocked_calls.clear()


async def test_worker_threads_may_block() -> None:
    await asyncio.to_thread(SLEEPS)


async def test_tests_themselves_may_block(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")


def test_without_a_loop_nothing_is_refused() -> None:
    SLEEPS()


async def test_locale_data_and_time_zones_may_be_read() -> None:
    _cache.pop("fr", None)
    ZoneInfo.clear_cache()
    act = planted(
        "from datetime import datetime\n"
        "from zoneinfo import ZoneInfo\n"
        "from babel.dates import format_datetime\n"
        "def act(): return format_datetime(datetime(2026, 1, 2, tzinfo=ZoneInfo('Europe/Paris')),"
        " locale='fr')"
    )
    assert "2026" in str(act())
