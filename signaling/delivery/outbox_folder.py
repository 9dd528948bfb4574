"""The outbox folder: what would be sent, as files, while no provider is configured.

A mail is an `.eml` that every mail program opens; everything else is a `.json`. The file is named
after the notice, so a try repeated after a crash replaces its own file: exactly once. Files hold
links and addresses: readable by the server's user only, and deleted when their notice is purged.
"""

import asyncio
import errno
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from signaling.delivery import mail
from signaling.errors import InvalidInput
from signaling.identifier import PATTERN, new_id
from signaling.notices.notice import Outcome, Outgoing, PermanentFailure, Sent, TemporaryFailure


@dataclass(frozen=True)
class OutboxFile:
    """One written notice."""

    notice_id: str
    name: str
    written_at: datetime
    size: int


class OutboxFolder:
    """Writes every notice into one folder, which is made when first needed."""

    def __init__(self, folder: Path, mail_from: str) -> None:
        self._folder = folder
        self._sender = mail.sender(mail_from)
        self._half = f".{new_id()}.half"
        "Suffix of the files that this process is writing."

    def write_from(self, mail_from: str) -> None:
        """Mail leaves with this sender from now on. Raises InvalidInput."""
        self._sender = mail.sender(mail_from)

    async def prepare(self) -> None:
        """Nothing to warm up."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Write the file; returns once it and its folder's entry are on disk."""
        if not PATTERN.fullmatch(outgoing.notice_id):
            raise ValueError("A notice id names a file and must be one of ours.")
        try:
            name, body = self._file(outgoing)
        except InvalidInput:
            return PermanentFailure("address_refused")
        except ValueError:
            return PermanentFailure("content_refused")
        try:
            await asyncio.to_thread(self._write, name, body)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return TemporaryFailure("disk_full" if full else "outbox_unwritable")
        return Sent(name)

    async def close(self) -> None:
        """Nothing to close."""

    async def list(self) -> tuple[OutboxFile, ...]:
        """The written files, newest first."""
        return await asyncio.to_thread(self._list)

    async def read(self, name: str) -> bytes:
        """The content of one file of `list`. Raises FileNotFoundError."""
        if Path(name).suffix not in (".eml", ".json") or not PATTERN.fullmatch(Path(name).stem):
            raise FileNotFoundError(name)
        return await asyncio.to_thread((self._folder / Path(name).name).read_bytes)

    async def written(self) -> frozenset[str]:
        """Ids of the notices that have a file."""
        return frozenset(file.notice_id for file in await self.list())

    async def discard_halves(self) -> None:
        """Delete files that other processes left incomplete."""
        await asyncio.to_thread(self._discard_halves)

    async def forget(self, notice_ids: Iterable[str]) -> None:
        """Delete the files of these notices; missing ones are no error."""
        await asyncio.to_thread(self._forget, tuple(notice_ids))

    def _file(self, outgoing: Outgoing) -> tuple[str, bytes]:
        if outgoing.channel == "email":
            return f"{outgoing.notice_id}.eml", mail.build(outgoing, self._sender).octets
        template = outgoing.content.template
        record = {
            "channel": outgoing.channel,
            "to": outgoing.address,
            "from": outgoing.sender_id,
            "language": outgoing.language,
            "text": outgoing.content.text,
            "template": template
            and {
                "name": template.name,
                "locale": template.locale,
                "parameters": template.parameters,
            },
        }
        body = json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8", "replace")
        return f"{outgoing.notice_id}.json", body + b"\n"

    def _write(self, name: str, body: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self._folder / f".{name}{self._half}"
        try:
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, self._folder / name)
        except OSError:
            half.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _list(self) -> tuple[OutboxFile, ...]:
        files = []
        for path in self._folder.glob("*.*") if self._folder.is_dir() else ():
            if path.suffix not in (".eml", ".json") or not PATTERN.fullmatch(path.stem):
                continue
            try:
                facts = path.stat()
            except FileNotFoundError:  # purged meanwhile
                continue
            written_at = datetime.fromtimestamp(facts.st_mtime, UTC)
            files.append(OutboxFile(path.stem, path.name, written_at, facts.st_size))
        return tuple(sorted(files, key=lambda file: file.written_at, reverse=True))

    def _discard_halves(self) -> None:
        for path in self._folder.glob(".*.half"):
            if not path.name.endswith(self._half):
                path.unlink(missing_ok=True)

    def _forget(self, notice_ids: tuple[str, ...]) -> None:
        for notice_id in notice_ids:
            if PATTERN.fullmatch(notice_id):
                for name in (f"{notice_id}.eml", f"{notice_id}.json"):
                    (self._folder / name).unlink(missing_ok=True)
                    (self._folder / f".{name}{self._half}").unlink(missing_ok=True)
