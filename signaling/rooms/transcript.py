"""What a room keeps of its chat: the newest lines, and totals of all others.

The chat itself is stored, and older lines are read page by page.
"""

from collections.abc import Iterable, Mapping

from signaling.chat import (
    NEARLY_FULL_BYTES,
    NEWEST_BYTES,
    NEWEST_LINES,
    ChatMessage,
    LineKind,
    line_bytes,
    stored_bytes,
    writable_bytes,
)
from signaling.moments.milliseconds import to_ms
from signaling.wire.values import ChatLine


class Transcript:
    def __init__(
        self,
        newest: Iterable[ChatMessage] = (),
        written: Mapping[str, int] | None = None,
        announced: Mapping[str, LineKind] | None = None,
    ) -> None:
        """`newest` is the last page; `written` and `announced` cover the whole chat."""
        self.lines = [chat_line(message) for message in newest]
        "The newest lines in order: up to NEWEST_LINES and NEWEST_BYTES, but at least the last one."
        self._bytes = sum(line_bytes(line.text) for line in self.lines)
        self._trim()
        self._written = dict(written or {})
        "participant id -> stored bytes they have written"
        self._announced = dict(announced or {})
        "participant id -> their last `joined` or `left` line"

    @property
    def last(self) -> int:
        """The position of the newest line; 0 while there is none."""
        return self.lines[-1].position if self.lines else 0

    def add(self, message: ChatMessage) -> ChatLine:
        """Add a stored line; it may come after one with a later position."""
        line = chat_line(message)
        self.lines.append(line)
        if len(self.lines) > 1 and self.lines[-2].position > line.position:
            self.lines.sort(key=lambda entry: entry.position)
        self._bytes += line_bytes(line.text)
        self._trim()
        author = message.participant_id
        if message.kind == "text":
            self._written[author] = self._written.get(author, 0) + stored_bytes(message.text)
        elif message.kind in ("joined", "left"):
            self._announced[author] = message.kind
        return line

    def _trim(self) -> None:
        while len(self.lines) > 1 and (
            len(self.lines) > NEWEST_LINES or self._bytes > NEWEST_BYTES
        ):
            self._bytes -= line_bytes(self.lines.pop(0).text)

    def is_there(self, participant_id: str) -> bool:
        """Whether the chat says that a participant has joined and not left since."""
        return self._announced.get(participant_id) == "joined"

    def has_room_for(self, author: str, text: str) -> bool:
        """Whether `author` may still write this text."""
        return stored_bytes(text) <= writable_bytes(self._written, author)

    def nearly_full(self, author: str) -> bool:
        """Whether `author` should be warned that little more can be written."""
        return writable_bytes(self._written, author) < NEARLY_FULL_BYTES


def chat_line(message: ChatMessage) -> ChatLine:
    return ChatLine(
        message.id,
        message.position,
        message.participant_id,
        message.kind,
        message.text,
        to_ms(message.sent_at),
    )
