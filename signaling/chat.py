"""Chat: what people of a consultation write to each other, and lines about who came and went.

Also how much of it there may be: what makes a page of lines, and what one person and all of them
may fill. The bounds are far above what people write; they keep one session from filling the disk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from signaling.text import CHAT_LENGTH, paragraphs

LineKind = Literal[
    "text", "joined", "left", "added", "removed", "started", "kept_open", "resumed", "closed",
    "call_started", "call_ended", "call_missed",
]  # fmt: skip
"`text` is written by a person; every other kind is an event line without text."

PAGE_LINES = 100
PAGE_BYTES = 64 * 1024
"The most lines, and bytes of JSON, that are sent at once."
NEWEST_BYTES = 32 * 1024
"""Of the lines that a newcomer gets: at 20 kbit/s they take 13 seconds, less than the silence after
which a browser believes the line dead."""
LINE_BYTES = 240
"JSON of a line without its text, with ids of full length."

MIB = 2**20
AUTHOR_BYTES = 16 * MIB
"What one person may write in a session: some fifteen thick books."
SESSION_BYTES = 64 * MIB
"What all of them may write together."
SPARE_BYTES = MIB
"What everybody may write also where others have filled the session: nobody can be silenced."
NEARLY_FULL_BYTES = 2 * MIB
"From here on an author is told: five hundred long messages before the end."
STORED_LINE_BYTES = 64
"What a line takes besides its text; without it, empty words would cost nothing."
EVENT_LINES = 1000
"""Event lines of one person; what comes after is not noted in the chat. Somebody who loses the line
every minute of a day stays below it."""


@dataclass(frozen=True)
class ChatMessage:
    id: str
    "Made by the browser that wrote it; sending the same id again changes nothing."
    consultation_id: str
    position: int
    "1, 2, 3 ... without gaps within a consultation: the order everybody sees."
    participant_id: str
    kind: LineKind
    text: str
    sent_at: datetime
    "By the server's clock."


def checked_text(text: str) -> str:
    """Chat text as it is kept. Raises InvalidInput if empty or longer than CHAT_LENGTH."""
    return paragraphs("text", text, limit=CHAT_LENGTH, required=True)


def line_bytes(text: str) -> int:
    """Bytes that a line with this text takes on the wire, at most."""
    return LINE_BYTES + len(msgspec.json.encode(text))


def one_page(lines: Iterable[ChatMessage]) -> list[ChatMessage]:
    """As many lines from the start as make a page, but one at least; takes hardly more than that."""
    page: list[ChatMessage] = []
    left = PAGE_BYTES
    for line in lines:
        left -= line_bytes(line.text)
        if page and left < 0:
            break
        page.append(line)
        if left <= 0 or len(page) == PAGE_LINES:
            break
    return page


def stored_bytes(text: str) -> int:
    """What a text counts against the bounds of its author and of the session."""
    return STORED_LINE_BYTES + len(text.encode())


def writable_bytes(written: Mapping[str, int], author: str) -> int:
    """What `author` may still write, given what everybody has written; negative if too much."""
    own = written.get(author, 0)
    shared = SESSION_BYTES - sum(written.values())
    return max(min(AUTHOR_BYTES - own, shared), SPARE_BYTES - own)
