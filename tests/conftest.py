"""The strict runner: whatever blocks the event loop inside our packages fails the test.

The idea is that of aiohttp's `tests/conftest.py`. Here a blocking call is also remembered, because
an error page or a background task may swallow the exception that says so.

`scripts/test --fast` runs what is not marked `slow`. A test must bear that mark if it starts a
process or loads a library of the system, and fails without it; it should if it takes about a
second on a quiet machine.
"""

import gc
import logging
import os
import sys
import traceback
from collections.abc import Generator
from pathlib import Path

import pytest
from blockbuster import BlockingError, blockbuster_ctx
from hypothesis import HealthCheck, settings

from tests.engines import databases, each_test
from tests.engines.postgresql import Cluster

# The same examples every time, so that a failure belongs to the change that caused it; no deadline.
# `--hypothesis-profile=searching` looks for new ones. Write `st.text(st.characters())`: by itself
# `st.text()` reckons for three seconds which characters UTF-8 has, and comes to the same ones.
settings.register_profile(
    "steady",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("searching", settings.get_profile("steady"), derandomize=False)
settings.load_profile("steady")

# Modules, collected tests and syntax trees stay to the end: looking through them again and again
# for garbage would take a tenth of the time.
gc.set_threshold(20_000, 20, 50)

OUR_PACKAGES = ["signaling", "storage", "web", "media"]

MAY_BLOCK = [
    # A module that is imported late is read once.
    ("<frozen importlib._bootstrap>", {"_find_and_load"}),
    # A log line is written where it arises.
    ("logging/__init__.py", {"emit"}),
    # Each reads a small file that comes with the program, once in the life of the process.
    ("babel/localedata.py", {"exists", "load", "locale_identifiers"}),
    ("zoneinfo/_common.py", {"load_data", "load_tzdata"}),
    ("zoneinfo/_tzpath.py", {"find_tzfile"}),
    # Looks for the files of passwords and certificates when a connection is opened.
    ("asyncpg/connect_utils.py", {"_parse_connect_dsn_and_args"}),
]


SLOW_FOLDERS = (
    "browser", "media/native", "media/networks", "media/relay", "notices", "scripts", "system",
    "web/report",
)  # fmt: skip
"Below tests/: every test there is slow. Elsewhere modules and tests bear the mark themselves."
_SLOW_PATHS = tuple(f"{Path(__file__).parent / folder}{os.sep}" for folder in SLOW_FOLDERS)
"As text, because comparing paths would take a quarter of the whole collection."
PROCESSES = frozenset(("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen"))
"Audit events of Python that begin a process."
_needed: list[str] = []
"What the current test has needed that a fast one does without."


def _watch_needs(
    event: str, arguments: tuple[object, ...], begins_a_process: frozenset[str] = PROCESSES
) -> None:
    # Called to the very end of the interpreter, when this module has no names any more.
    if event in begins_a_process:
        if arguments and str(arguments[0]).endswith("/esbuild"):
            return  # a server does without it where it is not installed
        _needed.append(f"a process: {arguments[0] if arguments else event}")
    elif event == "ctypes.dlopen" and isinstance(name := arguments[0], str) and os.sep not in name:
        _needed.append(f"a library of the system: {name}")


sys.addaudithook(_watch_needs)


REMARKS = pytest.StashKey[set[str]]()
"Of the modules collected so far."


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak-minutes", type=float, default=10.0, help="how long each soak lasts (10)"
    )
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the engine that stores; on PostgreSQL the tests start a server of their own (sqlite)",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """The server is there before the first test, whose need it is not."""
    if session.config.getoption("--database") == "postgresql":
        databases.cluster = Cluster()
        databases.cluster.start()


def pytest_sessionfinish() -> None:
    if databases.cluster is not None:
        databases.cluster.remove()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REMARKS] = set()
    if config.getoption("--database") == "postgresql":
        config.pluginmanager.register(each_test)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A run without slow tests need not import what is in a slow folder."""
    unwanted = config.getoption("markexpr") == "not slow"
    return (unwanted and f"{collection_path}{os.sep}".startswith(_SLOW_PATHS)) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what lies in a slow folder; a soak is slow wherever it is.

    A test that is about one engine is left out of runs on the other.
    """
    for item in items:
        if str(item.path).startswith(_SLOW_PATHS) or item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.slow)
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[config.getoption("--database")]
    elsewhere = [item for item in items if item.get_closest_marker(other)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if not item.get_closest_marker(other)]
    # a module that `tests/runs/taking.py` has not taken stands here too, and is not imported
    modules = {item.getparent(pytest.Module) for item in items if isinstance(item, pytest.Item)}
    remarks: set[str] = {getattr(module.obj, "REMARK", "") for module in modules if module}
    config.stash[REMARKS] |= remarks - {""}


@pytest.fixture
def soak_minutes(request: pytest.FixtureRequest) -> float:
    """Minutes that a soak lasts."""
    minutes: float = request.config.getoption("--soak-minutes")
    return minutes


def pytest_collection_finish() -> None:
    """What there is before the first test is not looked through for garbage any more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """pytest collects garbage five times at its end, for what may complain then: twice is enough.

    The rest is millions of objects that are still in use, and would take seconds.
    """
    gc.collect()
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line for each thing this machine lacks: the REMARK of a test module."""
    remarks: set[str] = config.stash[REMARKS]
    for remark in sorted(remarks):
        terminalreporter.write_line(remark)


class Faults(logging.Handler):
    """Exceptions that a package of ours caught and logged in the course of a test."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(logging.Formatter().format(record))


_faults = Faults()
_blocked: list[str] = []
"What blocked the event loop since the test began, as stack traces."


@pytest.fixture
def logged_faults() -> list[str]:
    """Exceptions that the relay has logged, which fail the test; who expects one clears these."""
    return _faults.found


@pytest.fixture
def blocked_calls() -> list[str]:
    """What has blocked the event loop, which fails the test; who expects that clears these."""
    return _blocked


# By hooks: fixtures that do the same for every test would take some seconds of the whole run.


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Watches from the first test to the last; a call in a worker thread is free to block."""
    plain_init = BlockingError.__init__

    def remember(error: BlockingError, function: str) -> None:
        plain_init(error, function)
        # The two last frames belong to blockbuster and to this function.
        _blocked.append(f"{error}\n" + "".join(traceback.format_stack(limit=12)[:-2]))

    logging.getLogger("media").addHandler(_faults)
    with pytest.MonkeyPatch.context() as patch, blockbuster_ctx(OUR_PACKAGES) as detector:
        patch.setattr(BlockingError, "__init__", remember)
        for file, functions in MAY_BLOCK:
            for function in detector.functions.values():
                function.can_block_in(file, functions)
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before the fixtures, so that theirs count as the test's."""
    for each in (_needed, _faults.found, _blocked):
        each.clear()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Fails a test when its fixtures are gone: for what it needs and is not marked slow, for an
    exception that was only logged, and for a blocked event loop though nobody saw the exception.
    """
    result = yield
    wrong = []
    if _needed and item.get_closest_marker("slow") is None:
        wrong.append(f"This test needs {', '.join(_needed)}. Mark it slow.")
    if _faults.found:
        wrong.append("\n".join(("An exception was only logged.", *_faults.found)))
    if _blocked:
        wrong.append("\n".join(("The event loop was blocked.", *_blocked)))
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
    return result
