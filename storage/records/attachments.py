"""Attachments: the photos and PDFs of chat lines. Everything that is said of a file is sealed for its
row; its bytes are in `storage/files/sealed_files.py`."""

from dataclasses import replace

import msgspec

from signaling.attachment import Attachment, AttachmentKind, AttachmentNote, StoredRendition
from signaling.text import UNREADABLE
from storage.engine.executor import Executor, Row
from storage.engine.vault import ConsultationKey, Vault


class _Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed of an attachment."""

    kind: AttachmentKind
    name: str
    size: int
    pages: int = 0
    notes: tuple[AttachmentNote, ...] = ()
    renditions: tuple[StoredRendition, ...] = ()


INSERT = (
    "INSERT INTO attachment (consultation_id, id, details, bytes, turned) VALUES (?, ?, ?, ?, ?)"
)

VOLUME = (
    "((SELECT COALESCE(SUM(bytes), 0) FROM attachment WHERE consultation_id = ?1)"
    " + (SELECT COALESCE(SUM(bytes), 0) FROM upload WHERE consultation_id = ?1))"
)
"Bytes that files take of the limit of session ?1: what is stored, and what is to come."


def inserted(key: ConsultationKey, attachment: Attachment) -> tuple[object, ...]:
    """The parameters of INSERT."""
    return (
        attachment.consultation_id, attachment.id, _sealed(key, attachment),
        attachment.stored_bytes, attachment.turned,
    )  # fmt: skip


def opened(key: ConsultationKey, row: Row, kind: AttachmentKind = "photo") -> Attachment:
    """The attachment of a row with its columns; `kind` is that of one that is damaged."""
    plain = key.read(_place(row["id"]), row["details"])
    if plain is None:
        return Attachment(
            row["id"], row["consultation_id"], kind, UNREADABLE, 0, notes=("lost",), damaged=True
        )
    details = msgspec.json.decode(plain, type=_Details)
    return Attachment(
        id=row["id"],
        consultation_id=row["consultation_id"],
        kind=details.kind,
        name=details.name,
        size=details.size,
        pages=details.pages,
        notes=details.notes,
        turned=row["turned"],
        renditions=details.renditions,
    )


def _place(attachment_id: str) -> str:
    return f"attachment.details.{attachment_id}"


def _sealed(key: ConsultationKey, attachment: Attachment) -> bytes:
    details = _Details(
        attachment.kind, attachment.name, attachment.size, attachment.pages, attachment.notes,
        attachment.renditions,
    )  # fmt: skip
    return key.seal(_place(attachment.id), msgspec.json.encode(details))


class Attachments:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def get(self, consultation_id: str, attachment_id: str) -> Attachment | None:
        found = await self._found(consultation_id, "consultation_id = ? AND id = ?", attachment_id)
        return found[0] if found else None

    async def of_consultation(self, consultation_id: str) -> list[Attachment]:
        """All attachments of a consultation, by id."""
        return await self._found(consultation_id, "consultation_id = ? ORDER BY id")

    async def consultations(self) -> set[str]:
        """Ids of the consultations that have any."""
        rows = await self._executor.rows("SELECT DISTINCT consultation_id FROM attachment")
        return {row["consultation_id"] for row in rows}

    async def turn(self, consultation_id: str, attachment_id: str, turned: int) -> bool:
        """Store by how many quarter turns clockwise it is shown; False if there is none."""
        rows = await self._executor.rows(
            "UPDATE attachment SET turned = ? WHERE consultation_id = ? AND id = ? RETURNING 1",
            (turned, consultation_id, attachment_id),
        )
        return bool(rows)

    async def add_rendition(
        self, consultation_id: str, attachment_id: str, rendition: StoredRendition
    ) -> None:
        """Store that a rendition was made, within a transaction; one of the same name is replaced."""
        known = await self.get(consultation_id, attachment_id)
        if known is None or known.damaged:
            return
        others = [each for each in known.renditions if each.name != rendition.name]
        await self.change(replace(known, renditions=(*others, rendition)))

    async def change(self, attachment: Attachment) -> None:
        """Store all but how it is turned, within a transaction."""
        key = await self._vault.key(self._executor, attachment.consultation_id)
        await self._executor.rows(
            "UPDATE attachment SET details = ?, bytes = ? WHERE consultation_id = ? AND id = ?",
            (
                _sealed(key, attachment), attachment.stored_bytes, attachment.consultation_id,
                attachment.id,
            ),
        )  # fmt: skip

    async def volume(self, consultation_id: str) -> int:
        """Bytes that files take of the session's limit: what is stored, and what is to come."""
        row = await self._executor.row(f"SELECT {VOLUME} AS volume", (consultation_id,))
        return int(row["volume"]) if row else 0

    async def whole_volume(self) -> int:
        """The same of all sessions, wherever files are kept."""
        row = await self._executor.row(
            "SELECT (SELECT COALESCE(SUM(bytes), 0) FROM attachment)"
            " + (SELECT COALESCE(SUM(bytes), 0) FROM upload) AS volume"
        )
        return int(row["volume"]) if row else 0

    async def _found(
        self, consultation_id: str, condition: str, *parameters: str
    ) -> list[Attachment]:
        rows = await self._executor.rows(
            f"SELECT * FROM attachment WHERE {condition}", (consultation_id, *parameters)
        )
        if not rows:
            return []
        key = await self._vault.key(self._executor, consultation_id)
        return [opened(key, row) for row in rows]
