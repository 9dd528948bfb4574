"""Receiving a photo or PDF: from the first word about it to its last byte.

The words are those of tus: an upload is created, its offset moves forward, and after its last byte
it is attached (`attaching.py`). Whatever interrupts it, its whole blocks stay, and it goes on from
there until nobody has touched it for FORGET_AFTER.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from signaling.access import require
from signaling.attachment import UPLOAD, Beside, Upload
from signaling.consultation import WRITABLE_STATES
from signaling.errors import (
    ChatFull,
    ChecksumMismatch,
    Conflict,
    FileIncomplete,
    FileRefused,
    FilesFull,
    FileTooLarge,
    FileTooLate,
    HostAway,
    NotFound,
    TooLarge,
    UploadsFull,
)
from signaling.flows.calls.locks import Locks
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.attaching import Attaching
from signaling.ports.clock import Clock
from signaling.ports.files import Files
from signaling.ports.store import Store
from signaling.rooms.room import Room
from signaling.text import CAPTION_LENGTH, file_name, paragraphs

AT_ONCE = 10
"Uploads that one participant may have at the same time."
FORMS_AT_ONCE = 2
"Of these, files that come in one piece, whose size is known only at their end."
FORGET_AFTER = timedelta(hours=1)
"After the last byte of an upload that did not go on."
TOUCH_EVERY = timedelta(minutes=1)
"How exactly it is stored when something of it arrived last: pieces come every few seconds."
MEGABYTE = 2**20


@dataclass(frozen=True)
class Author:
    """Somebody who sends files: a participant of a consultation."""

    consultation_id: str
    participant_id: str
    role: str


@dataclass(frozen=True)
class FileLimits:
    """Most megabytes of one file, and of all files of a session."""

    file: float
    session: float

    @property
    def file_bytes(self) -> float:
        return self.file * MEGABYTE

    @property
    def session_bytes(self) -> float:
        return self.session * MEGABYTE


@dataclass(frozen=True)
class Announced:
    """What an author says about a file before its first byte."""

    id: str
    name: str
    caption: str
    size: int
    sha256: str
    "Of the whole file, in hexadecimal."
    request_id: str | None = None
    "The photo request that it answers."


@dataclass(frozen=True)
class Progress:
    """How far an upload is."""

    offset: int
    size: int
    expires_at: datetime | None = None
    "When it is forgotten unless it goes on; None: it stands in the chat."


class Uploading:
    def __init__(
        self,
        store: Store,
        files: Files,
        rooms: Rooms,
        attaching: Attaching,
        clock: Clock,
        limits: FileLimits,
    ) -> None:
        self._store = store
        self._files = files
        self._rooms = rooms
        self._attaching = attaching
        self._clock = clock
        self._limits = limits
        self._locks = Locks()
        self._receiving: dict[tuple[str, str], asyncio.Task[object]] = {}
        "(consultation id, upload id) -> who receives a piece of it, or is about to"
        self._forms: Counter[str] = Counter()
        "participant id -> files of theirs that are coming in one piece"

    async def create(self, author: Author, announced: Announced) -> Progress:
        """Begin an upload, or say how far it is if it was begun before.

        Raises InvalidInput, FileTooLarge, FilesFull, UploadsFull, ChatFull, FileTooLate if the session
        is over, or Conflict if the id is taken.
        """
        room = await self._room(author)
        upload = self._upload(author, announced)
        try:
            return await self._begin(room, upload)
        except (Conflict, FileRefused) as error:
            # the answer to a repeated request is the one it had, whatever has filled up since
            attached = await self._attached(author, upload.id)
            if attached is None:
                await self._attaching.tell_refused(upload, error)
                raise
            if attached.size != upload.size:
                raise Conflict from None  # another file
            return attached

    async def _begin(self, room: Room, upload: Upload) -> Progress:
        if upload.size > self._limits.file_bytes:
            raise FileTooLarge(megabytes=f"{self._limits.file:g}")
        if not room.chat.has_room_for(upload.participant_id, upload.caption):
            raise ChatFull
        known, is_new = await self._store.write(
            lambda records: records.uploads.create(
                upload, lambda beside: self._admit(upload, beside)
            ),
            upload.consultation_id,
        )
        if (known.participant_id, known.size, known.sha256) != (
            upload.participant_id, upload.size, upload.sha256,
        ):  # fmt: skip
            raise Conflict
        return self._reached(known, 0) if is_new else await self._progress(known)

    async def look(self, author: Author, upload_id: str) -> Progress:
        """How far an upload is. Raises NotFound for one that is not there any more."""
        upload = await self._own(author, upload_id)
        return upload if isinstance(upload, Progress) else await self._progress(upload)

    async def receive(
        self,
        author: Author,
        upload_id: str,
        offset: int,
        source: AsyncIterator[bytes],
        checksum: bytes | None = None,
        begun: Callable[[], None] = lambda: None,
    ) -> Progress:
        """Take a piece of a file, and with its last byte put it into the chat.

        `begun` is called before anything that may last, the bytes of `source` and the examination. A newer piece of the same upload ends an older one that is still on its way. Raises Conflict
        for another offset than the upload has, ChecksumMismatch, NotFound, and whatever
        `Attaching.attach` refuses the whole file for.
        """
        async with self._alone(author, upload_id):
            upload = await self._own(author, upload_id)
            if isinstance(upload, Progress):
                if offset != upload.size:
                    raise Conflict
                return upload
            try:
                await self._room(author)
            except FileTooLate:
                if not await self._attaching.call_off(upload):
                    raise Conflict from None  # it was in time
                raise
            begun()
            reached = await self._take(upload, offset, source, checksum)
            if reached < upload.size:
                return self._reached(upload, reached)
            await self._attaching.attach(upload)
        return Progress(upload.size, upload.size)

    async def receive_at_once(
        self, author: Author, upload_id: str, name: str, caption: str, source: AsyncIterator[bytes]
    ) -> None:
        """Take a file that comes in one piece, as from a form, and put it into the chat.

        The same again changes nothing; another file with its id is a Conflict. What was cut leaves
        nothing. Raises as `create` and `receive`.
        """
        _checked_caption(caption)
        if self._forms[author.participant_id] >= FORMS_AT_ONCE:
            raise UploadsFull(number=FORMS_AT_ONCE)
        self._forms[author.participant_id] += 1
        try:
            async with self._alone(author, upload_id):
                attached = await self._attached(author, upload_id)
                if attached is None:
                    upload = await self._keep(author, upload_id, name, caption, source)
                    await self._attaching.attach(upload)
                elif not await _has_size(source, attached.size):
                    raise Conflict  # the form was gone back to, and has another file
        finally:
            self._forms[author.participant_id] -= 1
            self._forms += Counter()  # drops what is zero

    async def _keep(
        self, author: Author, upload_id: str, name: str, caption: str, source: AsyncIterator[bytes]
    ) -> Upload:
        """An upload whose bytes are all there."""
        room = await self._room(author)
        known = await self._store.read.uploads.get(author.consultation_id, upload_id)
        if known is not None:
            if known.participant_id != author.participant_id:
                raise Conflict
            # of a server that was killed, or of a form that is sent again before it is answered
            if not await self._attaching.call_off(known):
                raise Conflict  # it was in time
        place = author.consultation_id, upload_id
        # no row tells of what a server left of it that was killed while it came
        await self._files.delete(*place, [UPLOAD])
        digest, size = sha256(), 0
        try:
            async with self._files.writer(*place, UPLOAD) as writer:
                async for piece in source:
                    size += len(piece)
                    if size > self._limits.file_bytes:
                        raise FileTooLarge(megabytes=f"{self._limits.file:g}")
                    digest.update(piece)
                    await writer.write(piece)
                await writer.finish()
            announced = Announced(upload_id, name, caption, size, digest.hexdigest())
            upload = self._upload(author, announced)
            await self._begin(room, upload)
        except BaseException:
            await self._files.delete(*place, [UPLOAD])
            raise
        return upload

    async def cancel(self, author: Author, upload_id: str) -> None:
        """Its author does not want it sent. Raises NotFound, Conflict if it stands in the chat."""
        if isinstance(await self._own(author, upload_id), Progress):
            raise Conflict
        async with self._alone(author, upload_id):
            upload = await self._own(author, upload_id)
            if isinstance(upload, Progress) or not await self._attaching.call_off(upload):
                raise Conflict

    async def abandon(self, author: Author, upload_id: str) -> bool:
        """Its author has lost the place in the session. False if there is nothing of it, or it
        stands in the chat."""
        upload = await self._store.read.uploads.get(author.consultation_id, upload_id)
        if upload is None or upload.participant_id != author.participant_id:
            return False
        return await self._attaching.call_off(upload)

    async def forget_untouched(self) -> None:
        """Forget the uploads that did not go on for FORGET_AFTER."""
        until = self._clock.now() - FORGET_AFTER
        for upload in await self._store.read.uploads.untouched_since(until):
            if (upload.consultation_id, upload.id) not in self._receiving:
                with contextlib.suppress(HostAway):  # it may be arriving there
                    await self._rooms.answer_for(upload.consultation_id)
                    await self._attaching.forget(upload)

    # --- what is there

    async def _room(self, author: Author) -> Room:
        """The room, if the author may send to it. Raises FileTooLate."""
        require(author.role, "send_file")
        room = await self._rooms.open(author.consultation_id)
        if (
            room.consultation.state not in WRITABLE_STATES
            or author.participant_id not in room.seats
        ):
            raise FileTooLate
        return room

    def _upload(self, author: Author, announced: Announced) -> Upload:
        if announced.size == 0:
            raise FileIncomplete
        now = self._clock.now()
        return Upload(
            id=announced.id,
            consultation_id=author.consultation_id,
            participant_id=author.participant_id,
            name=file_name(announced.name),
            caption=_checked_caption(announced.caption),
            size=announced.size,
            sha256=announced.sha256,
            request_id=announced.request_id,
            created_at=now,
            touched_at=now,
        )

    def _admit(self, upload: Upload, beside: Beside) -> None:
        """Raises Conflict if its id is a line's, UploadsFull or FilesFull if there is no place for it."""
        if beside.taken:
            raise Conflict
        if beside.own >= AT_ONCE:
            raise UploadsFull(number=AT_ONCE)
        if beside.volume + upload.size > self._limits.session_bytes:
            raise FilesFull(megabytes=f"{self._limits.session:g}")

    async def _attached(self, author: Author, upload_id: str) -> Progress | None:
        """The progress of an upload of the author that stands in the chat."""
        read = self._store.read
        attachment = await read.attachments.get(author.consultation_id, upload_id)
        if attachment is None:
            return None
        line = await read.chat.get(author.consultation_id, upload_id)
        if line is None or line.participant_id != author.participant_id:
            raise Conflict
        return Progress(attachment.size, attachment.size)

    async def _own(self, author: Author, upload_id: str) -> Upload | Progress:
        """An upload of the author; the progress of one that stands in the chat. Raises NotFound."""
        upload = await self._store.read.uploads.on_its_way(author.consultation_id, upload_id)
        if upload is not None and upload.participant_id == author.participant_id:
            return upload
        attached = None if upload else await self._attached(author, upload_id)
        if attached is None:
            raise NotFound
        return attached

    async def _progress(self, upload: Upload) -> Progress:
        offset = await self._files.length(upload.consultation_id, upload.id, UPLOAD)
        return self._reached(upload, offset)

    @staticmethod
    def _reached(upload: Upload, offset: int) -> Progress:
        return Progress(offset, upload.size, upload.touched_at + FORGET_AFTER)

    # --- what arrives

    @contextlib.asynccontextmanager
    async def _alone(self, author: Author, upload_id: str) -> AsyncIterator[None]:
        """Within, nobody else receives a piece of this upload; raises Conflict once somebody wants to."""
        key = author.consultation_id, upload_id
        own = asyncio.current_task()
        assert own is not None
        older = self._receiving.get(key)
        self._receiving[key] = own
        if older is not None:
            older.cancel()
        try:
            async with self._locks.exclusive(":".join(key)):
                yield
        except asyncio.CancelledError:
            if self._receiving.get(key) is own:
                raise  # cancelled by somebody else
            own.uncancel()
            raise Conflict from None
        finally:
            if self._receiving.get(key) is own:
                del self._receiving[key]

    async def _take(
        self, upload: Upload, offset: int, source: AsyncIterator[bytes], checksum: bytes | None
    ) -> int:
        """Write what arrives; returns the new offset, which is the start of a block or the end."""
        place = upload.consultation_id, upload.id, UPLOAD
        if offset == upload.size:
            if offset != await self._files.length(*place):
                raise Conflict
            return offset  # all of it is there, and may be under examination: nobody writes now
        digest = sha256()
        end = offset
        touched_at = upload.touched_at
        async with self._files.writer(*place, offset=offset) as writer:
            async for piece in source:
                end += len(piece)
                if end > upload.size:
                    raise TooLarge
                if checksum is not None:
                    digest.update(piece)
                await writer.write(piece)
                if self._clock.now() - touched_at >= TOUCH_EVERY:
                    touched_at = await self._touch(upload)
            right = checksum is None or digest.digest() == checksum
            if not right:
                await writer.take_back()
            elif end == upload.size:
                await writer.finish()
        if not right:
            raise ChecksumMismatch
        return writer.length

    async def _touch(self, upload: Upload) -> datetime:
        now = self._clock.now()
        await self._store.write(
            lambda records: records.uploads.touch(upload.consultation_id, upload.id, now),
            upload.consultation_id,
        )
        return now


def _checked_caption(caption: str) -> str:
    """As it is stored. Raises InvalidInput if it is too long."""
    return paragraphs("caption", caption, limit=CAPTION_LENGTH)


async def _has_size(source: AsyncIterator[bytes], size: int) -> bool:
    """Whether this many bytes come; reads no more than one piece beyond them."""
    left = size
    async for piece in source:
        left -= len(piece)
        if left < 0:
            return False
    return left == 0
