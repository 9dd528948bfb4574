"""Starting and ending a provider of sign-in."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CANAILLE = (sys.executable, "-m", "tests.providers.canaille_server")
NODE = ("node", "tests/javascript/sign-in-provider.js")


@dataclass
class RealProvider:
    """A provider's process; it answers once it knows its client."""

    issuer: str
    process: asyncio.subprocess.Process

    async def learn(self, client: dict[str, Any]) -> None:
        """Let it know its client, in the words of OpenID Connect Dynamic Client Registration."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(client).encode() + b"\n")
        line = await self.process.stdout.readline()
        assert line == b"ready\n", line


@contextlib.asynccontextmanager
async def running(*command: str) -> AsyncIterator[RealProvider]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        issuer = (await process.stdout.readline()).decode().strip()
        assert issuer, "the provider did not start"
        yield RealProvider(issuer, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
