"""A call of four through the relay for an hour: does memory grow, do sound and picture part?

Four contexts of one Chromium send 320x180 at 10 fps and sound, and each receives the three
others: twelve pairs. Every ten seconds one sample is taken:

* load of the machine: browsers that get no processor time play neither sound nor picture well;
* memory of the worker (RSS, and PSS, its fair share of shared pages) and its processor time;
* drift of each pair: what the browser says it plays now of the sound minus what it says of the
  picture (``estimatedPlayoutTimestamp``), in ms of the publisher's clock;
* packets lost; pairs whose sound or picture stood still since the last sample.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from media.relay.client import Relay
from scripts.benchmarks._figures import lines
from scripts.benchmarks._relay.call import call_of_four
from scripts.benchmarks._relay.chart import Panel, chart
from scripts.benchmarks._relay.page import Guest
from scripts.traffic.processes import cpu_seconds

SAMPLE_SECONDS = 10.0
SETTLED_SECONDS = 60.0
"The first sample: until then browsers are still filling their jitter buffers."
COLUMNS = (
    "seconds",
    "rss_kb",
    "pss_kb",
    "cpu_percent",
    "load",
    "drift_median_ms",
    "drift_worst_ms",
    "lost_packets",
    "received_packets",
    "concealed_percent",
    "silent_pairs",
    "still_pairs",
)
MEANINGS = {
    "rss_kb": "worker memory, RSS, kB",
    "pss_kb": "worker memory, PSS, kB",
    "cpu_percent": "worker, percent of a core",
    "load": "load of the machine, which others use too",
    "drift_median_ms": "sound ahead of picture, median of the pairs, ms",
    "drift_worst_ms": "sound apart from picture, worst pair, ms",
    "concealed_percent": "sound made up by the browsers since the last sample, percent",
}


def worker_memory(process_id: int) -> tuple[int, int]:
    """RSS and PSS of a process in kB."""
    found = {}
    text = Path(f"/proc/{process_id}/smaps_rollup").read_text(encoding="ascii")
    for line in text.splitlines()[1:]:
        name, value, *_ = line.split()
        found[name] = int(value)
    return found["Rss:"], found["Pss:"]


class Watch:
    """The call's figures from one sample to the next."""

    def __init__(self, relay: Relay, guests: dict[str, Guest]) -> None:
        self._relay = relay
        self._guests = guests
        self._before: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._processor = (0.0, 0.0)

    async def sample(self, seconds: float) -> list[float]:
        """One row of ``COLUMNS``."""
        now: dict[tuple[str, str, str], dict[str, Any]] = {}
        for name, guest in self._guests.items():
            for (publisher, kind), figures in (await guest.look()).items():
                now[name, publisher, kind] = figures
        (process_id,) = self._relay.process_ids()
        memory = worker_memory(process_id)
        used, at = cpu_seconds(process_id), time.monotonic()
        share = (used - self._processor[0]) / (at - self._processor[1]) * 100
        self._processor = (used, at)
        drifts: list[float] = []
        silent = still = 0
        samples = concealed = 0.0
        for name in self._guests:
            for publisher in self._guests:
                if publisher == name:
                    continue
                sound = now.get((name, publisher, "audio"), {})
                picture = now.get((name, publisher, "video"), {})
                if sound.get("playout") and picture.get("playout"):
                    drifts.append(sound["playout"] - picture["playout"])
                before = self._before.get((name, publisher, "audio"), {})
                silent += not sound or sound["energy"] <= before.get("energy", 0)
                samples += sound.get("samples", 0) - before.get("samples", 0)
                concealed += sound.get("concealed", 0) - before.get("concealed", 0)
                before = self._before.get((name, publisher, "video"), {})
                still += not picture or picture["frames"] <= before.get("frames", 0)
        self._before = now
        worst: float = max(drifts, key=abs, default=0.0)
        return [
            round(seconds, 1),
            *memory,
            round(share, 2),
            round(os.getloadavg()[0], 1),
            round(statistics.median(drifts), 1) if drifts else 0.0,
            round(worst, 1),
            sum(one["lost"] for one in now.values()),
            sum(one["packets"] for one in now.values()),
            round(100 * concealed / max(samples, 1), 2),
            silent,
            still,
        ]


async def watch_call(minutes: float, keep: Path | None) -> dict[str, Any]:
    """Hold the call and sample it; ``keep`` is rewritten with what is known, after each sample."""
    async with call_of_four() as call:
        watch = Watch(call.relay, call.guests)
        rows: list[list[float]] = []
        result: dict[str, Any] = {}
        began = time.monotonic()
        await watch.sample(0)
        while (passed := time.monotonic() - began) < minutes * 60:
            await asyncio.sleep(SAMPLE_SECONDS - passed % SAMPLE_SECONDS)
            rows.append(await watch.sample(time.monotonic() - began))
            result = {
                "minutes": round(rows[-1][0] / 60, 1),
                "connections": call.connections,
                "faults": call.faults[:10],
                "errors": sum(one.errors for one in call.relay.figures),
                "columns": COLUMNS,
                "rows": rows,
            }
            if keep is not None:
                await asyncio.to_thread(keep.write_text, as_json(result))
        return result


def as_json(result: dict[str, Any]) -> str:
    """The result with one sample a line."""
    rows = ",\n".join(json.dumps(row) for row in result["rows"])
    head = json.dumps({name: value for name, value in result.items() if name != "rows"})
    return f'{head[:-1]}, "rows": [\n{rows}\n]}}\n'


def column(result: dict[str, Any], name: str) -> list[float]:
    """All values of one column."""
    index = list(result["columns"]).index(name)
    return [row[index] for row in result["rows"]]


def draw(result: dict[str, Any]) -> str:
    """The samples as an SVG."""
    memory = {
        "RSS": [one / 1024 for one in column(result, "rss_kb")],
        "PSS": [one / 1024 for one in column(result, "pss_kb")],
    }
    drift = {
        "worst pair": column(result, "drift_worst_ms"),
        "median": column(result, "drift_median_ms"),
    }
    load = column(result, "load")
    most = max(100.0, *(abs(one) for one in drift["worst pair"]))
    return chart(
        "The relay during a call of four",
        column(result, "seconds"),
        [
            Panel("worker memory, MiB", memory, 0, 10 * (max(memory["RSS"]) // 10 + 1)),
            Panel("worker, % of a core", {"CPU": column(result, "cpu_percent")}, 0, 20),
            Panel("load of the machine", {"load": load}, 0, 5 * (max(load) // 5 + 1)),
            Panel("sound ahead of picture, ms", drift, -most, most),
        ],
    )


def run(minutes: float = 1.0, keep: Path | None = None) -> dict[str, Any]:
    """One minute; the whole hour is asked for by this module's own command."""
    return asyncio.run(watch_call(minutes, keep))


def table(result: dict[str, Any]) -> str:
    seconds = column(result, "seconds")
    start = next((i for i, at in enumerate(seconds) if at >= SETTLED_SECONDS), 0)
    rows: list[list[Any]] = [
        [f"{result['minutes']:g} minutes, twelve pairs", "first", "last", "worst"]
    ]
    for name, meaning in MEANINGS.items():
        values = column(result, name)[start:]
        rows.append([meaning, values[0], values[-1], max(values, key=abs)])
    lost, received = column(result, "lost_packets"), column(result, "received_packets")
    rows.append(["packets lost", lost[start], lost[-1], max(lost)])
    rows.append(["packets received", received[start], received[-1], max(received)])
    for name, meaning in (
        ("silent_pairs", "samples with a pair without sound"),
        ("still_pairs", "samples with a pair whose picture stood still"),
    ):
        rows.append([meaning, "", "", sum(1 for one in column(result, name)[start:] if one)])
    rows.append(["connections made", "", result["connections"], ""])
    rows.append(["worker's internal errors", "", result["errors"], ""])
    return lines(rows)


def main() -> None:
    """Hold the call, write ``relay_hour.json`` and ``relay_hour.svg``, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--output", type=Path, default=Path("docs"), help="folder for both files")
    options = parser.parse_args()
    result = run(options.minutes, options.output / "relay_hour.json")
    (options.output / "relay_hour.svg").write_text(draw(result), encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main()
