"""`python -m web` as operators run it: a process of its own that tests can kill."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def web_process(
    data_dir: Path, port: int = 0, *, first: bool = False, **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process once it serves, and what it printed: at its `first` start two lines."""
    environment = {
        **os.environ, "TELECONNECT_DATA_DIR": str(data_dir), "PORT": str(port), **settings,
    }  # fmt: skip
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert running.stdout is not None
    try:
        async with asyncio.timeout(120):
            printed = (await running.stdout.readline()).decode()
            if first:
                printed += (await running.stdout.readline()).decode()
        yield running, printed
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(120):
            await running.wait()
