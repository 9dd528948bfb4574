"""What a room keeps of its chat: the newest lines, and totals of all others.

The chat itself is stored, and older lines are read page by page.
"""

from collections.abc import Iterable, Mapping

import msgspec

from signaling.attachment import Attachment
from signaling.chat import (
    MESSAGE_KINDS,
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
from signaling.wire import values
from signaling.wire.values import ChatLine


class Transcript:
    def __init__(
        self,
        newest: Iterable[ChatMessage] = (),
        written: Mapping[str, int] | None = None,
        announced: Mapping[str, LineKind] | None = None,
        phone_wishes: Iterable[str] = (),
    ) -> None:
        """`newest` is the last page; all others cover the whole chat."""
        self.lines = [chat_line(message) for message in newest]
        "The newest lines in order: up to NEWEST_LINES and NEWEST_BYTES, but at least the last one."
        self._bytes = sum(map(_bytes, self.lines))
        self._trim()
        self._written = dict(written or {})
        "participant id -> stored bytes they have written"
        self._announced = dict(announced or {})
        "participant id -> their last `joined` or `left` line"
        self.phone_wishes = set(phone_wishes)
        "Participants who have asked to be called by phone, and whom no staff has answered since."

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
        self._bytes += _bytes(line)
        self._trim()
        author = message.participant_id
        if message.kind in MESSAGE_KINDS:
            self._written[author] = self._written.get(author, 0) + stored_bytes(message.text)
        elif message.kind in ("joined", "left"):
            self._announced[author] = message.kind
        return line

    def _trim(self) -> None:
        while len(self.lines) > 1 and (
            len(self.lines) > NEWEST_LINES or self._bytes > NEWEST_BYTES
        ):
            self._bytes -= _bytes(self.lines.pop(0))

    def turn(self, line_id: str, turned: int) -> None:
        """A photo, maybe on one of the lines that are kept, was turned."""
        for place, line in enumerate(self.lines):
            if line.id == line_id and line.attachment is not None:
                attachment = msgspec.structs.replace(line.attachment, turned=turned)
                self.lines[place] = msgspec.structs.replace(line, attachment=attachment)

    def is_there(self, participant_id: str) -> bool:
        """Whether the chat says that a participant has joined and not left since."""
        return self._announced.get(participant_id) == "joined"

    def has_room_for(self, author: str, text: str) -> bool:
        """Whether `author` may still write this text."""
        return stored_bytes(text) <= writable_bytes(self._written, author)

    def nearly_full(self, author: str) -> bool:
        """Whether `author` should be warned that little more can be written."""
        return writable_bytes(self._written, author) < NEARLY_FULL_BYTES


def _bytes(line: ChatLine) -> int:
    return line_bytes(line.text, line.attachment.name if line.attachment else None)


def chat_line(message: ChatMessage) -> ChatLine:
    return ChatLine(
        message.id,
        message.position,
        message.participant_id,
        message.kind,
        message.text,
        to_ms(message.sent_at),
        None if message.attachment is None else _attached(message.attachment),
    )


def _attached(attachment: Attachment) -> values.Attachment:
    shown = attachment.shown
    return values.Attachment(
        name=attachment.name,
        size=attachment.size,
        width=shown.width if shown else 0,
        height=shown.height if shown else 0,
        turned=attachment.turned,
        pages=attachment.pages,
        notes=list(attachment.notes),
    )
