"""Chat messages, and how far each participant has seen them.

The text of a line is sealed for its row, author, position, kind and time: none of them can be
changed without the text being lost. That a line is missing at the end, or that a whole file is an
older one, does not show; and lines written before the binding was there are bound to their row
alone, until they are purged.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime

from signaling.chat import EVENT_LINES, PAGE_LINES, ChatMessage, LineKind, one_page, stored_bytes
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.database import Executor, Row
from storage.engine.vault import ConsultationKey, Vault

BINDING = 1
"How texts are bound now; 0 is how they were before, see migration 2."
LAST = 2**62
"After every position."


def _place(
    binding: int, message_id: str, position: int, participant_id: str, kind: str, sent_at: int
) -> str:
    """What a text is sealed for; no id or kind has a dot."""
    row = f"chat_message.text.{message_id}"
    return row if binding == 0 else f"{row}.{position}.{participant_id}.{kind}.{sent_at}"


def _message(key: ConsultationKey, row: Row) -> ChatMessage:
    """The line in `row`. Raises InvalidTag if anything of it was changed."""
    place = _place(
        row["binding"], row["id"], row["position"], row["participant_id"], row["kind"],
        row["sent_at"],
    )  # fmt: skip
    return ChatMessage(
        id=row["id"],
        consultation_id=row["consultation_id"],
        position=row["position"],
        participant_id=row["participant_id"],
        kind=row["kind"],
        text=key.open(place, row["text"]).decode(),
        sent_at=from_ms(row["sent_at"]),
    )


class _Lines:
    """The lines of one consultation, within one turn of the database's thread."""

    def __init__(self, connection: sqlite3.Connection, consultation_id: str) -> None:
        self._connection = connection
        self._id = consultation_id

    def last(self) -> int:
        """The newest position; 0 if there is none."""
        return self._number("SELECT MAX(position) FROM chat_message WHERE consultation_id = ?")

    def events_of(self, participant_id: str) -> int:
        """How many event lines of somebody there are."""
        return self._number(
            "SELECT COUNT(*) FROM chat_message"
            " WHERE consultation_id = ? AND participant_id = ? AND kind <> 'text'",
            participant_id,
        )

    def insert(
        self, position: int, message_id: str, participant_id: str, kind: LineKind, sealed: bytes,
        sent_at: int,
    ) -> bool:  # fmt: skip
        """False if this id is there already."""
        inserted = self._connection.execute(
            "INSERT INTO chat_message (consultation_id, position, id, participant_id, kind, text,"
            " sent_at, binding) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (consultation_id, id) DO NOTHING",
            (self._id, position, message_id, participant_id, kind, sealed, sent_at, BINDING),
        )
        return inserted.rowcount > 0

    def count(self, participant_id: str, stored: int) -> None:
        """Somebody has written so many bytes more."""
        self._connection.execute(
            "INSERT INTO chat_volume (consultation_id, participant_id, bytes) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
            (self._id, participant_id, stored),
        )

    def _number(self, sql: str, *parameters: str) -> int:
        (found,) = self._connection.execute(sql, (self._id, *parameters)).fetchone()
        return int(found or 0)


class Chat:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def append(
        self,
        consultation_id: str,
        message_id: str,
        participant_id: str,
        kind: LineKind,
        text: str,
        now: datetime,
    ) -> ChatMessage | None:
        """Add a line at the next position, within a transaction.

        None if this id is there already, or for one event line of this person too many.
        """
        key = await self._vault.key(self._executor, consultation_id)
        sent_at = to_ms(now)

        def add(connection: sqlite3.Connection) -> int | None:
            lines = _Lines(connection, consultation_id)
            if kind != "text" and lines.events_of(participant_id) >= EVENT_LINES:
                return None
            position = lines.last() + 1
            place = _place(BINDING, message_id, position, participant_id, kind, sent_at)
            sealed = key.seal(place, text.encode())
            if not lines.insert(position, message_id, participant_id, kind, sealed, sent_at):
                return None
            if kind == "text":
                lines.count(participant_id, stored_bytes(text))
            return position

        # the position, and what is sealed for it, in one turn: nobody writes in between
        position = await self._executor.run(add)
        if position is None:
            return None
        return ChatMessage(message_id, consultation_id, position, participant_id, kind, text, now)

    async def get(self, consultation_id: str, message_id: str) -> ChatMessage | None:
        row = await self._executor.row(
            "SELECT * FROM chat_message WHERE consultation_id = ? AND id = ?",
            (consultation_id, message_id),
        )
        if row is None:
            return None
        return _message(await self._vault.key(self._executor, consultation_id), row)

    async def page(
        self, consultation_id: str, *, before: int | None = None, after: int | None = None
    ) -> list[ChatMessage]:
        """A page of lines between two positions, in order.

        Those nearest to `before`; without it those nearest to `after`; without both the newest.
        They are read and opened in the database's thread, one page in one turn.
        """
        key = await self._vault.key(self._executor, consultation_id)
        forward = before is None and after is not None

        def read(connection: sqlite3.Connection) -> list[ChatMessage]:
            with closing(
                connection.execute(
                    "SELECT * FROM chat_message"
                    " WHERE consultation_id = ? AND position > ? AND position < ?"
                    f" ORDER BY position {'ASC' if forward else 'DESC'} LIMIT {PAGE_LINES}",
                    (consultation_id, after or 0, LAST if before is None else before),
                )
            ) as rows:
                page = one_page(_message(key, row) for row in rows)
            return page if forward else page[::-1]

        return await self._executor.run(read)

    async def pages(self, consultation_id: str) -> AsyncIterator[list[ChatMessage]]:
        """Every line in order, page by page; others read in between."""
        position = 0
        while page := await self.page(consultation_id, after=position):
            yield page
            position = page[-1].position

    async def of_consultation(self, consultation_id: str) -> list[ChatMessage]:
        """Every line, in order."""
        return [line async for page in self.pages(consultation_id) for line in page]

    async def written(self, consultation_id: str) -> dict[str, int]:
        """Participant id -> what they have written, in the bytes of `signaling.chat.stored_bytes`."""
        rows = await self._executor.rows(
            "SELECT participant_id, bytes FROM chat_volume WHERE consultation_id = ?",
            (consultation_id,),
        )
        return {row["participant_id"]: row["bytes"] for row in rows}

    async def announced(self, consultation_id: str) -> dict[str, LineKind]:
        """Participant id -> `joined` or `left`, whichever line of theirs is the last."""
        rows = await self._executor.rows(
            "SELECT participant_id, kind, MAX(position) FROM chat_message INDEXED BY chat_event"
            " WHERE consultation_id = ? AND kind <> 'text' AND kind IN ('joined', 'left')"
            " GROUP BY participant_id",
            (consultation_id,),
        )
        return {row["participant_id"]: row["kind"] for row in rows}

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
