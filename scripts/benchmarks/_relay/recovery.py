"""A call through the relay over a link that is narrow at first, then wide."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.benchmarks._relay.ways import CALLING, RelayWay, page_on
from scripts.traffic.network import Network

LINKS: dict[str, dict[str, Any]] = {
    "320 kbit/s, 150 ms": {"rate_kbps": 320, "delay_ms": 75},
    "320 kbit/s, 150 ms, policed": {
        "rate_kbps": 320, "delay_ms": 75, "queue_ms": 100, "policed": True,
    },
    "320 kbit/s, 150 ms, 5 % lost": {"rate_kbps": 320, "delay_ms": 75, "loss": 0.05},
}  # fmt: skip
"Conditions of the far browser's link while it is narrow, the same in both directions."
WIDE: dict[str, Any] = {"rate_kbps": 5000, "queue_ms": 300, "policed": False}
NARROW_SECONDS = 20.0
WIDE_SECONDS = 20.0
FIRST_SECONDS = 5.0
"Of the narrow time, given apart: nothing is known of the link yet."
LARGE = 360
"Lines of the large encoding; the small one has half as many."
LOOK_SECONDS = 0.25


def call(network: Network, link: str, folder: Path) -> dict[str, Any]:
    """Shares of the audio samples that the far one concealed, and seconds until it saw well.

    ``large_after`` counts from the recovery to the first frame of the large encoding, None if
    never.
    """
    network.reset("far")
    network.shape("far", **LINKS[link])
    module = "scripts.benchmarks._relay.recovery"
    command = [sys.executable, "-m", module, str(folder), str(NARROW_SECONDS + WIDE_SECONDS)]
    looks: list[dict[str, Any]] = []
    recovered = 0.0
    with subprocess.Popen(
        [*network.command("server"), *command],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == CALLING
        began = time.time()
        for line in process.stdout:
            looks.append(json.loads(line))
            if not recovered and looks[-1]["at"] >= began + NARROW_SECONDS:
                recovered = time.time()
                network.shape("far", **WIDE)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    known = began + FIRST_SECONDS
    large = [x["at"] for x in looks if x["at"] >= recovered and x["height"] >= LARGE]
    return {
        "first": concealed([look for look in looks if look["at"] < known]),
        "narrow": concealed([look for look in looks if known <= look["at"] < recovered]),
        "wide": concealed([look for look in looks if look["at"] >= recovered]),
        "large_after": large[0] - recovered if large else None,
    }


def concealed(looks: Sequence[dict[str, Any]]) -> float:
    """Share of the audio samples between the first and the last look that were concealed."""
    samples = looks[-1]["samples"] - looks[0]["samples"]
    return float((looks[-1]["concealed"] - looks[0]["concealed"]) / max(samples, 1))


async def watch(folder: Path, seconds: float) -> None:
    """A call, from within the server's host; prints what the far page has received by then."""
    camera = folder / "camera.y4m"
    async with page_on(folder / "near", camera) as near, page_on(folder / "far", camera) as far:
        way = RelayWay()
        await way.start()
        try:
            print(CALLING, flush=True)
            began = time.time()
            await way.call(near, far)
            while time.time() < began + seconds:
                look = await far.evaluate("window.look()")
                print(json.dumps({"at": time.time(), **look}), flush=True)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await way.stop()


if __name__ == "__main__":
    asyncio.run(watch(Path(sys.argv[1]), float(sys.argv[2])))
