"""Structured logs: one JSON object a line, without tokens, addresses or personal data.

Of a record's extra fields only those listed here are logged; a path is logged as its pattern.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

FIELDS = (
    "method", "route", "status", "duration_ms", "code", "timer", "consultation_id", "invite_id",
    "notice_id", "account_mail_id", "account_id", "occasion", "reason", "late_s", "off_s", "number",
    "digest", "count", "host", "what", "page", "language", "file", "block", "size", "found", "socket",
)  # fmt: skip
"""None of them tells of a person: ids, our own words, amounts, what a virus scanner calls what it found, and where
it is reached."""

OUR_PACKAGES = ("media", "signaling", "storage", "web")
NEVER_BELOW_ERROR = (
    "aiosqlite", "vonage", "urllib3", "aiosmtplib", "aiohttp.access", "aiohttp.websocket",
    "fontTools", "fpdf",
)  # fmt: skip


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            # the exception's own text may quote what somebody typed: type and line are enough
            line["error"] = kind.__name__
            line["trace"] = [
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(trace)
            ]
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """For a developer's terminal: the same fields in one line, then the exception in full."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = (f"{name}={getattr(record, name)}" for name in FIELDS if hasattr(record, name))
        return " ".join((super().formatMessage(record), *fields))


def set_up(formatter: logging.Formatter | None = None) -> None:
    """Log to standard error, in JSON unless another form is given."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter or JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # these libraries log bodies, addresses and tokens, or whatever a stranger causes
    for name in NEVER_BELOW_ERROR:
        logging.getLogger(name).setLevel(logging.ERROR)


def set_level(level: str) -> None:
    """What our packages log at least; libraries never log below info, which may quote anything."""
    number = logging.getLevelNamesMapping()[level.upper()]
    for name in OUR_PACKAGES:
        logging.getLogger(name).setLevel(number)
    logging.getLogger().setLevel(max(number, logging.INFO))
