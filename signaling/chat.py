"""Chat: what people of a consultation write to each other, and lines about who came and went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.text import CHAT_LENGTH, paragraphs

Kind = Literal[
    "text", "joined", "left", "added", "removed", "started", "kept_open", "resumed", "closed",
    "call_started", "call_ended", "call_missed",
]  # fmt: skip
"`text` is written by a person; every other kind is an event line without text."


@dataclass(frozen=True)
class ChatMessage:
    id: str
    "Made by the browser that wrote it; sending the same id again changes nothing."
    consultation_id: str
    position: int
    "1, 2, 3 ... without gaps within a consultation: the order everybody sees."
    participant_id: str
    kind: Kind
    text: str
    sent_at: datetime
    "By the server's clock."


def checked_text(text: str) -> str:
    """Chat text as it is kept. Raises InvalidInput if empty or longer than CHAT_LENGTH."""
    return paragraphs("text", text, limit=CHAT_LENGTH, required=True)
