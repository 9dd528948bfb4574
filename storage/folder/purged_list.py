"""Which consultations were purged, in a file beside the database.

A backup brings back what was purged after it was made, and its database does not know. So a digest
of each id is kept here, one a line after the day: it reveals nothing to whoever does not have that
very consultation. What is listed is purged again whenever a database that still has it is opened.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from signaling.errors import Unavailable
from storage.errors import StorageError
from storage.folder import durable

PURGED_LIST = "purged.log"
KEPT = timedelta(days=400)
"Longer than anybody may keep a backup."
_LINE = re.compile(r"(\d{4}-\d\d-\d\d) ([0-9a-f]{32})")

Entries = Mapping[str, date]
"Digest of an id -> the day of its purge, by this machine's clock."


def digest(consultation_id: str) -> str:
    """The entry of a consultation: 128 bits of its id's SHA-256, in hexadecimal."""
    return sha256(consultation_id.encode()).hexdigest()[:32]


class PurgedList:
    def __init__(self, file: Path) -> None:
        self._file = file

    async def add(self, ids: Iterable[str]) -> None:
        """Write ids to disk, to be awaited before their keys are destroyed. Raises Unavailable."""
        try:
            await asyncio.to_thread(self._append, tuple(ids))
        except OSError as error:
            raise Unavailable from error

    def _append(self, ids: tuple[str, ...]) -> None:
        born = not self._file.exists()
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "ab") as opened:  # writes all of it, or raises
            size = opened.tell()
            # a line torn by a power cut must not swallow the next one
            whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
            lines = _lines(dict.fromkeys(map(digest, ids), _today()))
            opened.write((b"" if whole else b"\n") + lines)
            opened.flush()
            os.fsync(descriptor)
        if born:
            durable.sync(self._file.parent)

    def read(self) -> Entries:
        """The entries; malformed lines are skipped. Raises StorageError."""
        try:
            text = self._file.read_text("ascii", "replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageError(
                f"The list of what was deleted {self._file} cannot be read: {error.strerror}."
            ) from error
        entries: dict[str, date] = {}
        for line in filter(None, map(_LINE.fullmatch, text.splitlines())):
            if day := _day(line[1]):
                entries[line[2]] = max(day, entries.get(line[2], day))
        return entries

    def replace(self, entries: Entries) -> None:
        """Write these entries without outdated ones. Nobody may add meanwhile. Raises OSError."""
        durable.write(self._file, _lines(_kept(entries)))

    def prune(self) -> None:
        """Drop outdated entries. Nobody may add meanwhile. Raises StorageError, OSError."""
        entries = self.read()
        if _kept(entries) != entries:
            self.replace(entries)


def _kept(entries: Entries) -> Entries:
    """Entries younger than KEPT, measured from the newest too: a wrong clock drops none."""
    oldest = min(_today(), max(entries.values(), default=_today())) - KEPT
    return {each: day for each, day in entries.items() if day >= oldest}


def _lines(entries: Entries) -> bytes:
    return "".join(f"{day.isoformat()} {each}\n" for each, day in entries.items()).encode()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _today() -> date:
    return datetime.now(UTC).date()
