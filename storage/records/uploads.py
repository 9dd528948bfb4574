"""Uploads: files on their way into the chat. What was said about a file is sealed for its row."""

import logging
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag

from signaling.attachment import Upload
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.database import Executor, Row
from storage.engine.vault import ConsultationKey, Vault

_log = logging.getLogger(__name__)


class _Details(msgspec.Struct, frozen=True):
    """What is sealed of an upload."""

    name: str = ""
    caption: str = ""
    sha256: str = ""
    request_id: str | None = None


def _place(upload_id: str) -> str:
    return f"upload.details.{upload_id}"


def _upload(key: ConsultationKey | None, row: Row) -> Upload:
    details = _Details()
    try:
        if key is not None:
            sealed = key.open(_place(row["id"]), row["details"])
            details = msgspec.json.decode(sealed, type=_Details)
    except InvalidTag:  # without a digest it cannot be attached, but it can be forgotten
        _log.exception("unreadable", extra={"consultation_id": row["consultation_id"]})
    return Upload(
        id=row["id"],
        consultation_id=row["consultation_id"],
        participant_id=row["participant_id"],
        name=details.name,
        caption=details.caption,
        size=row["bytes"],
        sha256=details.sha256,
        request_id=details.request_id,
        created_at=from_ms(row["created_at"]),
        touched_at=from_ms(row["touched_at"]),
    )


class Uploads:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def create(self, upload: Upload) -> Upload:
        """Add an upload, within a transaction; returns the known one if its id exists already."""
        known = await self.get(upload.consultation_id, upload.id)
        if known is not None:
            return known
        key = await self._vault.key(self._executor, upload.consultation_id)
        details = _Details(upload.name, upload.caption, upload.sha256, upload.request_id)
        await self._executor.rows(
            "INSERT INTO upload (consultation_id, id, participant_id, details, bytes, created_at,"
            " touched_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                upload.consultation_id, upload.id, upload.participant_id,
                key.seal(_place(upload.id), msgspec.json.encode(details)), upload.size,
                to_ms(upload.created_at), to_ms(upload.touched_at),
            ),
        )  # fmt: skip
        return upload

    async def get(self, consultation_id: str, upload_id: str) -> Upload | None:
        found = await self._found("consultation_id = ? AND id = ?", consultation_id, upload_id)
        return found[0] if found else None

    async def touch(self, consultation_id: str, upload_id: str, now: datetime) -> None:
        """Something of it has arrived."""
        await self._executor.rows(
            "UPDATE upload SET touched_at = ? WHERE consultation_id = ? AND id = ?",
            (to_ms(now), consultation_id, upload_id),
        )

    async def delete(self, consultation_id: str, upload_id: str) -> None:
        await self._executor.rows(
            "DELETE FROM upload WHERE consultation_id = ? AND id = ?", (consultation_id, upload_id)
        )

    async def untouched_since(self, moment: datetime) -> list[Upload]:
        """Those of which nothing has arrived after `moment`, of all consultations, oldest first."""
        return await self._found("touched_at <= ? ORDER BY touched_at", to_ms(moment))

    async def of_consultation(self, consultation_id: str) -> list[Upload]:
        """All uploads of a consultation, oldest first."""
        return await self._found("consultation_id = ? ORDER BY created_at, id", consultation_id)

    async def clamp_future(self, now: datetime) -> None:
        """Set times in the future, written by a wrong clock, to `now`."""
        await self._executor.rows(
            "UPDATE upload SET touched_at = ?1 WHERE touched_at > ?1", (to_ms(now),)
        )

    async def _found(self, condition: str, *parameters: object) -> list[Upload]:
        rows = await self._executor.rows(f"SELECT * FROM upload WHERE {condition}", parameters)
        ids = {row["consultation_id"] for row in rows}
        keys = await self._vault.keys(self._executor, ids)
        return [_upload(keys.get(row["consultation_id"]), row) for row in rows]
