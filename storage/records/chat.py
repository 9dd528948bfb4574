"""Chat messages with their photos and PDFs, and how far each participant has seen them.

The text of a line is sealed for its row, author, position, kind and time: changing any of them
makes the text unreadable. A line missing at the end, or a whole file replaced by an older one, is
not detected. Lines from before migration 2 are bound to their row alone, until they are purged.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from signaling.attachment import Attachment
from signaling.chat import (
    EVENT_LINES,
    MESSAGE_KINDS,
    PAGE_LINES,
    ChatMessage,
    LineKind,
    Unread,
    one_page,
    stored_bytes,
)
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.executor import Executor, Row, Steps, batched, marks
from storage.engine.vault import ConsultationKey, LostKey, Vault
from storage.records import attachments

BINDING = 1
"How texts are bound now; 0: as before migration 2."
LAST = 2**62
"Beyond every position."
_LINES = """
    SELECT chat_message.*, attachment.details, attachment.turned FROM chat_message
    LEFT JOIN attachment ON chat_message.kind IN ('photo', 'pdf')
    AND attachment.consultation_id = chat_message.consultation_id
    AND attachment.id = chat_message.id
"""
_UNREAD = """
    SELECT line.consultation_id, line.participant_id, COUNT(*) AS count, MIN(line.sent_at) AS since
    FROM consultation AS held
    LEFT JOIN seen AS own ON own.consultation_id = held.id AND own.participant_id = ?
    JOIN chat_message AS line ON line.consultation_id = held.id
    AND line.position > COALESCE(own.position, (
        SELECT MAX(position) FROM seen WHERE consultation_id = held.id AND (
            participant_id = held.scheduler_id OR participant_id IN (
                SELECT account_id FROM shared_session WHERE consultation_id = held.id
            )
        )
    ), 0)
    AND line.participant_id NOT IN (?, held.scheduler_id)
    AND line.kind IN ('text', 'photo', 'pdf', 'asked_for_phone_call')
"""
_EVENT = "kind NOT IN ('text', 'photo', 'pdf')"
"As in the index chat_event."


def _place(
    binding: int, message_id: str, position: int, participant_id: str, kind: str, sent_at: int
) -> str:
    """The place that a text is sealed for; no id or kind contains a dot."""
    row = f"chat_message.text.{message_id}"
    return row if binding == 0 else f"{row}.{position}.{participant_id}.{kind}.{sent_at}"


def _message(key: ConsultationKey, row: Row) -> ChatMessage:
    """The line in `row`; its text is UNREADABLE if anything in it was changed."""
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
        text=key.text(place, row["text"]),
        sent_at=from_ms(row["sent_at"]),
        attachment=None if row["details"] is None else attachments.opened(key, row, row["kind"]),
    )


_Position = Steps[int | None]
_Page = Steps[list[ChatMessage]]
"""What steps return that are written within a function, where an annotation is evaluated at each call: for these it
takes as long as a statement."""


class _Lines:
    """The lines of one consultation, as steps of one visit to the database."""

    def __init__(self, consultation_id: str) -> None:
        self._id = consultation_id

    def last(self, message_id: str) -> Steps[tuple[int, bool]]:
        """The newest position, 0 if there is none; and whether there is a line with this id."""
        ((position, taken),) = yield (
            "SELECT (SELECT MAX(position) FROM chat_message WHERE consultation_id = ?1),"
            " EXISTS (SELECT 1 FROM chat_message WHERE consultation_id = ?1 AND id = ?2)",
            (self._id, message_id),
        )
        return position or 0, bool(taken)

    def events_of(self, participant_id: str) -> Steps[int]:
        """How many event lines this participant has."""
        return self._number(
            "SELECT COUNT(*) FROM chat_message"
            f" WHERE consultation_id = ? AND participant_id = ? AND {_EVENT}",
            participant_id,
        )

    def insert(
        self, position: int, message_id: str, participant_id: str, kind: LineKind, sealed: bytes,
        sent_at: int,
    ) -> Steps[None]:  # fmt: skip
        yield (
            "INSERT INTO chat_message (consultation_id, position, id, participant_id, kind, text,"
            " sent_at, binding) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._id, position, message_id, participant_id, kind, sealed, sent_at, BINDING),
        )

    def attach(self, parameters: tuple[object, ...]) -> Steps[None]:
        yield attachments.INSERT, parameters

    def count(self, participant_id: str, stored: int) -> Steps[None]:
        """Add to the bytes that this participant has written."""
        yield (
            "INSERT INTO chat_volume (consultation_id, participant_id, bytes) VALUES (?, ?, ?)"
            " ON CONFLICT (consultation_id, participant_id)"
            " DO UPDATE SET bytes = chat_volume.bytes + excluded.bytes",
            (self._id, participant_id, stored),
        )

    def _number(self, sql: str, *parameters: str) -> Steps[int]:
        ((found,),) = yield sql, (self._id, *parameters)
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
        attachment: Attachment | None = None,
    ) -> ChatMessage | None:
        """Add a line at the next position, with its photo or PDF, within a transaction.

        None if this id exists already, if this participant has too many event lines, or for an event
        of a session whose key is damaged: it can be left and closed all the same. Raises Damaged for a message in it.
        """
        key = await self._vault.key(self._executor, consultation_id)
        if kind not in MESSAGE_KINDS and isinstance(key, LostKey):
            return None
        sent_at = to_ms(now)

        def add() -> _Position:
            lines = _Lines(consultation_id)
            if kind not in MESSAGE_KINDS:
                events = yield from lines.events_of(participant_id)
                if events >= EVENT_LINES:
                    return None
            last, taken = yield from lines.last(message_id)
            if taken:
                return None
            position = last + 1
            place = _place(BINDING, message_id, position, participant_id, kind, sent_at)
            sealed = key.seal(place, text.encode())
            yield from lines.insert(position, message_id, participant_id, kind, sealed, sent_at)
            if attachment is not None:
                yield from lines.attach(attachments.inserted(key, attachment))
            if kind in MESSAGE_KINDS:
                yield from lines.count(participant_id, stored_bytes(text))
            return position

        position = await self._executor.run(add())
        if position is None:
            return None
        return ChatMessage(
            message_id, consultation_id, position, participant_id, kind, text, now, attachment
        )

    async def get(self, consultation_id: str, message_id: str) -> ChatMessage | None:
        row = await self._executor.row(
            f"{_LINES} WHERE chat_message.consultation_id = ? AND chat_message.id = ?",
            (consultation_id, message_id),
        )
        if row is None:
            return None
        return _message(await self._vault.key(self._executor, consultation_id), row)

    async def page(
        self, consultation_id: str, *, before: int | None = None, after: int | None = None
    ) -> list[ChatMessage]:
        """A page of lines between two positions, in order.

        Those nearest to `before`; without it those nearest to `after`; without either the newest.
        With SQLite a page is read and decrypted in one visit to the database's thread.
        """
        key = await self._vault.key(self._executor, consultation_id)
        forward = before is None and after is not None

        def read() -> _Page:
            rows = yield (
                f"{_LINES} WHERE chat_message.consultation_id = ?"
                " AND position > ? AND position < ?"
                f" ORDER BY position {'ASC' if forward else 'DESC'} LIMIT {PAGE_LINES}",
                (consultation_id, after or 0, LAST if before is None else before),
            )
            page = one_page(_message(key, row) for row in rows)
            return page if forward else page[::-1]

        return await self._executor.run(read())

    async def pages(self, consultation_id: str) -> AsyncIterator[list[ChatMessage]]:
        """Every line in order, page by page; other reads run in between."""
        position = 0
        while page := await self.page(consultation_id, after=position):
            yield page
            position = page[-1].position

    async def of_consultation(self, consultation_id: str) -> list[ChatMessage]:
        """Every line, in order."""
        return [line async for page in self.pages(consultation_id) for line in page]

    async def amounts(self, consultation_id: str) -> tuple[int, int]:
        """How many messages people have written, and how many of them are photos or PDFs."""
        row = await self._executor.row(
            "SELECT COUNT(*) AS messages, COUNT(NULLIF(kind, 'text')) AS files FROM chat_message"
            f" WHERE consultation_id = ? AND NOT ({_EVENT})",
            (consultation_id,),
        )
        return (row["messages"], row["files"]) if row else (0, 0)

    async def written(self, consultation_id: str) -> dict[str, int]:
        """Participant id -> what they have written, in bytes as `signaling.chat.stored_bytes`."""
        rows = await self._executor.rows(
            "SELECT participant_id, bytes FROM chat_volume WHERE consultation_id = ?",
            (consultation_id,),
        )
        return {row["participant_id"]: row["bytes"] for row in rows}

    async def announced(self, consultation_id: str) -> dict[str, LineKind]:
        """Participant id -> `joined` or `left`, whichever came last."""
        rows = await self._executor.rows(
            "SELECT participant_id, kind FROM chat_message WHERE consultation_id = ?1"
            " AND position IN (SELECT MAX(position) FROM chat_message INDEXED BY chat_event"
            f" WHERE consultation_id = ?1 AND {_EVENT} AND kind IN ('joined', 'left')"
            " GROUP BY participant_id)",
            (consultation_id,),
        )
        return {row["participant_id"]: row["kind"] for row in rows}

    async def phone_wishes(self, consultation_id: str) -> set[str]:
        """Participants who have asked to be called by phone, and whom no staff has answered since."""
        rows = await self._executor.rows(
            "SELECT participant_id, MAX(position) AS asked FROM chat_message INDEXED BY chat_event"
            f" WHERE consultation_id = ? AND {_EVENT} AND kind = 'asked_for_phone_call'"
            " GROUP BY participant_id",
            (consultation_id,),
        )
        if not rows:
            return set()
        (last,) = await self._executor.rows(
            "SELECT MAX(position) AS answered FROM chat_message WHERE consultation_id = ?"
            " AND kind NOT IN ('joined', 'left')"
            " AND participant_id NOT IN (SELECT id FROM invite WHERE consultation_id = ?)",
            (consultation_id, consultation_id),
        )
        return {row["participant_id"] for row in rows if row["asked"] > (last["answered"] or 0)}

    async def mark_seen(self, consultation_id: str, participant_id: str, position: int) -> None:
        """Move the marker forward; it never goes back."""
        await self._executor.rows(
            "INSERT INTO seen (consultation_id, participant_id, position) VALUES (?, ?, ?)"
            " ON CONFLICT (consultation_id, participant_id) DO UPDATE SET"
            " position = MAX(seen.position, excluded.position)",
            (consultation_id, participant_id, position),
        )

    async def unread(self, reader_id: str, consultation_ids: Iterable[str]) -> list[Unread]:
        """Messages after the reader's marker, by session and author, those begun first at first.

        A reader without a marker has the furthest of those who hold the session. What the reader or its
        scheduler wrote counts not.
        """
        found = []
        for ids in batched(consultation_ids):
            rows = await self._executor.rows(
                f"{_UNREAD} WHERE held.id IN ({marks(ids)}) GROUP BY line.consultation_id,"
                " line.participant_id",
                (reader_id, reader_id, *ids),
            )
            found += [
                Unread(
                    row["consultation_id"],
                    row["participant_id"],
                    row["count"],
                    from_ms(row["since"]),
                )
                for row in rows
            ]
        return sorted(found, key=lambda each: each.since)

    async def last_visit(self, consultation_id: str, participant_id: str) -> str:
        """Distinguishes the visits of a participant: another word after each time they have come.

        Made of where the chat says that they joined, and how far they have seen it.
        """
        row = await self._executor.row(
            "SELECT (SELECT MAX(position) FROM chat_message INDEXED BY chat_event"
            f" WHERE consultation_id = ?1 AND participant_id = ?2 AND {_EVENT}"
            " AND kind = 'joined') AS joined, (SELECT position FROM seen"
            " WHERE consultation_id = ?1 AND participant_id = ?2) AS seen",
            (consultation_id, participant_id),
        )
        assert row is not None
        return f"{row['joined'] or 0}-{row['seen'] or 0}"

    async def seen(self, consultation_id: str) -> dict[str, int]:
        """Participant id -> position up to which they have seen the chat."""
        rows = await self._executor.rows(
            "SELECT participant_id, position FROM seen WHERE consultation_id = ?",
            (consultation_id,),
        )
        return {row["participant_id"]: row["position"] for row in rows}
