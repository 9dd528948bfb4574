"""Several runs of pytest side by side: whichever is free takes the next test module of a list.

    python -m pytest -p tests.runs.taking --take-from=own.txt --take-from=shared.txt

A list has a path a line. Runs that are given the same list share it: how many are taken stands in
`shared.txt.taken`, a byte each. A run comes to the next list when nothing is left of one. A module is
imported by the run that takes it, so that none reads what another one tests.
"""

import fcntl
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--take-from", action="append", type=Path, default=[], help="a list of test modules"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> object:
    """Tests are collected when their module is taken."""
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> object:
    """As pytest's own, but for where the tests come from."""
    # the last of a module is told the first of the next one: fixtures of the whole run stay
    for item, following in pairwise(chain(_tests(session), [None])):
        assert item is not None
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    return True


def _tests(session: pytest.Session) -> Iterator[pytest.Item]:
    lists = {each: each.read_text().split() for each in session.config.getoption("--take-from")}
    names = [name for each in lists.values() for name in each]
    # without those whose folder has a mark that is not wanted
    modules = {each.path: each for each in session.perform_collect(names, genitems=False)}
    session.testscollected = 0
    for file, its_names in lists.items():
        while (number := _take(file)) < len(its_names):
            module = modules.get(Path(its_names[number]).absolute())
            items = list(session.genitems(module)) if module else []
            session.config.hook.pytest_collection_modifyitems(
                session=session, config=session.config, items=items
            )
            # whether there were any decides about the exit status
            session.testscollected += len(items)
            yield from items


def _take(file: Path) -> int:
    """How many were taken before."""
    with Path(f"{file}.taken").open("a+") as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)
        before = taken.seek(0, 2)
        taken.write(".")
    return before
