"""Attachments: the photos and PDFs of chat lines. Everything that is said of a file is sealed for its
row; its bytes are in `storage/engine/sealed_files.py`."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from signaling.attachment import Attachment, AttachmentKind, AttachmentNote, StoredRendition
from storage.engine.database import Executor, Row, batched, marks
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


def inserted(key: ConsultationKey, attachment: Attachment) -> tuple[object, ...]:
    """The parameters of INSERT."""
    return (
        attachment.consultation_id, attachment.id, _sealed(key, attachment),
        attachment.stored_bytes, attachment.turned,
    )  # fmt: skip


def opened(key: ConsultationKey, row: Row) -> Attachment:
    """The attachment of a row with its columns. Raises InvalidTag if it was changed or moved."""
    details = msgspec.json.decode(key.open(_place(row["id"]), row["details"]), type=_Details)
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

    async def add(self, attachment: Attachment) -> None:
        """Add the attachment of a line that was just added; `Chat.append` adds both."""
        key = await self._vault.key(self._executor, attachment.consultation_id)
        await self._executor.rows(INSERT, inserted(key, attachment))

    async def get(self, consultation_id: str, attachment_id: str) -> Attachment | None:
        return (await self.of_lines(consultation_id, [attachment_id])).get(attachment_id)

    async def of_lines(
        self, consultation_id: str, line_ids: Iterable[str]
    ) -> dict[str, Attachment]:
        """Line id -> its attachment, of those lines that have one."""
        found: list[Attachment] = []
        for ids in batched(line_ids):
            found += await self._found(
                consultation_id, f"consultation_id = ? AND id IN ({marks(ids)})", *ids
            )
        return {each.id: each for each in found}

    async def of_consultation(self, consultation_id: str) -> list[Attachment]:
        """All attachments of a consultation, by id."""
        return await self._found(consultation_id, "consultation_id = ? ORDER BY id")

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
        if known is None:
            return
        others = [each for each in known.renditions if each.name != rendition.name]
        await self._change(replace(known, renditions=(*others, rendition)))

    async def _change(self, attachment: Attachment) -> None:
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
        row = await self._executor.row(
            "SELECT (SELECT COALESCE(SUM(bytes), 0) FROM attachment WHERE consultation_id = ?1)"
            " + (SELECT COALESCE(SUM(bytes), 0) FROM upload WHERE consultation_id = ?1) AS volume",
            (consultation_id,),
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
