from collections.abc import Iterator

import pytest

from tests.scripts.commands import Commands


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Runs our commands; each test names the data folder."""
    with Commands(tmp_path_factory.mktemp("commands") / "data") as running:
        yield running
