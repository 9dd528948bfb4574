"""What a test has stored in PostgreSQL goes with it; a plugin of runs on PostgreSQL alone."""

from collections.abc import Iterator

import pytest

from tests.engines import databases


@pytest.fixture(autouse=True)
def _databases_of_the_test() -> Iterator[None]:
    """A fixture, and no hook: what a module's server has stored is there before it, and outlives it."""
    with databases.of_a_test():
        yield
