"""One folder, one server: a second one exits at once; after a crash the next one starts at once."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.system.test_kill import process
from tests.system.test_starting import refusal
from tests.web_process import Running

ACCOUNT = ("--email", "joy@example.org", "--name", "Joy", "--password-stdin")


async def make_account(data_dir: Path) -> int | None:
    """The exit status of the command."""
    making = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.create_account", *ACCOUNT,
        env={**os.environ, "TELECONNECT_DATA_DIR": str(data_dir)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await making.communicate(b"correct horse battery staple\n")
    return making.returncode


def children(process_id: int) -> list[int]:
    listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text("ascii")
    return [int(each) for each in listed.split()]


async def worker_of(server: Running) -> int:
    """The process id of its relay, once there is one."""
    async with asyncio.timeout(120):
        while True:
            if found := children(server.pid):
                return found[0]
            await asyncio.sleep(0.02)


async def test_a_second_server_is_refused_and_an_account_is_made_beside_the_first(
    tmp_path: Path,
) -> None:
    async with process(tmp_path, first=True):
        (sentence, *others), made = await asyncio.gather(
            refusal(TELECONNECT_DATA_DIR=str(tmp_path)), make_account(tmp_path)
        )
    assert others == []
    assert f"is using the data folder {tmp_path}" in sentence
    assert made == 0


async def test_after_a_kill_the_next_server_starts_though_the_relay_of_the_last_one_lives(
    tmp_path: Path,
) -> None:
    async with process(tmp_path, first=True) as (running, _, _):
        worker = await worker_of(running)
        os.kill(worker, signal.SIGSTOP)  # so that it cannot notice that its server has gone
        try:
            running.kill()
            await running.wait()
            async with process(tmp_path) as (_, _, printed):
                assert "serves at" in printed
            os.kill(worker, 0)  # still there
        finally:
            os.kill(worker, signal.SIGKILL)
