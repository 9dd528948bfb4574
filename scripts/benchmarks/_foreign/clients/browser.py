"""A browser whose page is told by this program what to answer: Chromium or Firefox.

python -m scripts.benchmarks._foreign.clients.browser chromium PROGRAM
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from scripts.benchmarks._engines.devtools import Chromium
from scripts.benchmarks._engines.fetching import Engine
from scripts.benchmarks._engines.marionette import Firefox
from scripts.benchmarks._engines.phone import Broken, Phone
from scripts.benchmarks._foreign.clients.door import Door
from scripts.benchmarks._relay.page import serve_page

RESOLVER = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1 , EXCLUDE 10.79.0.*"
CAPTURE = "window.capture({width: 320, height: 180, frameRate: 10})"
RECEIVED = "window.received()"


async def answer(phone: Phone, offer: dict[str, Any]) -> str:
    told = json.dumps({name: offer[name] for name in ("sdp", "fresh", "publish")})
    return str(await phone.evaluate(f"window.answer({told})"))


async def _tell(door: Door, phone: Phone) -> None:
    while True:
        await asyncio.sleep(1)
        with contextlib.suppress(OSError, Broken, TimeoutError):
            await asyncio.to_thread(door.count, await phone.evaluate(RECEIVED))


async def main(kind: str, program: Path) -> None:
    engine = Engine(kind, "firefox" if kind == "firefox" else "chromium", program)
    starting = Firefox.start(engine) if kind == "firefox" else Chromium.start(engine, RESOLVER)
    phone = await starting
    telling = None
    try:
        async with serve_page() as url:
            await phone.open(url)
            await phone.until(f"{CAPTURE}.then(() => true)", 20, "no camera")
            door = Door()
            telling = asyncio.create_task(_tell(door, phone))
            offers = door.offers()
            while (offer := await asyncio.to_thread(next, offers, None)) is not None:
                text = await answer(phone, offer)
                await asyncio.to_thread(door.answer, offer["revision"], text)
    finally:
        if telling is not None:
            telling.cancel()
        await phone.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
