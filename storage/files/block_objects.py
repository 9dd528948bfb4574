"""Sealed blocks in an object store that speaks S3 (Amazon's, MinIO, Ceph, Garage ...).

Objects never change and none is put in the place of another at once with others, so:

    <consultation>/<file>.upload/<number>             blocks of an upload from that number on
    <consultation>/<file>.<part>                      HEAD, then the first RUN_BLOCKS of any other part
    <consultation>/<file>.<part>.<writing>/<number>   its further blocks, RUN_BLOCKS in each but the last

The second is written last, so the part is there as a whole or not at all; what it does not name is left
over from a writing that was interrupted. The bucket must not keep earlier versions: purged files would
stay there, though sealed under a key that is gone.
"""

import contextlib
import re
import secrets
from collections.abc import AsyncIterator, Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from struct import Struct
from typing import TYPE_CHECKING

from signaling.attachment import UPLOAD
from signaling.errors import NotFound, Unavailable
from signaling.identifier import PATTERN
from signaling.ports.files import Sweep, Swept
from storage.errors import StorageError
from storage.files.object_address import ObjectAddress
from storage.files.parts import Place
from storage.files.remote_parts import RUN_BLOCKS, Held
from storage.files.sealed_blocks import SEALED_BYTES
from storage.files.sealed_files import PART

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

HEAD = Struct(">16sQ")
"Of a part other than an upload: what its writing is called, and how many sealed bytes it has."
TIMEOUT = timedelta(seconds=30)
"For one request; a run has half a megabyte."
RETRIED_FOR = timedelta(seconds=20)
"Requests that fail for want of the store are repeated so long."
LONGEST_PAUSE = timedelta(seconds=2)
"Between two of them; it begins with a tenth of a second."
CHECKED = ".check"
"Folder of what tries whether the store is there."
_NAME = re.compile(
    rf"(?P<file_id>{PATTERN.pattern})\.(?P<part>{PART.pattern})"
    r"(?:\.(?P<writing>[0-9a-f]{16}))?(?:/(?P<number>[0-9]{8}))?"
)
"Of an object, below the folder of its consultation."


def open_objects(address: ObjectAddress) -> "BlockObjects":
    """The store at an address. Raises StorageError with a sentence.

    Credentials and region come from the variables that Amazon's own tools read (AWS_ACCESS_KEY_ID ...),
    or from the machine's role.
    """
    try:
        from obstore.store import S3Store
    except ImportError:
        raise StorageError(
            "Files in an object store need the package obstore: install it with"
            ' .venv/bin/python -m pip install "obstore>=0.12,<0.13".'
        ) from None
    config: S3Config = {"endpoint": address.endpoint} if address.endpoint else {}
    store = S3Store(
        address.bucket,
        prefix=address.prefix or None,
        config=config,
        client_options={"timeout": TIMEOUT, "allow_http": address.endpoint.startswith("http:")},
        retry_config={
            "max_retries": 100,  # more than fit into the time
            "retry_timeout": RETRIED_FOR,
            "backoff": {"max_backoff": LONGEST_PAUSE},
        },
    )
    return BlockObjects(store)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raise NotFound for what is not there, Unavailable where the store refuses."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise NotFound from None
    except (BaseError, OSError) as error:
        raise Unavailable from error


class BlockObjects:
    """`storage.files.remote_parts.BlockStore`, in a bucket."""

    def __init__(self, store: "S3Store") -> None:
        self._store = store

    async def check(self) -> None:
        """Do once what is allowed to the credentials or not.

        Raises Unavailable for a store that refuses any of it, NotFound without the bucket.
        """
        name = f"{CHECKED}/{secrets.token_hex(8)}"
        await self.put(name, b"teleconnect")
        try:
            await self.get(name)
            await self.listed(CHECKED)
            await self.remove([name])
        except NotFound as error:
            raise Unavailable from error

    async def reach(self) -> None:
        await self.listed(CHECKED)

    async def held(self, place: Place) -> Held | None:
        if place.part == UPLOAD:
            return await _held_upload(self, place)
        with contextlib.suppress(NotFound):
            head = await self.get(_head(place))
            writing, sealed_bytes = _named(head)
            return _HeldWhole(self, place, writing, sealed_bytes, head[HEAD.size :])
        return None

    async def kept(self, place: Place) -> "_KeptUpload | _KeptWhole":
        return _KeptUpload(self, place) if place.part == UPLOAD else _KeptWhole(self, place)

    async def delete(
        self, consultation_id: str, file_id: str, parts: Collection[str] | None
    ) -> None:
        await self.remove(
            [
                each.path
                for each in await self.listed(consultation_id)
                if each.file_id == file_id and (parts is None or each.part in parts)
            ]
        )

    async def delete_all(self, consultation_id: str) -> None:
        await self.remove([each.path for each in await self.listed(consultation_id)])

    async def consultations(self) -> frozenset[str]:
        with _translated():
            found = await self._store.list_with_delimiter_async()
        names = {each.strip("/") for each in found["common_prefixes"]}
        return frozenset(each for each in names if PATTERN.fullmatch(each))

    async def stored(self, consultation_id: str) -> frozenset[tuple[str, str]]:
        return _in_place(await self.listed(consultation_id))

    async def sweeps(self, spared: timedelta) -> AsyncIterator[tuple[str, Sweep]]:
        """By one listing of all there is, in pages. Stores list by names, so those of a consultation are
        together; what a store lists in another order is swept in several parts."""
        consultation_id, listed = "", list[_Listed]()
        async for each in self._all(None):
            if each.consultation_id != consultation_id:
                if listed:
                    yield consultation_id, partial(self._sweep, consultation_id, spared, listed)
                consultation_id, listed = each.consultation_id, []
            if PATTERN.fullmatch(consultation_id):
                listed.append(each)
        if listed:
            yield consultation_id, partial(self._sweep, consultation_id, spared, listed)

    async def _sweep(
        self,
        consultation_id: str,
        spared: timedelta,
        listed: "list[_Listed]",
        keep: Collection[tuple[str, str]],
    ) -> Swept:
        # of parts that stay, what belongs to another writing than the head names
        several = {(each.file_id, each.part) for each in listed if each.writing}
        writings = {
            (each.file_id, each.part): await self._writing(consultation_id, each)
            for each in listed
            if each.is_head and (each.file_id, each.part) in several.intersection(keep)
        }
        before = datetime.now(UTC) - spared
        unwanted = [
            each
            for each in listed
            if (not spared or each.written_at <= before)
            and (
                (each.file_id, each.part) not in keep
                or (each.writing and writings.get((each.file_id, each.part)) != each.writing)
            )
        ]
        await self.remove([each.path for each in unwanted])
        count = len({(each.file_id, each.part, each.writing) for each in unwanted})
        return Swept(count, _in_place(listed))

    async def _writing(self, consultation_id: str, listed: "_Listed") -> str:
        place = Place(consultation_id, listed.file_id, listed.part)
        return await self.writing(place) or ""

    async def writing(self, place: Place) -> str | None:
        """What the writing is called that is in place; None: the part is not there."""
        with contextlib.suppress(NotFound):
            return _named(await self.get_range(_head(place), 0, HEAD.size))[0]
        return None

    async def get(self, path: str) -> bytes:
        with _translated():
            found = await self._store.get_async(path)
            return bytes(await found.bytes_async())

    async def get_range(self, path: str, start: int, end: int) -> bytes:
        with _translated():
            return bytes(await self._store.get_range_async(path, start=start, end=end))

    async def put(self, path: str, content: bytes) -> None:
        with _translated():
            await self._store.put_async(path, content, use_multipart=False)

    async def remove(self, paths: list[str]) -> None:
        if paths:
            with _translated():
                await self._store.delete_async(paths)

    async def listed(self, folder: str) -> list["_Listed"]:
        """The objects of a consultation, or of one folder in it, by their paths."""
        return sorted([each async for each in self._all(folder)], key=lambda each: each.path)

    async def _all(self, folder: str | None) -> "AsyncIterator[_Listed]":
        """In a folder, or everywhere."""
        pages = aiter(self._store.list(folder))
        while True:
            with _translated():  # not around `yield`: what its caller raises is its own
                page = await anext(pages, None)
            if page is None:
                return
            for each in page:
                yield _Listed(each["path"], each["size"], each["last_modified"])


class _Listed:
    """An object, and what its name says. What has no name of ours belongs to no part."""

    def __init__(self, path: str, size: int, written_at: datetime) -> None:
        self.consultation_id, _, name = path.partition("/")
        named = _NAME.fullmatch(name)
        self.path = path
        self.size = size
        self.written_at = written_at
        self.file_id = named["file_id"] if named else ""
        self.part = named["part"] if named else ""
        self.writing = named["writing"] if named else None
        self.number = int(named["number"]) if named and named["number"] else None

    @property
    def is_head(self) -> bool:
        return bool(self.part) and self.number is None and self.writing is None

    @property
    def in_place(self) -> bool:
        return self.is_head or (self.part == UPLOAD and self.number is not None)


def _in_place(listed: list[_Listed]) -> frozenset[tuple[str, str]]:
    return frozenset((each.file_id, each.part) for each in listed if each.in_place)


def _named(head: bytes) -> tuple[str, int]:
    """(writing, sealed bytes); of a damaged head none, which no part has."""
    if len(head) < HEAD.size:
        return "", 0
    writing, sealed_bytes = HEAD.unpack_from(head)
    return writing.decode("ascii", "replace"), sealed_bytes


def _head(place: Place) -> str:
    return f"{place.consultation_id}/{place.file_id}.{place.part}"


def _numbered(folder: str, number: int) -> str:
    return f"{folder}/{number:08d}"


class _HeldWhole:
    def __init__(
        self, objects: BlockObjects, place: Place, writing: str, sealed_bytes: int, first: bytes
    ) -> None:
        self._objects = objects
        self._folder = f"{_head(place)}.{writing}"
        self._first = first
        self.sealed_bytes = sealed_bytes

    async def run(self, first: int, count: int) -> bytes:
        found = b""
        ends = min(first + count, -(-self.sealed_bytes // SEALED_BYTES))
        while first < ends:
            start = first // RUN_BLOCKS * RUN_BLOCKS
            until = min(start + RUN_BLOCKS, ends)
            found += await self._within(start, first - start, until - start)
            first = until
        return found

    async def _within(self, run: int, first: int, ends: int) -> bytes:
        if run == 0:
            return self._first[first * SEALED_BYTES : ends * SEALED_BYTES]
        path = _numbered(self._folder, run)
        end = min(ends * SEALED_BYTES, self.sealed_bytes - run * SEALED_BYTES)
        return await self._objects.get_range(path, first * SEALED_BYTES, end)


class _KeptWhole:
    """Holds the first run until the others are stored, since it is written last."""

    def __init__(self, objects: BlockObjects, place: Place) -> None:
        self._objects = objects
        self._place = place
        self._writing = secrets.token_hex(8)
        self._first: list[bytes] = []
        self._run: list[bytes] = []
        self._number = 0
        "Of the first block of the run."
        self._sealed_bytes = 0

    async def put(self, first: int, sealed: list[bytes]) -> None:
        for each in sealed:
            if len(self._run) == RUN_BLOCKS:
                await self._store_run()
            self._run.append(each)
            self._sealed_bytes += len(each)

    async def settle(self) -> None:
        await self._store_run()
        before = await self._objects.writing(self._place)
        head = HEAD.pack(self._writing.encode(), self._sealed_bytes)
        await self._objects.put(_head(self._place), head + b"".join(self._first))
        if before is not None:
            with contextlib.suppress(Unavailable):  # the next sweep deletes it
                await self._forget(before)

    async def cut(self, number: int) -> None:
        raise ValueError("only uploads are cut")

    async def drop(self) -> None:
        # a head whose answer was lost names it
        if await self._objects.writing(self._place) != self._writing:
            await self._forget(self._writing)

    async def _store_run(self) -> None:
        run, self._run = self._run, []
        if self._number == 0:
            self._first = run
        else:
            await self._objects.put(
                _numbered(self._folder(self._writing), self._number), b"".join(run)
            )
        self._number += len(run)

    async def _forget(self, writing: str) -> None:
        objects = self._objects
        await objects.remove([each.path for each in await objects.listed(self._folder(writing))])

    def _folder(self, writing: str) -> str:
        return f"{_head(self._place)}.{writing}"


async def _held_upload(objects: BlockObjects, place: Place) -> "_HeldUpload | None":
    listed = await objects.listed(_head(place))
    return _HeldUpload(objects, listed) if listed else None


class _HeldUpload:
    """Runs of any length, each to where the next one begins."""

    def __init__(self, objects: BlockObjects, listed: list[_Listed]) -> None:
        self._objects = objects
        self._runs: list[tuple[int, int, str]] = []
        "(number of the first block, sealed bytes, path), none missing in between."
        known = 0
        for index, each in enumerate(listed):
            if each.number is None or each.number * SEALED_BYTES != known:
                break
            size = each.size
            if index + 1 < len(listed) and (after := listed[index + 1].number) is not None:
                size = min(size, after * SEALED_BYTES - known)
            self._runs.append((each.number, size, each.path))
            known += size
        self.sealed_bytes = known

    async def run(self, first: int, count: int) -> bytes:
        start, end = first * SEALED_BYTES, (first + count) * SEALED_BYTES
        found = b""
        for number, size, path in self._runs:
            at = number * SEALED_BYTES
            begin, until = max(start - at, 0), min(end - at, size)
            if begin < until:
                found += await self._objects.get_range(path, begin, until)
        return found


class _KeptUpload:
    def __init__(self, objects: BlockObjects, place: Place) -> None:
        self._objects = objects
        self._folder = _head(place)

    async def put(self, first: int, sealed: list[bytes]) -> None:
        if sealed:
            await self._objects.put(_numbered(self._folder, first), b"".join(sealed))

    async def settle(self) -> None:
        """It is in its place already."""

    async def cut(self, number: int) -> None:
        listed = await self._objects.listed(self._folder)
        await self._objects.remove(
            [each.path for each in listed if each.number is not None and each.number >= number]
        )

    async def drop(self) -> None:
        raise ValueError("an upload stays as far as it came")
