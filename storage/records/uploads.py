"""Uploads: files on their way into the chat. What was said about a file is sealed for its row."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from signaling.attachment import Beside, Upload
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.executor import Executor, Row, Steps
from storage.engine.vault import ConsultationKey, Vault
from storage.records.attachments import VOLUME

_Known = Steps[Row | None]
"As in `chat.py`, named for the time that it takes to make."


class _Details(msgspec.Struct, frozen=True):
    """What is sealed of an upload."""

    name: str = ""
    caption: str = ""
    sha256: str = ""
    request_id: str | None = None


def _place(upload_id: str) -> str:
    return f"upload.details.{upload_id}"


def _upload(key: ConsultationKey | None, row: Row) -> Upload:
    plain = None if key is None else key.read(_place(row["id"]), row["details"])
    # without a digest it cannot be attached, but it can be forgotten
    details = _Details() if plain is None else msgspec.json.decode(plain, type=_Details)
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


_KNOWN = "SELECT * FROM upload WHERE consultation_id = ? AND id = ?"
_BESIDE = (
    "SELECT EXISTS (SELECT 1 FROM chat_message WHERE consultation_id = ?1 AND id = ?2) AS taken,"
    " (SELECT COUNT(*) FROM upload WHERE consultation_id = ?1 AND participant_id = ?3) AS own,"
    f" {VOLUME} AS volume"
)
_INSERT = (
    "INSERT INTO upload (consultation_id, id, participant_id, details, bytes, created_at,"
    " touched_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Uploads:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def create(
        self, upload: Upload, admit: Callable[[Beside], None] = lambda beside: None
    ) -> tuple[Upload, bool]:
        """Add an upload, within a transaction; or the known one if its id exists already.

        Returns it, and whether it is new. What `admit` raises for what there is beside it is raised.
        """
        key = await self._vault.key(self._executor, upload.consultation_id)
        details = _Details(upload.name, upload.caption, upload.sha256, upload.request_id)
        row = (
            upload.consultation_id, upload.id, upload.participant_id,
            key.seal(_place(upload.id), msgspec.json.encode(details)), upload.size,
            to_ms(upload.created_at), to_ms(upload.touched_at),
        )  # fmt: skip

        def add() -> _Known:
            place = (upload.consultation_id, upload.id)
            known = yield _KNOWN, place
            if known:
                return known[0]
            (beside,) = yield _BESIDE, (*place, upload.participant_id)
            admit(Beside(bool(beside["taken"]), beside["own"], beside["volume"]))
            yield _INSERT, row
            return None

        known = await self._executor.run(add())
        return (upload, True) if known is None else (_upload(key, known), False)

    async def get(self, consultation_id: str, upload_id: str) -> Upload | None:
        found = await self._found("consultation_id = ? AND id = ?", consultation_id, upload_id)
        return found[0] if found else None

    async def on_its_way(self, consultation_id: str, upload_id: str) -> Upload | None:
        """An upload that does not stand in the chat yet."""
        found = await self._found(
            "consultation_id = ? AND id = ? AND NOT EXISTS (SELECT 1 FROM chat_message"
            " WHERE chat_message.consultation_id = upload.consultation_id"
            " AND chat_message.id = upload.id)",
            consultation_id, upload_id,
        )  # fmt: skip
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
        await self._executor.post(
            "UPDATE upload SET touched_at = ?1 WHERE touched_at > ?1", (to_ms(now),)
        )

    async def _found(self, condition: str, *parameters: object) -> list[Upload]:
        rows = await self._executor.rows(f"SELECT * FROM upload WHERE {condition}", parameters)
        ids = {row["consultation_id"] for row in rows}
        keys = await self._vault.keys(self._executor, ids)
        return [_upload(keys.get(row["consultation_id"]), row) for row in rows]
