"""What is shown of a photo or PDF, and what can be downloaded: its stored parts, by name.

Pages of a PDF are drawn when somebody looks at them; the first KEPT_PAGES are kept for the next one.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from signaling.attachment import ORIGINAL, Attachment
from signaling.errors import FileUnreadable, NotFound
from signaling.flows.calls.locks import Locks
from signaling.flows.sessions.attaching import seal
from signaling.flows.sessions.uploading import FileLimits
from signaling.ports.examining import Examiner, Picture
from signaling.ports.files import Files
from signaling.ports.store import Store

KEPT_PAGES = 40
"""Pages of a PDF whose pictures are kept, from the first one on; those behind are drawn each time, so
that a book does not fill the session."""
_PAGE = re.compile(r"page-([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True)
class Part:
    """A part of a file, as it is served."""

    attachment: Attachment
    name: str
    media_type: str
    size: int
    drawn: bytes | None = None
    "All of it, if it is a picture that is not kept."


class Showing:
    def __init__(self, store: Store, files: Files, examiner: Examiner, limits: FileLimits) -> None:
        self._store = store
        self._files = files
        self._examiner = examiner
        self._limits = limits
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
        rendition = attachment.rendition(name)
        if rendition is None and name == "small":
            rendition = attachment.rendition(attachment.main_part)
        if rendition is None:
            return None
        return Part(attachment, rendition.name, rendition.media_type, rendition.size)

    async def page(self, attachment: Attachment, name: str) -> Part:
        """A page of a PDF, `page-1` and so on, drawn now. Raises NotFound, FileUnreadable."""
        number = _PAGE.fullmatch(name)
        if number is None or attachment.kind != "pdf" or int(number[1]) > attachment.pages:
            raise NotFound
        async with self._locks.exclusive(f"{attachment.consultation_id}:{attachment.id}:{name}"):
            attachment = await self.attachment(attachment.consultation_id, attachment.id)
            part = self.stored(attachment, name)
            return part or await self._draw(attachment, int(number[1]))

    async def read(self, part: Part, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a part from `start` to before `end`, in blocks."""
        if part.drawn is not None:
            yield part.drawn[start:end]
            return
        whole = part.attachment
        blocks = self._files.read(
            whole.consultation_id, whole.id, part.name, part.size, start=start, end=end
        )
        async with aclosing(blocks):
            async for block in blocks:
                yield block

    async def _draw(self, attachment: Attachment, number: int) -> Part:
        kept = number <= KEPT_PAGES and await self._has_room(attachment.consultation_id)
        parts: list[Part] = []

        async def keep(picture: Picture, blocks: AsyncIterator[bytes]) -> None:
            content = None
            if kept:
                await self._keep(attachment, picture, blocks)
            else:
                content = b"".join([block async for block in blocks])
            parts.append(Part(attachment, picture.name, picture.media_type, picture.size, content))

        whose = attachment.consultation_id
        source = self._files.read_all(whose, attachment.id, ORIGINAL, attachment.size)
        await self._examiner.page(attachment.size, number, source, keep, whose=whose)
        if not parts:
            raise FileUnreadable
        return parts[0]

    async def _keep(
        self, attachment: Attachment, picture: Picture, blocks: AsyncIterator[bytes]
    ) -> None:
        consultation_id, file_id = attachment.consultation_id, attachment.id
        rendition = await seal(self._files, consultation_id, file_id, picture, blocks)
        await self._store.write(
            lambda records: records.attachments.add_rendition(consultation_id, file_id, rendition),
            consultation_id,
        )

    async def _has_room(self, consultation_id: str) -> bool:
        volume = await self._store.read.attachments.volume(consultation_id)
        return volume < self._limits.session_bytes
