"""However many photos a report carries, the web process holds none of it as a whole."""

import asyncio
from pathlib import Path

from scripts.traffic.processes import begin_peak, peak_bytes
from signaling.report import PHOTOS_IN_REPORT
from tests.files import pdf, photo
from tests.people import Person
from tests.system.test_kill_files import Clinic

MIB = 2**20
PHOTOS = 8
"Different ones: equal pictures are in the file once."


async def test_memory_stays_flat_while_a_long_report_is_made(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path)
    async with clinic.running() as (running, amina), Person(amina.person.server) as boss:
        await boss.sign_in("boss@example.org")
        await boss.post("/admin/sessions", {PHOTOS_IN_REPORT: "on"})
        for number in range(PHOTOS):
            noise = await asyncio.to_thread(photo, 2400, 1800, seed=number, quality=92)
            await amina.send(noise, name=f"photo-{number}.jpg")
        await amina.send(await asyncio.to_thread(pdf, 40), name="letter.pdf")
        (session,) = (each.name for each in (tmp_path / "files").iterdir())
        address = f"/sessions/{session}/report.pdf"
        small, received = begin_peak(running.pid), 0
        for _ in range(2):
            async with boss.http.get(address) as answer:
                assert answer.status == 200
                async for block in answer.content.iter_any():
                    received += len(block)
        grown = peak_bytes(running.pid) - small
    print(f"{received / MIB:.0f} MB of reports, {grown / MIB:.1f} MB more memory")
    assert received > 2 * 20 * MIB, "a report that would be seen in memory"
    assert grown < 16 * MIB
