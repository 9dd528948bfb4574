"""What is shown of a photo or PDF, and what can be downloaded: its stored parts, by name.

Pages of a PDF are drawn when somebody looks at them, and kept for the next one.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from signaling.attachment import Attachment, StoredRendition
from signaling.errors import FileUnreadable, NotFound
from signaling.flows.calls.locks import Locks
from signaling.flows.sessions.attaching import seal
from signaling.ports.examining import Examiner, Picture
from signaling.ports.files import Files
from signaling.ports.store import Records, Store

ORIGINAL = "original"
"A PDF as it was sent; photos have none."
_PAGE = re.compile(r"page-([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True)
class Part:
    """A part of a file, as it is served."""

    attachment: Attachment
    name: str
    media_type: str
    size: int


class Showing:
    def __init__(self, store: Store, files: Files, examiner: Examiner) -> None:
        self._store = store
        self._files = files
        self._examiner = examiner
        self._locks = Locks()

    async def attachment(self, consultation_id: str, file_id: str) -> Attachment:
        """A file of this session. Raises NotFound for any other."""
        found = await self._store.read.attachments.get(consultation_id, file_id)
        if found is None:
            raise NotFound
        return found

    def stored(self, attachment: Attachment, name: str) -> Part | None:
        """A part that need not be made; None if there is none of that name."""
        if name == ORIGINAL and attachment.kind == "pdf":
            return Part(attachment, ORIGINAL, "application/pdf", attachment.size)
        for rendition in attachment.renditions:
            if rendition.name == name:
                return Part(attachment, name, rendition.media_type, rendition.size)
        return None

    async def page(self, attachment: Attachment, name: str) -> Part:
        """A page of a PDF, `page-1` and so on, drawn now. Raises NotFound, FileUnreadable."""
        number = _PAGE.fullmatch(name)
        if number is None or attachment.kind != "pdf" or int(number[1]) > attachment.pages:
            raise NotFound
        async with self._locks.exclusive(f"{attachment.consultation_id}:{attachment.id}:{name}"):
            attachment = await self.attachment(attachment.consultation_id, attachment.id)
            part = self.stored(attachment, name)
            return part or await self._draw(attachment, int(number[1]))

    def read(self, part: Part, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a part from `start` to before `end`, in blocks."""
        whole = part.attachment
        return self._files.read(
            whole.consultation_id, whole.id, part.name, part.size, start=start, end=end
        )

    async def _draw(self, attachment: Attachment, number: int) -> Part:
        drawn: list[StoredRendition] = []

        async def keep(picture: Picture, blocks: AsyncIterator[bytes]) -> None:
            drawn.append(
                await seal(self._files, attachment.consultation_id, attachment.id, picture, blocks)
            )

        source = self._files.read(
            attachment.consultation_id, attachment.id, ORIGINAL, attachment.size
        )
        await self._examiner.page(attachment.size, number, source, keep)
        if not drawn:
            raise FileUnreadable
        [rendition] = drawn

        async def work(records: Records) -> None:
            await records.attachments.add_rendition(
                attachment.consultation_id, attachment.id, rendition
            )

        await self._store.write(work)
        return Part(attachment, rendition.name, rendition.media_type, rendition.size)
