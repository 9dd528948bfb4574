"""The chat as it is stored."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from signaling.attachment import Attachment
from signaling.chat import ChatMessage, LineKind, Unread


class Chat(Protocol):
    async def append(
        self,
        consultation_id: str,
        message_id: str,
        participant_id: str,
        kind: LineKind,
        text: str,
        now: datetime,
        attachment: Attachment | None = None,
    ) -> ChatMessage | None: ...
    async def get(self, consultation_id: str, message_id: str) -> ChatMessage | None: ...
    async def page(
        self, consultation_id: str, *, before: int | None = None, after: int | None = None
    ) -> list[ChatMessage]: ...
    async def written(self, consultation_id: str) -> dict[str, int]: ...
    async def announced(self, consultation_id: str) -> dict[str, LineKind]: ...
    async def mark_seen(self, consultation_id: str, participant_id: str, position: int) -> None: ...
    async def unread(self, reader_id: str, consultation_ids: Iterable[str]) -> list[Unread]: ...
    async def last_visit(self, consultation_id: str, participant_id: str) -> str: ...
    async def seen(self, consultation_id: str) -> dict[str, int]: ...
