"""What is there from the start does not make collections of garbage long (`web/__main__.py`)."""

import asyncio
import os
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
"Needs a process of its own: garbage is collected for a whole process."

SERVED = """
    import asyncio, gc, os, signal
    from web.__main__ import serve
    from web.config import load
    from web.connections.listening import listen

    async def main():
        config = load()
        serving = asyncio.create_task(serve(config, listen(config)))
        while not gc.get_freeze_count():
            await asyncio.sleep(0)
        print("collected each time:", len(gc.get_objects()), "never:", gc.get_freeze_count())
        os.kill(os.getpid(), signal.SIGTERM)
        await serving

    asyncio.run(main())
"""


async def test_what_is_there_from_the_start_is_never_collected(tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(SERVED),
        env={
            **os.environ, "PORT": "0", "TELECONNECT_RELAY_WORKERS": "0",
            "TELECONNECT_DATA_DIR": str(tmp_path / "data"),
        },
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        printed, _ = await server.communicate()
    [line] = [line for line in printed.decode().splitlines() if line.startswith("collected")]
    each_time, never = (int(word) for word in line.replace(",", "").split() if word.isdigit())
    assert never > 100_000
    assert each_time < never / 20
