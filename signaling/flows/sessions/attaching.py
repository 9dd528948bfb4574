"""Putting a received photo or PDF into the chat: once, and only if it is what it should be.

Its bytes are compared with its author's digest and shown to the virus scanner, its renditions are
made and sealed, and then one transaction writes the chat line. Whoever asks for the same upload
meanwhile waits for the same result. What was received stays until the line is durable, so that an
upload whose server was killed is attached when its author asks again.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import get_args

from signaling.attachment import (
    ORIGINAL,
    UPLOAD,
    Attachment,
    AttachmentNote,
    StoredRendition,
    Upload,
)
from signaling.chat import ChatMessage
from signaling.consultation import WRITABLE_STATES
from signaling.errors import (
    Conflict,
    FileIncomplete,
    FileNotAccepted,
    FileRefused,
    FileTooLate,
    NotFound,
    Unavailable,
)
from signaling.flows.notices.news import News
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.unread import UnreadMessages
from signaling.ports.clock import Clock
from signaling.ports.examining import Examined, Examiner, Picture, Scanner
from signaling.ports.files import Files
from signaling.ports.store import Records, Store

_log = logging.getLogger(__name__)


class Attaching:
    def __init__(
        self,
        store: Store,
        files: Files,
        rooms: Rooms,
        clock: Clock,
        examiner: Examiner,
        scanner: Scanner | None,
        news: News,
        unread: UnreadMessages,
    ) -> None:
        self._store = store
        self._files = files
        self._rooms = rooms
        self._clock = clock
        self._examiner = examiner
        self._scanner = scanner
        self._news = news
        self._unread = unread
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        "(consultation id, upload id) -> what puts it into the chat"
        self._writing: set[tuple[str, str]] = set()
        "Those whose line is being written, which nothing takes back."

    async def attach(self, upload: Upload) -> None:
        """Put an upload whose bytes are all there into the chat; returns once it stands there.

        Raises FileRefused, and then nothing of it is left. Whatever else is raised leaves it as it
        is, for another try.
        """
        key = upload.consultation_id, upload.id
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.create_task(self._attach(upload))
            running.add_done_callback(lambda done: self._ended(key, done))
        await asyncio.shield(running)

    def _ended(self, key: tuple[str, str], done: asyncio.Task[None]) -> None:
        del self._running[key]
        if not done.cancelled():
            done.exception()  # nobody may be waiting any more

    async def close(self) -> None:
        """The server stops: what is not in the chat yet is tried again when its author asks."""
        running = list(self._running.values())
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def call_off(self, upload: Upload) -> bool:
        """Delete an upload. False if it stands in the chat, or is about to."""
        key = upload.consultation_id, upload.id
        if key in self._writing:
            return False
        running = self._running.get(key)
        if running is not None:
            running.cancel()
            await asyncio.wait({running})
        return await self.forget(upload)

    async def forget(self, upload: Upload) -> bool:
        """Delete what was received of an upload, and whatever was made of it for nothing.

        False if the file stands in the chat: then what is shown of it stays.
        """
        attached = await self._stands(upload)
        if attached:
            await self._delete_received(upload)
        else:
            # the row last: as long as it is there, it is known what to delete
            await self._files.delete(upload.consultation_id, upload.id)
        await self._store.write(
            lambda records: records.uploads.delete(upload.consultation_id, upload.id),
            upload.consultation_id,
        )
        return not attached

    async def _delete_received(self, upload: Upload) -> None:
        """What is shown of it stays. If this fails, the next start deletes it."""
        await self._files.delete(upload.consultation_id, upload.id, [UPLOAD])

    async def tell_refused(self, upload: Upload, error: FileRefused | Conflict) -> None:
        """Say in the chat that the photo somebody was asked for is not taken; they are still asked."""
        if upload.request_id is None or isinstance(error, FileTooLate | Conflict):
            return
        with contextlib.suppress(NotFound, Unavailable):  # its author is told in any case
            room = await self._rooms.open(upload.consultation_id)
            if not room.waits_for_photo(upload.request_id, upload.participant_id):
                return
            line = await self._store.write(
                lambda records: records.chat.append(
                    upload.consultation_id,
                    _refused_line(upload.id),
                    upload.participant_id,
                    "photo_refused",
                    "",
                    self._clock.now(),
                ),
                upload.consultation_id,
            )
            if line is not None:
                room.add_chat(line)

    async def _stands(self, upload: Upload) -> bool:
        read = self._store.read
        return await read.attachments.get(upload.consultation_id, upload.id) is not None

    async def _attach(self, upload: Upload) -> None:
        if await self._stands(upload):
            await self.forget(upload)
            return
        try:
            await self._check(upload)
            attachment = await self._examine(upload)
            await self._add(upload, attachment)
        except (FileRefused, Conflict) as error:
            await self.forget(upload)
            _log.info("a file was refused", extra={"code": error.code, "size": upload.size})
            await self.tell_refused(upload, error)
            raise
        await self._delete_received(upload)

    async def _check(self, upload: Upload) -> None:
        """Raises FileIncomplete if these are other bytes than its author has; what the scanner says."""
        place = upload.consultation_id, upload.id, UPLOAD, upload.size
        try:
            if await self._files.digest(*place) != upload.sha256:
                raise FileIncomplete
            if self._scanner is not None:
                await self._scanner.scan(self._received(upload))
        except NotFound:
            await self._rooms.open(upload.consultation_id)  # raises it again if the session is gone
            raise FileIncomplete from None  # the disk has damaged it

    def _received(self, upload: Upload) -> AsyncIterator[bytes]:
        return self._files.read_all(upload.consultation_id, upload.id, UPLOAD, upload.size)

    async def _examine(self, upload: Upload) -> Attachment:
        """The attachment, its renditions written."""
        kept: list[StoredRendition] = []

        async def keep(picture: Picture, blocks: AsyncIterator[bytes]) -> None:
            kept.append(await seal(self._files, upload.consultation_id, upload.id, picture, blocks))

        examined = await self._examiner.examine(
            upload.size, self._received(upload), keep, whose=upload.consultation_id
        )
        if examined.kind == "":
            raise FileNotAccepted
        if examined.kind == "pdf":
            async with self._files.writer(upload.consultation_id, upload.id, ORIGINAL) as writer:
                async for block in self._received(upload):
                    await writer.write(block)
                await writer.finish()
        return _attachment(upload, examined, kept)

    async def _add(self, upload: Upload, attachment: Attachment) -> None:
        """Write the chat line instead of the upload, then publish it.

        Raises FileTooLate, or Conflict if the id is taken.
        """
        room = await self._rooms.open(upload.consultation_id)
        if (
            room.consultation.state not in WRITABLE_STATES
            or upload.participant_id not in room.seats
        ):
            raise FileTooLate

        async def work(records: Records) -> ChatMessage | None:
            line = await records.chat.append(
                upload.consultation_id,
                upload.id,
                upload.participant_id,
                attachment.kind,
                upload.caption,
                self._clock.now(),
                attachment=attachment,
            )
            if line is not None:
                await records.uploads.delete(upload.consultation_id, upload.id)
                await self._news.queue(records, room, upload.participant_id)
            return line

        key = upload.consultation_id, upload.id
        self._writing.add(key)
        try:
            added = await self._store.write(work, upload.consultation_id)
        finally:
            self._writing.discard(key)
        if added is None:
            raise Conflict
        room.add_chat(added)
        self._unread.written(room)
        if upload.request_id is not None:
            room.photo_sent(upload.request_id, upload.participant_id)


def _refused_line(upload_id: str) -> str:
    """The id of the line about a refusal: the same when a browser asks again."""
    return sha256(f"refused:{upload_id}".encode()).hexdigest()[:32]


async def seal(
    files: Files,
    consultation_id: str,
    file_id: str,
    picture: Picture,
    blocks: AsyncIterator[bytes],
) -> StoredRendition:
    """Write a rendition."""
    async with files.writer(consultation_id, file_id, picture.name) as writer:
        async for block in blocks:
            await writer.write(block)
        await writer.finish()
    return StoredRendition(
        picture.name, picture.media_type, picture.size, picture.width, picture.height
    )


def _attachment(
    upload: Upload, examined: Examined, renditions: list[StoredRendition]
) -> Attachment:
    assert examined.kind != ""
    return Attachment(
        id=upload.id,
        consultation_id=upload.consultation_id,
        kind=examined.kind,
        name=upload.name,
        size=upload.size,
        pages=examined.pages,
        notes=tuple(note for note in get_args(AttachmentNote) if note in examined.notes),
        turned=0,
        renditions=tuple(renditions),
    )
