"""What the server and the process that examines files say to each other.

To the process: a `Job` as one line of JSON, then `size` bytes. From it: an `Outcome` as one line of
JSON, then the bytes of its renditions in their order.
"""

from typing import Literal

import msgspec

LARGE = 2560
"Pixels on the longer side of a photo's large rendition, at most. Smaller photos keep their size."
SMALL = 640
"The same for a photo's small rendition, and for the preview of a PDF."
PAGE = 1600
"The same for a page of a PDF."
LINE_BYTES = 16 * 1024
"The longest line of either side."
READY = b"r"
"What the process sends once, when files may come."


class Job(msgspec.Struct):
    """What to do with a file."""

    task: Literal["examine", "page"]
    size: int
    "Bytes of the file."
    page: int = 0
    "Counted from 1, for the task `page`."


class Rendition(msgspec.Struct):
    """A picture that was made of a file, upright, in sRGB, without metadata."""

    name: str
    "`small`, `large`, `preview` or `page-N`."
    media_type: str
    size: int
    "Bytes."
    width: int
    height: int


class Outcome(msgspec.Struct):
    """What a file is, or why it is refused."""

    kind: Literal["photo", "pdf", ""] = ""
    renditions: list[Rendition] = []
    pages: int = 0
    notes: list[str] = []
    "`contains_files`, `needs_acrobat`, `no_preview`."
    refused: str = ""
    "The code of a `FileRefused`; all else is empty then."
    reason: str = ""
    "For the log: type and place of an error, and nothing out of the file."


class Refused(Exception):
    """A file that is refused, by the code of a `FileRefused`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def encode(value: Job | Outcome) -> bytes:
    """One line."""
    return msgspec.json.encode(value) + b"\n"
