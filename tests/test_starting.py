"""A server starts, or it ends: with status 1, and one sentence that names what is in the way."""

import asyncio
import os
import sys

BOUND = asyncio.Semaphore(2)
WITHIN = 60.0
"Seconds until a start that cannot be must have ended; ten on a machine of one's own."


async def refusal(**settings: str) -> list[str]:
    """What a server that cannot start writes; it must end by itself, with status 1."""
    starting = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web",
        env={**os.environ, "PORT": "0", "TELECONNECT_RELAY_WORKERS": "0", **settings},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN):
            printed, said = await starting.communicate()
    finally:
        if starting.returncode is None:
            starting.kill()
            await starting.wait()
    assert printed == b""
    assert starting.returncode == 1
    return said.decode().splitlines()
