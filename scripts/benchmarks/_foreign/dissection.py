"""A capture in the clear as tshark reads it: what it recognizes, and what it finds wrong."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

WRONG = "_ws.malformed or _ws.expert.severity >= 6291456"
"Malformed packets and whatever tshark counts as a warning or worse (PI_WARN)."
TOPMOST = ("rtcp", "rtp", "stun")
FIELDS = ("frame.number", "frame.protocols", "_ws.expert.message", "_ws.malformed")


class NoTshark(RuntimeError):
    """tshark is not installed."""


def dissect(capture: Path, port: int) -> dict[str, Any]:
    """Frames by protocol, and a line for each of the relay's that is wrong. Raises NoTshark."""
    if shutil.which("tshark") is None:
        raise NoTshark("apt-get install tshark")
    by_protocol: Counter[str] = Counter()
    for line in _tshark(capture, port, "-T", "fields", "-e", "frame.protocols"):
        names = line.split(":")
        by_protocol[next((one for one in TOPMOST if one in names), names[-1])] += 1
    fields = [part for field in FIELDS for part in ("-e", field)]
    wrong = _tshark(
        capture, port, "-Y", f"udp.srcport == {port} and ({WRONG})", "-T", "fields", *fields
    )
    return {"protocols": dict(by_protocol), "wrong": len(wrong), "first": wrong[:5]}


def _tshark(capture: Path, port: int, *arguments: str) -> list[str]:
    command = ["tshark", "-r", str(capture), "-n", "-d", f"udp.port=={port},rtp"]
    command += ["-o", "rtp.version0_type:STUN"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
