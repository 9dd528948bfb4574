"""Eight WebRTC clients that nobody here wrote, in one room of the relay.

    scripts/bench foreign_clients --packages FOLDER

werift, node-datachannel and @roamhq/wrtc come from npm into FOLDER, Pion is built there from Debian's
sources; aiortc, GStreamer, Chromium and Firefox are this machine's. Each is in a network namespace
of its own (needs root), so nothing leaves the machine. Each first connects alone with its answer held
back, then all send and receive in one room, at the end with losses each way. What a capture of the room
says about the relay's packets is checked by programs of this project's and by tshark. Ends with status
1 if anything was not as it should be.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.benchmarks._figures import lines
from scripts.benchmarks._foreign.driver import Order
from scripts.benchmarks._foreign.programs import CLIENTS, Missing, prepared
from scripts.benchmarks._foreign.reading import read_room
from scripts.benchmarks._foreign.results import Row, rows, waiting
from scripts.benchmarks._foreign.staging import CAPTURE, HOST, RUN, stage
from scripts.traffic.network import NetworkUnavailable

FOLDER = Path("build/foreign")
DELAYS = (0.0, 0.1, 0.8)
ASKS = {one.name: one.asks for one in CLIENTS}
ANSWERS = {one.name: one.answers for one in CLIENTS}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run_with(chosen: argparse.Namespace) -> dict[str, Any]:
    """Run the chosen clients, then read what they left."""
    if chosen.read:
        seen = json.loads((chosen.read / RUN).read_text())
        return {"missing": {}, "seen": seen, "capture": _read(chosen.read, seen)}
    names = chosen.only.split(",") if chosen.only else [one.name for one in CLIENTS]
    unknown = set(names) - {one.name for one in CLIENTS}
    if unknown:
        raise ValueError(f"no client named {', '.join(sorted(unknown))}")
    commands, missing = {}, {}
    for one in CLIENTS:
        if one.name in names:
            try:
                commands[one.name] = prepared(one, chosen.packages)
            except Missing as reason:
                missing[one.name] = str(reason)

    def order(addresses: dict[str, str]) -> Order:
        return Order(
            clients=addresses,
            host=HOST,
            folder=str(folder),
            delays=DELAYS,
            repeats=chosen.repeats,
            seconds=chosen.seconds,
            lossy_seconds=chosen.lossy_seconds,
            simulcast=tuple(one.name for one in CLIENTS if one.simulcast),
        )

    with tempfile.TemporaryDirectory(prefix="teleconnect-bench-") as temporary:
        folder = chosen.keep.absolute() if chosen.keep else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            seen = stage(commands, folder, chosen.loss / 100, order, _say)
        except NetworkUnavailable as reason:
            return {"missing": {"network": str(reason)}, "seen": {}}
        return {"missing": missing, "seen": seen, "capture": _read(folder, seen)}


def _read(folder: Path, seen: dict[str, Any]) -> dict[str, Any]:
    return read_room(folder / CAPTURE, seen, folder / "plain.pcap")


def options(parser: argparse.ArgumentParser) -> None:
    """What this benchmark takes on the command line."""
    parser.add_argument(
        "--packages", metavar="FOLDER", type=Path, default=FOLDER, help="where they are, or go to"
    )
    parser.add_argument("--only", metavar="NAMES", help="these clients, with commas between")
    parser.add_argument("--repeats", type=int, default=3, help="connections for each delay")
    parser.add_argument("--seconds", type=float, default=90.0, help="in the room")
    parser.add_argument("--lossy-seconds", type=float, default=45.0, help="the last of these")
    parser.add_argument("--loss", type=float, default=6.0, help="percent each way in these")
    parser.add_argument(
        "--read", metavar="FOLDER", type=Path, help="run nothing, read what is there"
    )
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="leave logs and capture there")


def _faults(result: dict[str, Any]) -> list[str]:
    missing = [f"{name}: {reason}" for name, reason in result["missing"].items()]
    seen = result["seen"]
    if not seen:
        return missing
    absent = [f"{name}: did not come" for name in seen["absent"]]
    refused = [f"refused answer of {one}" for one in seen["refused_answers"]]
    errors = [f"the relay: {seen['figures']['errors']} errors"] * bool(seen["figures"]["errors"])
    of_clients = [fault for row in _rows(result) for fault in row.faults]
    return [*missing, *absent, *refused, *errors, *of_clients, *_captured(result["capture"])]


def _rows(result: dict[str, Any]) -> list[Row]:
    capture = result["capture"]
    return rows(result["seen"], capture["nominations"], capture["handshakes"])


def _captured(capture: dict[str, Any]) -> list[str]:
    """What is wrong in the capture."""
    found = [f"to {one}" for one in capture["complaints"]]
    wrong = capture["tshark"]["wrong"]
    if wrong:
        found.append(
            f"tshark: {wrong} frames of the relay are wrong, first: {capture['tshark']['first'][0]}"
        )
    for name, one in capture["clients"].items():
        repairs = one["repairs"]
        if ASKS[name] and not repairs["of_these_sent"]:
            found.append(f"{name}: nothing that it asked for again was sent")
        if ANSWERS[name] and not repairs["of_these_came"]:
            found.append(f"{name}: nothing came that the relay asked for again")
    return found


def failed(result: dict[str, Any]) -> bool:
    """Whether anything was not as it should be."""
    return bool(_faults(result))


def table(result: dict[str, Any]) -> str:
    """Clients by what became of them, then what was not as it should be."""
    if not result["seen"]:
        return "\n".join(f"nothing was run: {one}" for one in _faults(result))
    delays = [f"{delay:g} s late" for delay in DELAYS]
    body = [
        [
            row.name,
            *(_worst(row.late.get(str(delay), [])) for delay in DELAYS),
            row.cut or ("stayed" if row.connected else "never came"),
            f"{row.receives} of {row.wanted}",
            f"{row.sends} of {row.wanted}",
        ]
        for row in _rows(result)
    ]
    heading = ["client", *delays, "in the room", "receives", "is received"]
    parts = [
        lines([heading, *body]),
        _capture_table(result["capture"]),
        waiting(result["seen"]["late"]),
        "\n".join(
            f"{row.name}: said nothing for {silence:.2f} s after the relay's part of a handshake"
            for row in _rows(result)
            for silence in row.silent
        ),
        "\n".join(_faults(result)),
    ]
    return "\n\n".join(part for part in parts if part).strip()


def _capture_table(capture: dict[str, Any]) -> str:
    heading = [
        "client",
        "RTP to it",
        "from it",
        "repairs to it",
        "from it",
        "largest",
        "feedback off by, ms",
    ]
    body = []
    for name, one in capture["clients"].items():
        repairs = one["repairs"]
        spread = one["arrival_spread_ms"]
        body.append(
            [
                name,
                one["sent"],
                one["came"],
                f"{repairs['of_these_sent']} of {repairs['asked_by_client']}",
                f"{repairs['of_these_came']} of {repairs['asked_by_relay']}",
                one["largest"],
                f"{spread[0]:.1f} to {spread[1]:.1f}, worst {spread[2]:.0f}" if spread else "-",
            ]
        )
    protocols = ", ".join(
        f"{kind} {often:,}" for kind, often in capture["tshark"]["protocols"].items()
    )
    return f"{lines([heading, *body])}\n\ntshark: {protocols}; wrong: {capture['tshark']['wrong']}"


def _worst(times: list[float | None]) -> str:
    """The slowest of some connections, in seconds after the answer."""
    if not times:
        return "-"
    return "never" if None in times else f"{max(one for one in times if one is not None):.2f}"


def run() -> dict[str, Any]:
    """With the options' defaults."""
    parser = argparse.ArgumentParser()
    options(parser)
    return run_with(parser.parse_args([]))
