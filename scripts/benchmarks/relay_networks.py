"""Calls of two real browsers over bad networks: through the relay, Janus and coturn.

Server and browsers are hosts of an emulated network (network namespaces; needs root). One browser
is on a good link, the other, "far", on a bad one; both send 640x360 at 15 fps, at most 900 kbit/s,
and sound. The relay is spoken to by the code of a session's page, with its two encodings. Janus's
VideoRoom gets one encoding. Through coturn the browsers speak to each other directly, so theirs is
what an adaptation from end to end makes of the network. Figures are the browsers' own: of fifteen
seconds that begin five after both see each other, "down" what the far one receives, "up" what is
received of it.

With ``--recovery`` (``_relay/recovery.py``) a link through the relay is narrow for twenty seconds,
then wide: what the far one hears before and after, and when it has the large encoding.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from scripts.benchmarks._figures import lines
from scripts.benchmarks._relay import recovery
from scripts.benchmarks._relay.janus import Janus
from scripts.benchmarks._relay.network_page import write_busy_camera
from scripts.benchmarks._relay.sides import processor_seconds
from scripts.benchmarks._relay.turn import Coturn
from scripts.benchmarks._relay.ways import CALLING, HOSTS, PATIENCE, WAYS, Way, page_on
from scripts.traffic.browser import installed
from scripts.traffic.network import Network, NetworkUnavailable
from scripts.traffic.server import temporary_folder

NETWORKS: dict[str, dict[str, Any]] = {
    "good": {},
    "5 % lost each way, 150 ms": {"loss": 0.05, "delay_ms": 75},
    "20 % lost each way": {"loss": 0.2},
    "20 %, 300 ms, overtaking, doubled": {
        "loss": 0.2, "delay_ms": 150, "jitter_ms": 20, "doubled": 0.05,
    },
    "300 kbit/s, 300 ms": {"rate_kbps": 300, "delay_ms": 150},
    "220 kbit/s, 300 ms": {"rate_kbps": 220, "delay_ms": 150},
    "300 kbit/s, 300 ms, 10 %, jitter": {
        "rate_kbps": 300, "delay_ms": 150, "loss": 0.1, "jitter_ms": 20,
    },
    "5 %, 150 ms, 320 kbit/s for 3 s": {"loss": 0.05, "delay_ms": 75, "rate_kbps": 320},
}  # fmt: skip
"Conditions of the far browser's link, the same in both directions; delays are one way's."
RELIEVED: dict[str, tuple[float, dict[str, Any]]] = {
    "5 %, 150 ms, 320 kbit/s for 3 s": (3.0, {"rate_kbps": None})
}
"Seconds after the beginning of a call at which a link becomes better, and what changes."
SETTLING_SECONDS = 5.0
WINDOW_SECONDS = 15.0


@dataclass(frozen=True)
class Received:
    """What one page received."""

    seconds: float
    "Seconds from the beginning of the call to the first decoded frame."
    fps: float
    height: int
    frozen: float
    "Share of the time in which video was frozen, as the browser counts freezes."
    concealed: float
    "Share of the audio samples that the browser concealed."
    delay_ms: float
    "Mean delay of audio in the browser's jitter buffer."
    kbps: float
    round_trip_ms: float


async def first_picture(page: Page, began: float) -> float:
    """Seconds from ``began`` to the first decoded picture. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        await page.evaluate("window.pictured()")
    return time.monotonic() - began


async def hold(way: Way, near: Page, far: Page) -> dict[str, Any]:
    """One call; ``down`` and ``up`` are None where no video arrived."""
    print(CALLING, flush=True)
    began = time.monotonic()
    # A page that is not connected in time counts as not seen.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await way.call(near, far)
    pages = {"down": far, "up": near}
    waited = await asyncio.gather(
        *(first_picture(page, began) for page in pages.values()), return_exceptions=True
    )
    row: dict[str, Any] = {"down": None, "up": None, "microseconds": None}
    await asyncio.sleep(SETTLING_SECONDS)
    before = {name: await page.evaluate("window.look()") for name, page in pages.items()}
    spent, since = processor_seconds(way.process_id), time.monotonic()
    await asyncio.sleep(WINDOW_SECONDS)
    after = {name: await page.evaluate("window.look()") for name, page in pages.items()}
    spent, passed = processor_seconds(way.process_id) - spent, time.monotonic() - since
    packets = 0
    for name, seconds in zip(pages, waited, strict=True):
        gained = {key: after[name][key] - before[name][key] for key in after[name]}
        packets += gained["packets"]
        if isinstance(seconds, BaseException):
            continue
        row[name] = asdict(
            Received(
                seconds,
                gained["frames"] / passed,
                after[name]["height"],
                min(1.0, gained["frozen"] / passed),
                gained["concealed"] / max(gained["samples"], 1),
                gained["delay"] / max(gained["played"], 1) * 1000,
                gained["octets"] * 8 / passed / 1000,
                after[name]["roundTrip"] * 1000,
            )
        )
    if packets:
        row["microseconds"] = spent / packets * 1e6
    return row


async def measure(name: str, folder: Path) -> dict[str, Any]:
    """A call by one server, from within the server's host."""
    camera = folder / "camera.y4m"
    async with page_on(folder / "near", camera) as near, page_on(folder / "far", camera) as far:
        way = WAYS[name]()
        await way.start()
        try:
            return await hold(way, near, far)
        finally:
            await way.stop()


def _call(network: Network, name: str, way: str, folder: Path) -> dict[str, Any]:
    """A call from within the network, whose conditions may change while it lasts."""
    network.reset("far")
    network.shape("far", **NETWORKS[name])
    module = "scripts.benchmarks.relay_networks"
    command = [sys.executable, "-m", module, "--inside", str(folder), way]
    with subprocess.Popen(
        [*network.command("server"), *command],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() == CALLING and name in RELIEVED:
            seconds, conditions = RELIEVED[name]
            time.sleep(seconds)
            network.shape("far", **conditions)
        said = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    figures: dict[str, Any] = json.loads(said)
    return figures


def recover(links: Sequence[str] = (), rounds: int = 1) -> dict[str, Any]:
    """Every link that recovers in turn; figures ready for JSON."""
    rows: list[dict[str, Any]] = []
    browser = installed()
    if browser is None:
        return {"missing": ["chromium"], "recoveries": rows}
    try:
        with temporary_folder() as folder, Network(HOSTS, seed=1) as network:
            write_busy_camera(folder / "camera.y4m")
            for host in ("near", "far"):
                network.wrapper(host, browser, folder / host)
            for _ in range(rounds):
                for link in links or recovery.LINKS:
                    rows.append({"link": link, **recovery.call(network, link, folder)})
                    print(json.dumps(rows[-1]), file=sys.stderr)
    except NetworkUnavailable as reason:
        return {"missing": [str(reason)], "recoveries": rows}
    return {"missing": [], "recoveries": rows}


def run(networks: Sequence[str] = (), ways: Sequence[str] = (), rounds: int = 1) -> dict[str, Any]:
    """Every network with every server in turn; figures ready for JSON."""
    there = {"relay": True, "janus": Janus.installed(), "coturn": Coturn.installed()}
    missing = [name for name, found in there.items() if not found]
    rows: list[dict[str, Any]] = []
    browser = installed()
    if browser is None:
        return {"missing": [*missing, "chromium"], "rows": rows}
    try:
        with temporary_folder() as folder, Network(HOSTS, seed=1) as network:
            write_busy_camera(folder / "camera.y4m")
            for host in ("near", "far"):
                network.wrapper(host, browser, folder / host)
            for name in networks or NETWORKS:
                for _ in range(rounds):
                    for way in ways or WAYS:
                        if there[way]:
                            row = {"network": name, "way": way, **_call(network, name, way, folder)}
                            print(json.dumps(row), file=sys.stderr)
                            rows.append(row)
    except NetworkUnavailable as reason:
        return {"missing": [*missing, str(reason)], "rows": rows}
    return {"missing": missing, "rows": rows}


HEADING = ("picture after s", "fps", "lines", "frozen", "sound made up", "kbit/s", "round trip ms")


def cells(one: dict[str, Any] | None) -> list[object]:
    """What one page received, in the order of the heading."""
    if one is None:
        return ["never", "", "", "", "", "", ""]
    return [
        f"{one['seconds']:.1f}",
        f"{one['fps']:.1f}",
        one["height"],
        f"{one['frozen']:.0%}",
        f"{one['concealed']:.1%}",
        round(one["kbps"]),
        round(one["round_trip_ms"]),
    ]


def recovery_table(result: dict[str, Any]) -> str:
    """A row for each link: medians, and every time until the large encoding."""
    body = []
    for link in dict.fromkeys(row["link"] for row in result["recoveries"]):
        rows = [row for row in result["recoveries"] if row["link"] == link]
        shares = [
            f"{statistics.median(row[name] for row in rows):.1%}"
            for name in ("first", "narrow", "wide")
        ]
        times = [row["large_after"] for row in rows]
        found = ", ".join("never" if one is None else f"{one:.1f}" for one in times)
        body.append([link, *shares, found])
    heading = ["narrow for 20 s", "concealed, first 5 s", "then", "once wide", "large after s"]
    return "\n\n".join([lines([heading, *body]), *result["missing"]])


def table(result: dict[str, Any]) -> str:
    """The figures as a table for each direction, then what packets cost."""
    parts = []
    for direction, title in (("down", "the far one receives"), ("up", "received of the far one")):
        body = [[x["network"], x["way"], *cells(x[direction])] for x in result["rows"]]
        parts.append(lines([[title, "server", *HEADING], *body]))
    costs = [[one["network"], one["way"], one["microseconds"] or "none"] for one in result["rows"]]
    parts.append(lines([["server's time for a packet received", "server", "us"], *costs]))
    parts += [f"not there, so left out: {name}" for name in result["missing"]]
    return "\n\n".join(parts)


def main() -> None:
    """Print the tables, or be the part that runs on the server's host."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", action="append", choices=NETWORKS, default=[])
    parser.add_argument("--server", action="append", choices=WAYS, default=[])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--inside", nargs=2, metavar=("FOLDER", "SERVER"), help="used by itself")
    parser.add_argument("--recovery", action="store_true", help="only links that recover")
    options = parser.parse_args()
    if options.recovery:
        print(recovery_table(recover(rounds=options.rounds)))
        return
    if options.inside:
        folder, name = options.inside
        print(json.dumps(asyncio.run(measure(name, Path(folder)))))
        return
    started = time.monotonic()
    print(table(run(options.network, options.server, options.rounds)))
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
