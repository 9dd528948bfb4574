"""Tables as CSV (RFC 4180) that a spreadsheet opens as it is meant: UTF-8 with a mark, no formulas."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from storage.records.audit import AuditLine

BOM = b"\xef\xbb\xbf"
"At the beginning of a file: without it spreadsheets take UTF-8 for the encoding of the country."
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins like this is run as a formula (OWASP, CSV injection), by spreadsheets for Chinese and
Japanese also in full width."""


AUDIT_HEADINGS = ("line", "time", "actor", "actor_name", "action", "object", "object_name")
"Of the audit log as a table; for programs, so not translated."


def audit_row(line: AuditLine, names: Mapping[str, str]) -> tuple[object, ...]:
    """A line of the audit log below these headings; `names` are those of what still exists."""
    at = line.at.isoformat(timespec="milliseconds")
    actor, thing = names.get(line.actor, ""), names.get(line.thing, "")
    return line.number, at, line.actor, actor, line.action, line.thing, thing


def csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as octets; a cell that would be a formula begins with an apostrophe instead."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(each) for each in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return str(value)  # a number is no formula, be it negative
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
