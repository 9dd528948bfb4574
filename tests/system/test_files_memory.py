"""However large files are, the web process holds none of them as a whole."""

import asyncio
import os
from pathlib import Path

from scripts.traffic.processes import begin_peak, peak_bytes
from tests.files import Sender, photo
from tests.people import an_id
from tests.system.test_kill_files import Clinic

MIB = 2**20
LARGE = 19 * MIB


async def send_refused(amina: Sender, content: bytes) -> None:
    upload_id = an_id("file")
    assert (await amina.create(content, upload_id)).status == 201
    assert (await amina.piece(upload_id, 0, content)).status >= 400


async def test_memory_stays_flat_while_large_files_come_and_go(tmp_path: Path) -> None:
    bad = b"%PDF-1.7\n" + os.urandom(LARGE)
    good = await asyncio.to_thread(photo, 4000, 3000, quality=60)
    clinic = Clinic(tmp_path)
    async with clinic.running() as (running, amina):
        await send_refused(amina, bad)
        file_id = await amina.send(good)
        await amina.get(file_id, "large")
        small = begin_peak(running.pid)
        await asyncio.gather(*(send_refused(amina, bad) for _ in range(3)))
        for _ in range(2):
            await amina.get(await amina.send(good), "large")
        grown = peak_bytes(running.pid) - small
    assert grown < 20 * MIB, f"{grown / MIB:.1f} MB more"
    assert len(await clinic.files_in_chat()) == 3
