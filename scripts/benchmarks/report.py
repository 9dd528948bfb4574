"""What drawing a report costs: processor time, memory and size, by content.

Each report is drawn as the server has it drawn, by `python -m web.report.process`; its figures are
those that the system keeps of an ended process. The start of the process, some half a second, is
the first row. Long messages have 4,000 characters, the most there may be.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.benchmarks._figures import lines
from signaling.report import Report, ReportLine
from web.report.process import Order, encode

START = datetime(2026, 11, 22, 17, 15, tzinfo=UTC)
WORDS = [
    "The",
    "patient",
    "says",
    "that",
    "pain",
    "began",
    "yesterday",
    "evening",
    "after",
    "dinner",
    "and",
    "it",
    "has",
    "been",
    "getting",
    "worse",
    "since",
    "then",
    "with",
    "fever",
    "cough",
    "at",
    "night",
]
LONG = 4000


def _cases(chance: random.Random) -> dict[str, list[str]]:
    """What was written, by the name of its row."""

    def of(first: int, count: int) -> str:
        return "".join(chr(first + chance.randrange(count)) for _ in range(LONG))

    def short(number: int) -> str:
        return f"{number} {' '.join(chance.choices(WORDS, k=9))}"[:60]

    def marked() -> str:
        return "a" + "".join(chr(0x300 + chance.randrange(70)) for _ in range(6))

    return {
        "one short line": [short(0)],
        "10,000 short lines": list(map(short, range(10_000))),
        "33,000 short lines, a whole part": list(map(short, range(33_000))),
        "100 long messages": [" ".join(chance.choices(WORDS, k=LONG))[:LONG] for _ in range(100)],
        "100 in Arabic": ["مرحبا دكتور، أشعر بألم شديد "[:27] * (LONG // 27)] * 100,
        "100 in Chinese": [of(0x4E00, 3000) for _ in range(100)],
        "100 in Tibetan, which no font has": [of(0x0F40, 40) for _ in range(100)],
        "100 in cuneiform, which no font has": [of(0x12000, 900) for _ in range(100)],
        "100 of letters with six marks": [
            "".join(marked() for _ in range(LONG // 7)) for _ in range(100)
        ],
        "100 of one letter a line": ["a\n" * (LONG // 2)] * 100,
    }


def _input(texts: Iterable[str]) -> bytes:
    order = Order(Report("en", "Europe/Zurich", START), brand="TeleConnect", made_at=START)
    said = (
        ReportLine(("Amina", "Nurse Joy")[number % 2], START + timedelta(seconds=number), text)
        for number, text in enumerate(texts)
    )
    return encode(order) + b"".join(map(encode, said))


def _draw(texts: list[str]) -> dict[str, float]:
    facts = _input(texts)
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "web.report.process", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(facts)  # the process reads all of it before it writes
        process.stdin.close()
        drawn = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(drawn.decode())
    return {
        "seconds": used.ru_utime + used.ru_stime,
        "memory_bytes": used.ru_maxrss * 1024,
        "bytes": len(drawn),
    }


def run() -> dict[str, Any]:
    return {"rows": {name: _draw(texts) for name, texts in _cases(random.Random(1)).items()}}


def table(result: dict[str, Any]) -> str:
    rows = [
        [name, row["seconds"], row["memory_bytes"] / 1e6, row["bytes"] / 1e6]
        for name, row in result["rows"].items()
    ]
    return lines([["", "processor s", "memory MB", "file MB"], *rows])
