"""Chat messages, who has seen how far, and commands that were done."""

from collections.abc import AsyncIterator
from datetime import datetime

from signaling.chat import ChatMessage, Kind
from storage.database import Executor, Row
from storage.times import from_ms, to_ms
from storage.vault import ConsultationKey, Vault


def _place(message_id: str) -> str:
    return f"chat_message.text.{message_id}"


class Chat:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    @staticmethod
    def _message(key: ConsultationKey, row: Row) -> ChatMessage:
        return ChatMessage(
            id=row["id"],
            consultation_id=row["consultation_id"],
            position=row["position"],
            participant_id=row["participant_id"],
            kind=row["kind"],
            text=key.open(_place(row["id"]), row["text"]).decode(),
            sent_at=from_ms(row["sent_at"]),
        )

    async def append(
        self,
        consultation_id: str,
        message_id: str,
        participant_id: str,
        kind: Kind,
        text: str,
        now: datetime,
    ) -> ChatMessage | None:
        """Add a line at the next position; None if this id is there already."""
        key = await self._vault.key(self._executor, consultation_id)
        row = await self._executor.row(
            "INSERT INTO chat_message (consultation_id, position, id, participant_id, kind, text,"
            " sent_at) SELECT ?1, COALESCE(MAX(position), 0) + 1, ?2, ?3, ?4, ?5, ?6"
            " FROM chat_message WHERE consultation_id = ?1"
            " ON CONFLICT (consultation_id, id) DO NOTHING RETURNING position",
            (
                consultation_id, message_id, participant_id, kind,
                key.seal(_place(message_id), text.encode()), to_ms(now),
            ),
        )  # fmt: skip
        if row is None:
            return None
        return ChatMessage(
            message_id, consultation_id, row["position"], participant_id, kind, text, now
        )

    async def get(self, consultation_id: str, message_id: str) -> ChatMessage | None:
        row = await self._executor.row(
            "SELECT * FROM chat_message WHERE consultation_id = ? AND id = ?",
            (consultation_id, message_id),
        )
        if row is None:
            return None
        return self._message(await self._vault.key(self._executor, consultation_id), row)

    async def pages(self, consultation_id: str) -> AsyncIterator[list[ChatMessage]]:
        """Every line in order, page by page; others read in between."""
        key = await self._vault.key(self._executor, consultation_id)
        position = 0
        while rows := await self._executor.rows(
            "SELECT * FROM chat_message WHERE consultation_id = ? AND position > ?"
            " ORDER BY position LIMIT 100",
            (consultation_id, position),
        ):
            yield [self._message(key, row) for row in rows]
            position = rows[-1]["position"]

    async def of_consultation(self, consultation_id: str) -> list[ChatMessage]:
        """Every line, in order."""
        key = await self._vault.key(self._executor, consultation_id)
        rows = await self._executor.rows(
            "SELECT * FROM chat_message WHERE consultation_id = ? ORDER BY position",
            (consultation_id,),
        )
        return [self._message(key, row) for row in rows]

    async def mark_seen(self, consultation_id: str, participant_id: str, position: int) -> None:
        """Move the marker forward; it never goes back."""
        await self._executor.rows(
            "INSERT INTO seen (consultation_id, participant_id, position) VALUES (?, ?, ?)"
            " ON CONFLICT (consultation_id, participant_id) DO UPDATE SET"
            " position = MAX(position, excluded.position)",
            (consultation_id, participant_id, position),
        )

    async def seen(self, consultation_id: str) -> dict[str, int]:
        """Participant id -> position up to which they have seen the chat."""
        rows = await self._executor.rows(
            "SELECT participant_id, position FROM seen WHERE consultation_id = ?",
            (consultation_id,),
        )
        return {row["participant_id"]: row["position"] for row in rows}

    async def first_time(self, consultation_id: str, command_id: str) -> bool:
        """Note a command as done; False if it was done before."""
        rows = await self._executor.rows(
            "INSERT INTO command (consultation_id, id) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            (consultation_id, command_id),
        )
        return bool(rows)

    async def was_done(self, consultation_id: str, command_id: str) -> bool:
        return bool(
            await self._executor.rows(
                "SELECT 1 FROM command WHERE consultation_id = ? AND id = ?",
                (consultation_id, command_id),
            )
        )
