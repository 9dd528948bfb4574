"""Mail and message servers for every test of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.delivery.certificates import certificates
from tests.notices.desk import Desk, Outside, desk, outside


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's package trusts REQUESTS_CA_BUNDLE."""
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(certificates().authority_pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@pytest.fixture
async def around(trusted: None) -> AsyncIterator[Outside]:
    async with outside() as running:
        yield running


@pytest.fixture
async def nurse(tmp_path: Path, around: Outside) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "data", around) as sitting:
        yield sitting
