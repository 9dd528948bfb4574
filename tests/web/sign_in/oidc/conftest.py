"""A server whose accounts sign in by a provider, and that provider."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.serving import Server, serving
from tests.web.sign_in.oidc.lying_provider import LyingProvider, lying_provider


@pytest.fixture
async def provider(clock: MovableClock) -> AsyncIterator[LyingProvider]:
    async with lying_provider(clock) as running:
        yield running


@pytest.fixture
def settings() -> dict[str, str]:
    """Of the provider, without the beginning of their names; files that need any define them."""
    return {}


@pytest.fixture
async def server(
    tmp_path: Path, clock: MovableClock, provider: LyingProvider, settings: dict[str, str]
) -> AsyncIterator[Server]:
    """A server without accounts."""
    async with serving(tmp_path, clock, **provider.settings(**settings)) as running:
        yield running
