"""Photos and PDFs that stand in the chat, and uploads that are not there yet.

An attachment belongs to one chat line, whose id it has, as the upload had that it was received by.
What is stored of it are parts: a PDF as it was sent (ORIGINAL), and renditions, pictures that the
server made of it. Originals of photos are not kept.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

AttachmentKind = Literal["photo", "pdf"]
AttachmentNote = Literal["contains_files", "needs_acrobat", "no_preview", "lost"]
"`lost`: what is shown of it was not on the disk when the server started."

UPLOAD = "upload"
"The part that holds what has arrived of an upload."
ORIGINAL = "original"
"The part that holds a PDF as it was sent."


@dataclass(frozen=True)
class StoredRendition:
    """A picture that the server made: `small`, `large`, `preview`, `page-1`, `page-2` ..."""

    name: str
    media_type: str
    size: int
    "In bytes."
    width: int
    "In pixels, as `height`."
    height: int


@dataclass(frozen=True)
class Upload:
    """A file on its way into the chat."""

    id: str
    "Made by its author's browser."
    consultation_id: str
    participant_id: str
    name: str
    "As it was sent; shown, never used as a path."
    caption: str
    size: int
    "Bytes of the whole file, as announced."
    sha256: str
    "Of the whole file, in hexadecimal, as announced."
    request_id: str | None
    "The photo request that it answers."
    created_at: datetime
    touched_at: datetime
    "When something of it arrived last."


@dataclass(frozen=True)
class Beside:
    """What there is already where an upload is to begin."""

    taken: bool
    "Whether a line of the chat has its id."
    own: int
    "Other uploads of its author."
    volume: int
    "Bytes that files take of the session's limit: what is stored, and what is to come."


@dataclass(frozen=True)
class Attachment:
    """The photo or PDF of one chat line."""

    id: str
    "The line's, and that of the upload."
    consultation_id: str
    kind: AttachmentKind
    name: str
    "As it was sent; shown, never used as a path."
    size: int
    "Bytes as they were sent."
    pages: int = 0
    "Of a PDF."
    notes: tuple[AttachmentNote, ...] = ()
    turned: int = 0
    "Quarter turns clockwise that it is shown with, 0 to 3."
    renditions: tuple[StoredRendition, ...] = ()
    damaged: bool = False
    "Whether all the rest but the ids was stored and cannot be read any more: nobody knows which parts it has."

    def rendition(self, name: str) -> StoredRendition | None:
        """The rendition of this name, if it was made."""
        return next((each for each in self.renditions if each.name == name), None)

    @property
    def shown(self) -> StoredRendition | None:
        """The rendition whose shape a page leaves room for; None: there is no picture of it."""
        return self.rendition("large" if self.kind == "photo" else "preview")

    @property
    def main_part(self) -> str:
        """The part without which there is nothing to see."""
        return "large" if self.kind == "photo" else ORIGINAL

    def as_found(self, parts: Collection[str]) -> "Attachment":
        """The attachment of which only these parts are on the disk."""
        if self.damaged:
            return self
        notes = [note for note in self.notes if note != "lost"]
        if self.main_part not in parts:
            return replace(self, notes=(*notes, "lost"))
        # pages are drawn again, and a photo without a small picture is shown by its large one
        there = [each for each in self.renditions if each.name in parts]
        return replace(self, notes=tuple(notes), renditions=tuple(there))

    @property
    def stored_bytes(self) -> int:
        """Bytes that it counts against the limit of its session: those of all its parts."""
        original = self.size if self.kind == "pdf" else 0
        return original + sum(each.size for each in self.renditions)
