"""Chat: messages that the participants of a consultation write, and lines about events.

Also its limits: what makes a page of lines, and how much one participant and all of them may write.
They are far above what people write, and keep one session from filling the disk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from signaling.attachment import Attachment
from signaling.invite import Role
from signaling.text import CHAT_LENGTH, paragraphs

LineKind = Literal[
    "text", "photo", "pdf", "joined", "left", "added", "removed", "started", "kept_open", "resumed",
    "reopened", "closed", "call_started", "call_ended", "call_missed", "call_declined", "photo_asked",
    "photo_declined", "photo_failed", "photo_refused", "took_over",
    "asked_for_phone_call",
]  # fmt: skip
"MESSAGE_KINDS come from a person; every other kind is an event line without text."
MESSAGE_KINDS: frozenset[LineKind] = frozenset(("text", "photo", "pdf"))
"The text of a photo or PDF is its caption, maybe empty."
UNREAD_KINDS: frozenset[LineKind] = MESSAGE_KINDS | {"asked_for_phone_call"}
"What somebody wants to be read."
COMING_AND_GOING: frozenset[LineKind] = frozenset(("joined", "left"))

PAGE_LINES = 100
PAGE_BYTES = 64 * 1024
"Most lines, and bytes of JSON, of one page."
NEWEST_LINES = 50
NEWEST_BYTES = 32 * 1024
"""Most lines that a newcomer gets, some screens of a phone, and most bytes: 13 seconds at
20 kbit/s, less than the silence after which a browser considers its connection dead."""
LINE_BYTES = 240
"JSON of a line without its text, with ids of maximum length."
ATTACHMENT_BYTES = 160
"JSON of an attachment without the name of the file."

MIB = 2**20
AUTHOR_BYTES = 16 * MIB
"What one participant may write in a session: some fifteen thick books."
SESSION_BYTES = 64 * MIB
"What all participants may write together."
SPARE_BYTES = MIB
"What everybody may write even if others have filled the session: nobody can be silenced."
NEARLY_FULL_BYTES = 2 * MIB
"Authors are warned below this: five hundred long messages before the end."
STORED_LINE_BYTES = 64
"Overhead that each line counts, so that tiny messages are not free."
EVENT_LINES = 1000
"""Most event lines of one participant; later ones are not recorded in the chat. Losing the
connection every minute of a day stays below it."""


@dataclass(frozen=True)
class ChatMessage:
    id: str
    "Made by the author's browser; sending the same id again changes nothing."
    consultation_id: str
    position: int
    "1, 2, 3 ... without gaps within a consultation: the order of display."
    participant_id: str
    kind: LineKind
    text: str
    sent_at: datetime
    "By the server's clock."
    attachment: Attachment | None = None
    "The photo or PDF that it shows."


def checked_text(text: str) -> str:
    """Chat text as it is stored. Raises InvalidInput if empty or longer than CHAT_LENGTH."""
    return paragraphs("text", text, limit=CHAT_LENGTH, required=True)


def line_bytes(text: str, file_name: str | None = None) -> int:
    """Most bytes that a line takes on the wire; one with an attachment has the name of its file."""
    attached = 0 if file_name is None else ATTACHMENT_BYTES + len(msgspec.json.encode(file_name))
    return LINE_BYTES + len(msgspec.json.encode(text)) + attached


def one_page(lines: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Lines from the start that make one page, at least one; consumes hardly more than these."""
    page: list[ChatMessage] = []
    left = PAGE_BYTES
    for line in lines:
        left -= line_bytes(line.text, line.attachment.name if line.attachment else None)
        if page and left < 0:
            break
        page.append(line)
        if left <= 0 or len(page) == PAGE_LINES:
            break
    return page


def stored_bytes(text: str) -> int:
    """Bytes that a text counts against the limits of its author and of the session."""
    return STORED_LINE_BYTES + len(text.encode())


def writable_bytes(written: Mapping[str, int], author: str) -> int:
    """Bytes that `author` may still write, given what everybody has written; may be negative."""
    own = written.get(author, 0)
    shared = SESSION_BYTES - sum(written.values())
    return max(min(AUTHOR_BYTES - own, shared), SPARE_BYTES - own)


@dataclass(frozen=True)
class Unread:
    """What one author wrote in one session and a reader has not seen."""

    consultation_id: str
    participant_id: str
    "Of the author."
    count: int
    since: datetime
    "When the oldest of these messages was sent."


class Author(NamedTuple):
    """Who wrote; without a name each reader is shown the role."""

    name: str
    role: Role | Literal["scheduler"]


_UNKNOWN = Author("?", "scheduler")


@dataclass(frozen=True)
class UnreadSession:
    """A session in which something is unread."""

    consultation_id: str
    authors: tuple[Author, ...]
    "Whoever began at first."
    count: int
    since: datetime


def by_session(unread: Iterable[Unread], authors: Mapping[str, Author]) -> list[UnreadSession]:
    """The sessions in which something is unread, oldest first.

    `authors` are by participant id.
    """
    sessions: dict[str, list[Unread]] = {}
    for each in sorted(unread, key=lambda each: each.since):
        sessions.setdefault(each.consultation_id, []).append(each)
    return [
        _session(consultation_id, parts, authors) for consultation_id, parts in sessions.items()
    ]


def _session(
    consultation_id: str, parts: Sequence[Unread], authors: Mapping[str, Author]
) -> UnreadSession:
    written = (authors.get(each.participant_id, _UNKNOWN) for each in parts)
    return UnreadSession(
        consultation_id,
        tuple(dict.fromkeys(written)),
        sum(each.count for each in parts),
        parts[0].since,
    )
