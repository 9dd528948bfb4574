from collections.abc import Iterator

import pytest

from tests.object_server import CREDENTIALS
from tests.object_server import object_server as serving_objects


@pytest.fixture(scope="session")
def object_server() -> Iterator[str]:
    """The address of an object store for all tests here."""
    with pytest.MonkeyPatch.context() as patch, serving_objects() as address:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield address
