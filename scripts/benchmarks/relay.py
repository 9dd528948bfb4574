"""What a forwarded packet costs in the relay, in Janus and in coturn under the same load.

Server on one processor, generator on another; every packet is really encrypted. Microseconds are
the server's time on its processor (all threads) divided by the packets subscribers received, so
they hold receiving, waking up and everything the server does beside forwarding. Ages are from the
generator's sending to its reading, so they hold its own delays. A window counts only if the
generator kept its schedule, and between servers only if at most 1 % was lost.

With `--against COMMIT` the build of that commit takes part as "before", window by window in turn:

    scripts/bench relay --against COMMIT compared --load "40x1 r3"
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media.native import native
from media.transport.addresses import local_addresses
from scripts.benchmarks._figures import lines
from scripts.benchmarks._reach.builds import unpacked
from scripts.benchmarks._relay.busy import busy_calls, busy_table
from scripts.benchmarks._relay.janus import Janus
from scripts.benchmarks._relay.loop import loop_microseconds
from scripts.benchmarks._relay.sides import Load, Side, pin, processor_seconds, sides_for
from scripts.benchmarks._relay.turn import Coturn
from scripts.traffic.relay_clients import Window, pump

WINDOW_SECONDS = 2.0
MOST_LOSS = 0.01
MOST_SHORTFALL = 0.03
"How far the offered load may fall below its nominal value."
PATIENCE = 2
"Windows tried for each one wanted before giving up on a noisy machine."

COMPARED = (Load(40, 1, 1), Load(40, 1, 3), Load(20, 3, 1), Load(20, 3, 3))
HEADLINES = {1: (Load(40, 1, 3), Load(40, 1, 1)), 3: (Load(20, 3, 3), Load(20, 3, 1))}
"""The load whose ratio is quoted for each fan-out: it fills most of a processor for Janus. A busy
machine may leave no clean window of it; then the lighter load that follows is quoted."""
SHARED = (Load(150, 1, 1), Load(20, 3, 3))
"""What is driven to parts of a processor: with few publishers at a high rate each, one to one, the
generator would be at its end before the relay."""
SHARES = (0.25, 0.5, 0.7, 0.9)
"Shares of a processor up to which the relay is loaded."
CROWDS = (Load(5, 1, 1), Load(15, 1, 1), Load(50, 1, 1), Load(150, 1, 1))
"10 to 300 participants, each call with what a call sends."
LOOPS = ((40, 1), (20, 3))
"Publishers and fan-out of the packet loop measured by itself."
SECTIONS = ("loop", "compared", "shares", "crowds", "memory")
BY_NAME = "busy"
"A section that runs only when it is named, and needs a build to compare with."


@dataclass(frozen=True)
class Measured:
    """One window of one server."""

    microseconds: float
    share: float
    loss: float
    p50_ms: float
    p99_ms: float


FIELDS = tuple(Measured.__annotations__)


def judge(load: Load, window: Window, seconds: float, most_loss: float) -> Measured | None:
    """A window's figures, or None if other load disturbed it."""
    expected = window.sent * load.fan_out
    nominal = load.packets * window.seconds
    if not window.received or abs(expected - nominal) > MOST_SHORTFALL * nominal + 100:
        return None
    loss = 1 - window.received / expected
    # More than was sent: packets queued earlier were forwarded, and paid for, in this window.
    if loss > most_loss or loss < -MOST_LOSS:
        return None
    ages = sorted(window.ages)
    return Measured(
        seconds / window.received * 1e6,
        seconds / window.seconds,
        max(0.0, loss),
        ages[len(ages) // 2] * 1000 if ages else 0.0,
        ages[len(ages) * 99 // 100] * 1000 if ages else 0.0,
    )


async def look(side: Side, load: Load, most_loss: float) -> Measured | None:
    """Load one server for one window."""
    for client in side.clients:
        client.check()
    before = processor_seconds(side.process_id)
    window = pump(side.publishers, side.clients, load.rate, WINDOW_SECONDS)
    result = judge(load, window, processor_seconds(side.process_id) - before, most_loss)
    await asyncio.sleep(0.05)
    return result


def summary(kept: Sequence[Measured], tried: int) -> dict[str, Any]:
    """Medians of the windows kept, and their spread."""
    row: dict[str, Any] = {"windows": len(kept), "tried": tried}
    if kept:
        costs = [one.microseconds for one in kept]
        row |= {name: statistics.median(getattr(one, name) for one in kept) for name in FIELDS}
        row["noise"] = (max(costs) - min(costs)) / row["microseconds"]
    return row


async def compare(
    load: Load, windows: int, alone: bool = False, before: Path | None = None
) -> dict[str, Any]:
    """Measure every server under one load, taking turns window by window."""
    address = (await asyncio.to_thread(local_addresses))[0]
    sides = sides_for(load.fan_out, address, alone, before)
    kept: dict[str, list[Measured]] = {side.name: [] for side in sides}
    tried = dict.fromkeys(kept, 0)
    try:
        for side in sides:
            await side.start(load)
            pin(side.process_id)
        # The first turn only warms up: streams begin, caches fill.
        for turn in range(windows * PATIENCE + 1):
            for side in sides if turn % 2 else sides[::-1]:
                if len(kept[side.name]) < windows:
                    result = await look(side, load, MOST_LOSS)
                    tried[side.name] += bool(turn)
                    if turn and result is not None:
                        kept[side.name].append(result)
                for other in sides:
                    if other is not side:
                        for client in other.clients:
                            client.check()
    finally:
        for side in sides:
            await side.stop()
    row: dict[str, Any] = {**asdict(load), "packets": load.packets}
    for side in sides:
        row[side.name] = summary(kept[side.name], tried[side.name])
        row[side.name]["bytes_per_participant"] = round(side.bytes_per_participant)
    return row


async def share(load: Load, windows: int, before: Path | None) -> list[dict[str, Any]]:
    """Load the relay alone, and the build before alone, up to given shares of a processor."""
    address = (await asyncio.to_thread(local_addresses))[0]
    rows = []
    for side in sides_for(load.fan_out, address, alone=True, before=before):
        rows += await _share_of(side, load, windows)
    return rows


async def _share_of(side: Side, load: Load, windows: int) -> list[dict[str, Any]]:
    rows = []
    try:
        await side.start(load)
        pin(side.process_id)
        rate = load.rate / 3
        for wanted in SHARES:
            kept: list[Measured] = []
            tried = 0
            while len(kept) < windows and tried < windows * PATIENCE + 2:
                tried += 1
                # Loss is a result here, not a disturbance.
                current = Load(load.publishers, load.fan_out, rate)
                result = await look(side, current, most_loss=1.0)
                if result is None:
                    continue
                if abs(result.share - wanted) < 0.07 * wanted + 0.01:
                    kept.append(result)
                else:
                    rate *= min(2.0, max(0.5, wanted / result.share))
            rows.append({**asdict(current), "wanted": wanted, "packets": current.packets})
            rows[-1][side.name] = summary(kept, tried)
    finally:
        await side.stop()
    return rows


async def generate(
    sections: Sequence[str],
    windows: int,
    emit: Callable[..., None],
    loads: Sequence[str] = (),
    before: Path | None = None,
) -> None:
    """The generator process: runs every section in turn and prints row by row.

    ``loads`` are labels of those to run, all without one.
    """

    def chosen(every: Sequence[Load]) -> list[Load]:
        return [load for load in every if not loads or label(asdict(load)) in loads]

    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    if "loop" in sections:
        for publishers, fan_out in LOOPS:
            row: dict[str, Any] = {"publishers": publishers, "fan_out": fan_out, "native": None}
            row["python"] = loop_microseconds(False, publishers, fan_out, WINDOW_SECONDS)
            if native is not None:
                row["native"] = loop_microseconds(True, publishers, fan_out, WINDOW_SECONDS)
            emit("loop", row)
    if BY_NAME in sections:
        for row in await busy_calls(windows):
            emit(BY_NAME, row)
    if "memory" in sections:
        command = [sys.executable, "-m", "scripts.benchmarks._relay.memory"]
        done = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await done.communicate()
        emit("memory", {"bytes": int(said)})
    if "compared" in sections:
        for load in chosen(COMPARED):
            emit("compared", await compare(load, windows, before=before))
    if "shares" in sections:
        for load in chosen(SHARED):
            for part in await share(load, windows, before):
                emit("shares", part)
    if "crowds" in sections:
        for load in chosen(CROWDS):
            emit("crowds", await compare(load, windows, alone=True, before=before))


def run(
    sections: Sequence[str] = SECTIONS,
    windows: int = 3,
    loads: Sequence[str] = (),
    against: str | None = None,
) -> dict[str, Any]:
    """Measure in a process of its own; figures ready for JSON, null where there is none.

    ``against`` is the commit of a build that takes part. Raises CalledProcessError.
    """
    with tempfile.TemporaryDirectory() as folder:
        before = built(against, Path(folder) / "before") if against else None
        return _run(sections, windows, loads, before)


def built(commit: str, folder: Path) -> Path:
    """The build of a commit with a native loop of its own. Raises CalledProcessError."""
    unpacked(commit, folder)
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def _run(
    sections: Sequence[str], windows: int, loads: Sequence[str], before: Path | None
) -> dict[str, Any]:
    command = ["-m", "scripts.benchmarks.relay", "--generate", *sections]
    command += ["--windows", str(windows)]
    for one in loads:
        command += ["--load", one]
    if before is not None:
        command += ["--before", str(before)]
    done = subprocess.run(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    rows: dict[str, list[dict[str, Any]]] = {section: [] for section in (*SECTIONS, BY_NAME)}
    for line in done.stdout.splitlines():
        section, row = json.loads(line)
        rows[section].append(row)
    installed = {"janus": Janus.installed(), "coturn": Coturn.installed()}
    return {
        "native": native is not None,
        "missing": [name for name, there in installed.items() if not there],
        **headlines(rows),
        "rows": rows,
    }


def ratio(
    rows: list[dict[str, Any]], loads: Sequence[Load], peer: str
) -> tuple[float | None, str | None]:
    """The relay's cost over a peer's, and the first of these loads that was measured for both."""
    for load in loads:
        for row in rows:
            if all(row[name] == value for name, value in asdict(load).items()):
                ours, theirs = row.get("relay", {}), row.get(peer, {})
                if "microseconds" in ours and "microseconds" in theirs:
                    quotient = float(ours["microseconds"] / theirs["microseconds"])
                    return round(quotient, 3), label(row)
    return None, None


def headlines(rows: dict[str, list[dict[str, Any]]]) -> dict[str, float | str | None]:
    """The figures that targets are set for; what ends in ``_at`` says the load of a ratio."""
    ratios: dict[str, float | str | None] = {}
    for peer, fan_out in (
        ("janus", 1), ("janus", 3), ("coturn", 1), ("before", 1), ("before", 3),
    ):  # fmt: skip
        name = f"ratio_to_{peer}_fanout_{fan_out}"
        ratios[name], ratios[f"{name}_at"] = ratio(rows["compared"], HEADLINES[fan_out], peer)

    def most(values: Iterator[float]) -> float | None:
        return max(values, default=None)

    crowd = [one["relay"].get("microseconds") for one in rows["crowds"]]
    shares = [row for row in rows["shares"] if "relay" in row]
    half = (row["relay"] for row in shares if row["wanted"] == 0.5)
    most_loaded = (row["relay"] for row in shares if row["wanted"] <= 0.7)
    return {
        **ratios,
        "added_latency_p99_ms": most(round(one["p99_ms"], 2) for one in half if "p99_ms" in one),
        "loss": most(round(one["loss"], 5) for one in most_loaded if "loss" in one),
        "bytes_per_participant": most(
            row["relay"]["bytes_per_participant"] for row in rows["compared"]
        ),
        "bytes_of_who_publishes_all": most(row["bytes"] for row in rows.get("memory", [])),
        "cost_of_300_to_cost_of_10": (
            round(crowd[-1] / crowd[0], 3) if len(crowd) > 1 and crowd[0] and crowd[-1] else None
        ),
        "noise": most(
            round(one["noise"], 3)
            for row in rows["compared"]
            for one in row.values()
            if isinstance(one, dict) and "noise" in one
        ),
    }


HEADING = ("us/packet", "of a core", "loss %", "p50 ms", "p99 ms", "noise %", "windows")


def cells(one: dict[str, Any]) -> list[object]:
    """A server's figures in the order of the heading."""
    windows = f"{one['windows']}/{one['tried']}"
    if "microseconds" not in one:
        return ["no clean window", "", "", "", "", "", windows]
    return [
        one["microseconds"],
        f"{one['share']:.0%}",
        f"{one['loss'] * 100:.3f}",
        one["p50_ms"],
        one["p99_ms"],
        f"{one['noise'] * 100:.0f}",
        windows,
    ]


def label(row: dict[str, Any]) -> str:
    """Publishers x fan-out, and the rate of each."""
    return f"{row['publishers']}x{row['fan_out']} r{row['rate']:.3g}"


def table(result: dict[str, Any]) -> str:
    """The figures as tables."""
    rows = result["rows"]
    parts = []
    body: list[list[object]] = []
    if rows["loop"]:
        for row in rows["loop"]:
            size = f"{row['publishers']}x{row['fan_out']}"
            body.append([size, row["python"], row["native"] or "not built"])
        parts.append(lines([["loop alone, us/packet", "Python", "native"], *body]))
    if rows["compared"]:
        body = []
        for row in rows["compared"]:
            for name in ("relay", "before", "janus", "coturn"):
                if name in row:
                    kilobytes = row[name]["bytes_per_participant"] / 1000
                    head = [label(row), round(row["packets"]), name]
                    body.append([*head, *cells(row[name]), kilobytes])
        parts.append(lines([["load", "packets/s", "server", *HEADING, "kB each"], *body]))
    if rows["shares"]:
        body = [
            [f"{row['wanted']:.0%}", label(row), round(row["packets"]), name, *cells(row[name])]
            for row in rows["shares"]
            for name in ("relay", "before")
            if name in row
        ]
        heading = ["wanted of a core", "load", "packets/s", "server", *HEADING]
        parts.append(lines([heading, *body]))
    if rows["crowds"]:
        body = []
        for row in rows["crowds"]:
            participants = (row["fan_out"] + 1) * row["publishers"]
            for name in ("relay", "before"):
                if name in row:
                    body.append([participants, round(row["packets"]), name, *cells(row[name])])
        parts.append(lines([["participants", "packets/s", "server", *HEADING], *body]))
    if rows.get(BY_NAME):
        parts.append(lines(busy_table(rows[BY_NAME])))
    notes = [f"not installed, so not compared with: {name}" for name in result["missing"]]
    if not result["native"]:
        notes.append("the native packet loop is not built: these are the figures of Python alone")
    figures = [[name, "none" if result[name] is None else result[name]] for name in headlines(rows)]
    return "\n\n".join([*parts, lines([["relay", ""], *figures]), *notes])


def options(parser: argparse.ArgumentParser) -> None:
    """The words and options of `scripts/bench relay`."""
    parser.add_argument(
        "section", nargs="*", help=f"of {', '.join(SECTIONS)}, busy; all but that without one"
    )
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--load", action="append", default=[], help='as in the tables: "40x1 r3"')
    parser.add_argument("--against", metavar="COMMIT", help="the build before, as another side")


def run_with(chosen: argparse.Namespace) -> dict[str, Any]:
    """Run what was asked for on the command line. Raises ValueError for an unknown word."""
    unknown = set(chosen.section) - {*SECTIONS, BY_NAME}
    if unknown:
        raise ValueError(f"no section named {', '.join(sorted(unknown))}")
    return run(chosen.section or SECTIONS, chosen.windows, chosen.load, chosen.against)


def failed(result: dict[str, Any]) -> bool:
    """Figures decide nothing here."""
    return False


def main() -> None:
    """Be the generator process."""
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    parser.add_argument("--generate", action="store_true", required=True)
    parser.add_argument("--before", type=Path)
    chosen = parser.parse_args()

    def emit(*row: object) -> None:
        print(json.dumps(row), flush=True)

    asyncio.run(generate(chosen.section, chosen.windows, emit, chosen.load, chosen.before))


if __name__ == "__main__":
    main()
