"""ClamAV's daemon with a signature database of the test's own, which knows the EICAR test file."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

DAEMON = Path("/usr/sbin/clamd")
EICAR = "".join(
    ("X5O!P%@AP[4", "\\PZX54(P^)7CC)7}$", "EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!", "$H+H*")
).encode()
"""The test file of EICAR, which every scanner takes for a virus. Put together here, so that no
scanner finds it in this file."""
STREAM_MEGABYTES = 2
"StreamMaxLength of the daemon."
STARTED_WITHIN = 120


@dataclass
class Daemon:
    socket: Path
    process: asyncio.subprocess.Process

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def running_daemon(folder: Path) -> AsyncIterator[Daemon]:
    """The daemon, listening on a socket in `folder`."""
    signatures = folder / "signatures"
    signatures.mkdir()
    (signatures / "test.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n")
    socket = folder / "clamd.ctl"
    settings = folder / "clamd.conf"
    settings.write_text(
        f"LocalSocket {socket}\nDatabaseDirectory {signatures}\nForeground yes\n"
        f"StreamMaxLength {STREAM_MEGABYTES}M\nTemporaryDirectory {folder}\nConcurrentDatabaseReload no\n"
    )
    process = await asyncio.create_subprocess_exec(
        str(DAEMON), f"--config-file={settings}", stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    daemon = Daemon(socket, process)
    assert process.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(STARTED_WITHIN):
            while b"Self checking" not in said:
                line = await process.stdout.readline()
                assert line, said.decode("utf-8", "replace")
                said += line
        yield daemon
    finally:
        await daemon.stop()
