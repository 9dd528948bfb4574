"""What the pages of a seat show in browsers without scripts, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class PlainFile:
    """A photo or PDF in the chat."""

    name: str
    "As it was sent."
    address: str
    "Of the large picture, or of the PDF."
    picture: str
    "Address of a small picture of it; empty: there is none."
    width: int
    height: int
    "Of what is shown, in pixels."
    turned: int
    "Quarter turns clockwise."
    pdf: bool
    size: int
    "Bytes as they were sent."


@dataclass(frozen=True)
class PlainLine:
    """A line of the chat."""

    kind: str
    "A `signaling.chat.LineKind`."
    author: str
    "Empty: somebody without a name, who is called by the role."
    role: str
    mine: bool
    text: str
    sent_at: datetime
    file: PlainFile | None = None


@dataclass(frozen=True)
class PlainLines:
    """The state of the session and some lines of its chat: what refreshes."""

    invite_id: str
    state: str
    "Of the consultation."
    host: str
    "Name of whoever leads the session, or is awaited."
    host_is: Literal["here", "busy", "away"]
    in_call: bool
    "Whether others are in a call, or ring."
    lines: Sequence[PlainLine]
    "Oldest first."
    before: int | None = None
    "Position of the oldest of them; None: there are no older ones."
    newest: bool = True
    "Whether these are the newest lines."
    planned_at: datetime | None = None
    "Here, because a session may be moved while its page is open."


@dataclass(frozen=True)
class PlainView:
    """The page around them, on which somebody writes."""

    consultation_id: str
    invite_id: str
    host: str
    message_id: str
    "Under which the message is sent: once, however often it is."
    file_id: str
    "The same for a file."
    text: str = ""
    "What was typed and not sent."
    error: str = ""
    "Why not, as a sentence; empty: nobody pressed **Send**."
    other_error: str = ""
    "Why a file was not sent, or no call asked for."
    length: int = 0
    "Characters of `text`, where there are too many; else 0."
    caption: str = ""
    "What was typed for a file that was not sent."
    full: bool = False
    "Whether to go back to the full page where scripts run: the message was sent before they did."
    number_unknown: bool = False
    "Whether nobody knows a number at which to call the reader."
    asks_for_phone_call: bool = False
    "Whether the reader has asked to be called by phone, and nobody has answered yet."
