"""The workers that examine files, shared by all tests of them."""

from collections.abc import AsyncIterator

import pytest

from tests.web.attachments.intake import Intake
from web.attachments.workers import FileWorkers
from web.config import harmless_environment


@pytest.fixture(scope="session")
async def intake() -> AsyncIterator[Intake]:
    workers = FileWorkers(harmless_environment())
    yield Intake(workers)
    workers.stop()
    await workers.stopped()
