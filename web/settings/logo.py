"""The logo of an organization: a PNG or JPEG, decoded and encoded again, kept among the settings.

No SVG: it is a document with scripts, styles and addresses of other servers, and what makes one
harmless also breaks many; a picture of pixels shows nothing but itself. It is decoded where photos
are, in a process that holds no data (`web/attachments/process.py`), and lies on white: its small
rendition.
"""

from collections.abc import AsyncIterator
from hashlib import sha256

import msgspec

from signaling.errors import N_, FileRefused, InvalidInput
from signaling.text import one_line
from web.attachments.content_sniffing import sniff
from web.attachments.job import Refused, Rendition
from web.attachments.workers import FileWorkers

MOST_BYTES = 512 * 1024
"Of the file as it is sent."
KINDS = ("png", "jpeg")

_TOO_LARGE = N_("This picture is larger than %(kilobytes)s kB. Please make it smaller.")
_OTHER_KIND = N_("The logo must be a PNG or a JPEG. Please save it as one of these.")
_UNREADABLE = N_("This picture cannot be read. Please save it again as PNG or JPEG.")


class Logo(msgspec.Struct, frozen=True):
    """A logo as it is served."""

    media_type: str
    width: int
    height: int
    "Pixels."
    data: bytes
    text: str = ""
    "What it shows, for whoever does not see it; empty: it says no more than the name beside it."

    @property
    def digest(self) -> str:
        """Part of its address, so that browsers may keep it for ever."""
        return sha256(self.data).hexdigest()[:16]

    def written(self) -> str:
        """As a stored setting."""
        return msgspec.json.encode(self).decode()


def read_logo(stored: str) -> Logo:
    """The logo of a stored setting. Raises ValueError."""
    return msgspec.json.decode(stored, type=Logo)


def too_large() -> InvalidInput:
    return InvalidInput("logo", _TOO_LARGE, kilobytes=MOST_BYTES // 1024)


async def make_logo(workers: FileWorkers, data: bytes, text: str) -> Logo:
    """The logo in a file that was sent. Raises InvalidInput for the fields `logo` and
    `logo_text`, Unavailable if no process can be started."""
    shown = one_line("logo_text", text)
    if len(data) > MOST_BYTES:
        raise too_large()
    try:
        if sniff(data) not in KINDS:
            raise InvalidInput("logo", _OTHER_KIND)
    except Refused:
        raise InvalidInput("logo", _OTHER_KIND) from None
    made: list[Logo] = []

    async def source() -> AsyncIterator[bytes]:
        yield data

    async def keep(rendition: Rendition, blocks: AsyncIterator[bytes]) -> None:
        content = b"".join([block async for block in blocks])
        if rendition.name == "small":
            made.append(
                Logo(rendition.media_type, rendition.width, rendition.height, content, shown)
            )

    try:
        await workers.examine(len(data), source(), keep)
    except FileRefused:
        raise InvalidInput("logo", _UNREADABLE) from None
    if not made:
        raise InvalidInput("logo", _UNREADABLE)
    return made[0]
