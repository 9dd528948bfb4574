"""How much is logged, and in which form."""

import logging
import sys
from collections.abc import Iterator

import pytest

from web.config import ConfigError, load
from web.environment.config_values import LOG_LEVELS
from web.logs import NEVER_BELOW_ERROR, TextFormatter, set_level


@pytest.fixture(autouse=True)
def levels_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", "media", "signaling", "storage", "web")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_our_packages_log_from_the_level_that_is_set(level: str) -> None:
    set_level(load({"TELECONNECT_LOG_LEVEL": level}).log_level)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    for name in ("media.relay.client", "signaling.flows", "storage.store", "web.pages"):
        assert logging.getLogger(name).getEffectiveLevel() == wanted


def test_no_level_makes_a_library_tell_what_people_wrote() -> None:
    set_level("debug")
    assert logging.getLogger("any.library").getEffectiveLevel() == logging.INFO
    for name in NEVER_BELOW_ERROR:
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError, match="TELECONNECT_LOG_LEVEL must be"):
        load({"TELECONNECT_LOG_LEVEL": "loud"})


def test_text_has_the_fields_and_the_exception_in_full() -> None:
    try:
        raise ValueError("seen at the desk")
    except ValueError:
        record = logging.LogRecord(
            "web", logging.ERROR, __file__, 1, "request failed", None, sys.exc_info()
        )
    record.route, record.host = "/signin", "host-1"
    record.typed = "what somebody wrote"
    text = TextFormatter().format(record)
    first, *rest = text.splitlines()
    assert first.endswith("ERROR   web: request failed route=/signin host=host-1")
    assert rest[0].startswith("Traceback") and rest[-1] == "ValueError: seen at the desk"
