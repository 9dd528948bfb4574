"""What a request about a file costs the web process: turns of the database's threads and of others.

Each turn costs the event loop as much as a chat message, and ten people may send at once.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.engine.sqlite.connection import Connection
from tests.files import BLOCK, photo
from tests.people import Answer
from tests.web.pages.ward import MIB, opened

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
Measure = Callable[[Awaitable[Answer]], Awaitable[Counter[str]]]


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Measure]:
    """Counts what one request makes the server do."""
    counted: Counter[str] = Counter()

    def counting(owner: Any, name: str, what: str) -> None:
        original = getattr(owner, name)

        def counted_call(*arguments: Any, **named: Any) -> Any:
            counted[what] += 1
            return original(*arguments, **named)

        monkeypatch.setattr(owner, name, counted_call)

    counting(Connection, "run", "database")
    counting(asyncio.BaseEventLoop, "run_in_executor", "thread")
    counting(os, "fsync", "fsync")

    async def measured(request: Awaitable[Answer]) -> Counter[str]:
        counted.clear()
        answer = await request
        assert answer.status in (200, 201, 204), answer.text
        return Counter(counted)

    yield measured


async def test_requests_about_a_file_take_few_turns(tmp_path: Path, measure: Measure) -> None:
    content = photo(1900, 1400)
    assert len(content) > 2 * MIB
    async with opened(tmp_path) as ward:
        amina = ward.amina
        await amina.send(photo())  # what the first one does once
        # web session, seat, what is there and the row, commit
        assert (await measure(amina.create(content, "file-000001")))["database"] <= 4
        # web session, seat, upload; open, write as much as has come, flush
        small = await measure(amina.piece("file-000001", 0, content[:BLOCK]))
        assert small["database"] <= 3
        assert small["thread"] <= 3
        large = await measure(amina.piece("file-000001", BLOCK, content[BLOCK : BLOCK + MIB]))
        assert large["database"] <= 3
        assert large["thread"] <= 2 + MIB // BLOCK // 2
        # the file's entry in its folder was flushed with the first piece
        assert large["fsync"] == 1
        assert (await measure(amina.ask("HEAD", "file-000001")))["database"] <= 3
        rest = await measure(amina.piece("file-000001", BLOCK + MIB, content[BLOCK + MIB :]))
        assert rest["database"] <= 8
        assert rest["thread"] <= 2 * len(content) // BLOCK
