"""The audit log on the machine itself: `python -m scripts.audit verify`, `show` or `export`.

Reads only, and works while the server runs.
"""

import argparse
import asyncio
import os
import sys
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from storage.errors import StorageError
from storage.records.audit import Choice, Finding, Head
from storage.store import Records, reading
from web.config import ConfigError, load
from web.csv_lines import AUDIT_HEADINGS, BOM, audit_row, csv_lines


async def verify(head: Head | None) -> tuple[bool, str]:
    """(whether all is well, one sentence about it). Raises StorageError."""
    async with _reading() as records:
        finding = await records.audit.check()
        noted = await records.audit.digest_of(head.number) if head else None
    return _judge(finding, head, noted)


def _judge(finding: Finding, head: Head | None, noted: bytes | None) -> tuple[bool, str]:
    if not finding.holds:
        return False, (
            f"The audit log is broken at line {finding.broken}: it was changed, taken out, or "
            "written without this server's key."
        )
    if head is not None and head.number and noted is None:
        return False, (
            f"The end of the audit log was cut: it ends with line {finding.head.number}, and "
            f"line {head.number} was there."
        )
    if head is not None and head.number and noted != head.digest:
        return False, f"Line {head.number} is not the one that was noted: the log was rewritten."
    return True, f"The audit log holds: its last line is {finding.head}."


async def show(since: datetime | None) -> None:
    """Print the lines, oldest first. Raises StorageError."""
    async with _reading() as records:
        async for lines in records.audit.every(Choice(since=since)):
            for line in lines:
                at = line.at.isoformat(timespec="seconds")
                print(f"{line.number}\t{at}\t{line.actor}\t{line.action}\t{line.thing}")


async def export(since: datetime | None) -> None:
    """Write the lines as CSV, as the page "Audit log" does, with names. Raises StorageError."""
    out = sys.stdout.buffer
    async with _reading() as records:
        names = {each.id: each.name for each in await records.accounts.all()}
        names |= {each.id: each.name for each in await records.interpreters.organizations()}
        out.write(BOM + csv_lines([AUDIT_HEADINGS]))
        async for lines in records.audit.every(Choice(since=since)):
            out.write(csv_lines(audit_row(line, names) for line in lines))


def _reading() -> AbstractAsyncContextManager[Records]:
    config = load()
    return reading(config.data_dir, config.master_key, config.database_url)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.audit", description="Checks or prints the audit log."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("verify", help="say whether the log is as it was written")
    checking.add_argument(
        "--head",
        type=_head,
        metavar="NUMBER:DIGEST",
        help='a line noted earlier, as in the server\'s log ("audit head"): was it cut since?',
    )
    printing = commands.add_parser("show", help="print the lines, oldest first")
    exporting = commands.add_parser("export", help="write the lines as CSV, oldest first")
    for each in (printing, exporting):
        each.add_argument(
            "--since", type=_moment, metavar="DATE", help="only from then on, as 2026-12-07 (UTC)"
        )
    chosen = parser.parse_args()
    try:
        if chosen.command != "verify":
            asyncio.run((show if chosen.command == "show" else export)(chosen.since))
            sys.stdout.flush()
            return 0
        holds, sentence = asyncio.run(verify(chosen.head))
    except (StorageError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    print(sentence)
    return 0 if holds else 1


def _head(text: str) -> Head:
    """Raises ArgumentTypeError."""
    try:
        return Head.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a number, a colon and 64 digits") from None


def _moment(text: str) -> datetime:
    """Raises ArgumentTypeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date like 2026-12-07") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
