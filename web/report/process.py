"""`python -m web.report.process SERVER` draws one report: its data on stdin, the PDF on stdout.

`web/report/workers.py` starts it. A report takes long and its text comes from strangers, so it is drawn
outside the server, at the lowest priority, with resource limits that hold even if the program hangs. It
writes no file: no report, no core dump. It ends with the server, whose process id is its argument.

stdin has an `Order`, then the lines of the report, one JSON value on each line of text. After a line
whose photo or PDF is carried follow the bytes of that one, in pieces (`piece`). An error goes to stdout
in place of the PDF, and quotes nothing that people wrote.
"""

import os
import resource
import sys
import traceback
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

import msgspec

from signaling.report import Report, ReportContents, ReportLine, reduce_report
from web.processes.parent import end_with
from web.processes.priority import give_way
from web.report.pdf import ReportLogo, draw
from web.texts.catalogs import translations_of

CPU_SECONDS = 300
"Far above the longest part of a report; see docs/benchmarks.md."
MEMORY_BYTES = 1536 * 2**20
"Of address space, half of which is in use."
PRIORITY = 10
"A `nice` value."

_lines = msgspec.json.Decoder(ReportLine)


class Order(msgspec.Struct):
    """What to draw, except for the lines of the chat."""

    report: Report
    brand: str
    made_at: datetime
    contents: ReportContents = ReportContents()
    password: str | None = None
    "Without which the file cannot be opened; None: it is not encrypted."
    logo: ReportLogo | None = None


def encode(value: Order | ReportLine) -> bytes:
    """One line of the process's input."""
    return msgspec.json.encode(value) + b"\n"


def piece(block: bytes) -> bytes:
    """A piece of a carried file; an empty one ends it."""
    return len(block).to_bytes(4, "big") + block


BROKEN = b"\xff\xff\xff\xff"
"In place of a piece: the rest of this file cannot be read."


def draw_from(source: BinaryIO) -> bytes:
    """The PDF that an input orders. Raises msgspec.DecodeError or EOFError for invalid input."""
    order = msgspec.json.decode(source.readline(), type=Order)
    lines: list[ReportLine] = []
    contents: dict[int, bytes] = {}
    for text in iter(source.readline, b""):
        line = _lines.decode(text)
        if line.file and line.file.carried:
            content = _content(source)
            if content is not None:
                contents[line.file.carried] = content
        lines.append(line)
    facts = reduce_report(replace(order.report, lines=tuple(lines)), order.contents)
    translate = translations_of(facts.language).gettext
    return draw(
        facts,
        translate,
        brand=order.brand,
        made_at=order.made_at,
        password=order.password,
        contents=contents,
        logo=order.logo,
    )


def _content(source: BinaryIO) -> bytes | None:
    """The bytes of a carried file; None if they cannot be read."""
    pieces: list[bytes] = []
    while (size := _exactly(source, 4)) != BROKEN:
        if size == bytes(4):
            return b"".join(pieces)
        pieces.append(_exactly(source, int.from_bytes(size, "big")))
    return None


def _exactly(source: BinaryIO, size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise EOFError
    return found


def main(server: int, source: BinaryIO, target: BinaryIO) -> int:
    end_with(server)
    _restrain()
    try:
        target.write(draw_from(source))
    except Exception as error:
        target.write(_complaint(error).encode())
        return 1
    return 0


def _restrain() -> None:
    give_way(PRIORITY)
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _complaint(error: Exception) -> str:
    """Type and line of an error; its own text may quote what somebody wrote."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {os.path.basename(place.filename)}:{place.lineno}"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer))
