"""Sealed files in an object store: what is left there, what is damaged there, and when it is away."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import S3Store
from yarl import URL

from signaling.attachment import Attachment
from signaling.errors import NotFound, Unavailable
from signaling.flows.retention.leftovers import sweep_files
from signaling.ports.files import BLOCK_BYTES, Sweep
from storage.errors import StorageError
from storage.files import block_objects
from storage.files.block_objects import BlockObjects, open_objects
from storage.files.object_address import ObjectAddress
from storage.files.remote_parts import RemoteParts
from storage.store import Store
from tests.engines.databases import run
from tests.object_server import a_bucket
from tests.storage.files.support import NOW, OTHER, PHOTO, WARD, body, opened, read, swept, write

pytestmark = pytest.mark.slow


@pytest.fixture
def address(object_server: str) -> ObjectAddress:
    return a_bucket(object_server)


@pytest.fixture
async def store(tmp_path: Path, address: ObjectAddress) -> AsyncIterator[Store]:
    async with opened(tmp_path, address) as each:
        yield each


def bucket_of(address: ObjectAddress) -> S3Store:
    """The bucket as it is, without the prefix."""
    return S3Store(address.bucket, endpoint=address.endpoint, client_options={"allow_http": True})


async def names(address: ObjectAddress) -> list[str]:
    found = [each["path"] async for some in bucket_of(address).list() for each in some]
    return sorted(found)


async def test_names_have_ids_and_nothing_of_a_file_is_readable(
    store: Store, address: ObjectAddress
) -> None:
    content = body(10 * BLOCK_BYTES + 3)
    await write(store, content)
    await write(store, content, part="upload")
    assert not (await names(address))[0].startswith("/")
    for name in await names(address):
        assert name.startswith(f"tele/connect/{WARD}/{PHOTO}.")
        found = await bucket_of(address).get_async(name)
        stored = bytes(await found.bytes_async())
        assert not any(content[at : at + 24] in stored for at in range(0, len(content) - 24, 4096))


async def test_a_replaced_rendition_and_an_interrupted_one_leave_nothing(
    store: Store, address: ObjectAddress
) -> None:
    large, small = body(30 * BLOCK_BYTES), body(100)
    await write(store, large)
    assert len(await names(address)) == 4
    await write(store, large, finish=False)
    assert len(await names(address)) == 4
    await write(store, small)
    assert await names(address) == [f"tele/connect/{WARD}/{PHOTO}.large"]


async def test_an_upload_that_goes_on_drops_what_followed(
    store: Store, address: ObjectAddress
) -> None:
    content = body(6 * BLOCK_BYTES)
    await write(store, content[: 4 * BLOCK_BYTES], part="upload", finish=False)
    bucket = bucket_of(address)
    folder = f"tele/connect/{WARD}/{PHOTO}.upload"
    # a host that died sent this, and it arrived late: a block in between is missing
    await bucket.put_async(f"{folder}/00000005", b"late" * 20_000)
    assert await store.files.length(WARD, PHOTO, "upload") == 4 * BLOCK_BYTES
    await write(store, content[4 * BLOCK_BYTES :], part="upload", offset=4 * BLOCK_BYTES)
    assert await read(store, len(content), part="upload") == content


async def test_damage_is_not_read(store: Store, address: ObjectAddress) -> None:
    content = body(20 * BLOCK_BYTES)
    await write(store, content)
    bucket = bucket_of(address)
    for name in await names(address):
        good = bytes(await (await bucket.get_async(name)).bytes_async())
        for bad in (good[:-1] + bytes([good[-1] ^ 1]), good[:-1], good[:10], b""):
            await bucket.put_async(name, bad)
            with pytest.raises((NotFound, Unavailable)):
                pytest.fail(f"{name}: {len(await read(store, len(content)))} bytes")
        await bucket.put_async(name, good)
    assert await read(store, len(content)) == content


async def test_a_sweep_leaves_what_is_known_and_what_is_young(
    store: Store, address: ObjectAddress
) -> None:
    for part in ("upload", "small", "large"):
        await write(store, body(20 * BLOCK_BYTES), part=part)
    bucket = bucket_of(address)
    place = f"tele/connect/{WARD}"
    await bucket.put_async(f"{place}/{PHOTO}.large.{'0' * 16}/00000008", b"of a killed host")
    await bucket.put_async(f"{place}/unknown", b"")
    keep = {(PHOTO, "small"), (PHOTO, "large")}
    before = await names(address)
    assert await swept(store.files, keep) == 0  # another host may just be writing it
    assert await names(address) == before
    parts = RemoteParts(open_objects(address), spared=timedelta())
    assert await swept(parts, keep) == 3
    for part in ("small", "large"):
        assert await read(store, 20 * BLOCK_BYTES, part=part) == body(20 * BLOCK_BYTES)
    assert len(await names(address)) == 6
    await swept(parts, ())
    assert await names(address) == []


async def test_a_store_that_is_away_is_unavailable(
    tmp_path: Path, address: ObjectAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_objects, "RETRIED_FOR", timedelta(seconds=1))
    nowhere = ObjectAddress.read("s3+http://127.0.0.1:9/bucket")
    with pytest.raises(StorageError, match=r"^The object store of TELECONNECT_FILES .+\.$"):
        await Store.open(tmp_path / "nowhere", None, nowhere)
    gone = ObjectAddress(f"{address.bucket}-gone", "", address.endpoint)
    with pytest.raises(StorageError, match=rf"TELECONNECT_FILES has no bucket {gone.bucket}\."):
        await Store.open(tmp_path / "gone", None, gone)


@asynccontextmanager
async def before(
    address: ObjectAddress, answer: Callable[[str], str]
) -> AsyncIterator[BlockObjects]:
    """The store behind something that answers by a status itself, to requests of some methods."""
    behind = URL(address.endpoint)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(found[1]) if found else 0)
        if status := answer(head.decode().partition(" ")[0]):
            said = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        else:
            theirs, ours = await asyncio.open_connection(behind.host, behind.port)
            ours.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body)
            said = await theirs.read()
            ours.close()
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield open_objects(ObjectAddress.read(f"s3+http://127.0.0.1:{port}/{address.bucket}"))


async def test_a_start_lists_all_sessions_at_once(store: Store, address: ObjectAddress) -> None:
    asked: list[str] = []

    def answer(method: str) -> str:
        asked.append(method)
        return ""

    async with before(address, answer) as objects:
        store.files._parts = RemoteParts(objects)
        for session in (WARD, OTHER):
            await write(store, body(BLOCK_BYTES), part="upload", consultation_id=session)
        asked.clear()
        await sweep_files(store)
    assert Counter(asked) == {"GET": 1}


async def test_sessions_of_several_pages_of_a_listing_are_swept_each_as_a_whole(
    store: Store, address: ObjectAddress
) -> None:
    """A page has a thousand objects, wherever a session's end is."""
    bucket, kept, asked = bucket_of(address), {(PHOTO, "large")}, list[str]()

    def answer(method: str) -> str:
        asked.append(method)
        return ""

    async with before(address, answer) as objects:
        store.files._parts = parts = RemoteParts(objects, spared=timedelta())
        for session in (WARD, OTHER):
            await write(store, body(10 * BLOCK_BYTES), consultation_id=session)
        for session in (WARD, OTHER, "purged-session"):
            for number in range(350):
                path = f"{session}/{PHOTO}.large.{'0' * 16}/{number:08d}"
                await bucket.put_async(path, b"")
        asked.clear()
        found = {each: (await sweep(kept)).stored async for each, sweep in parts.sweeps()}
    assert found == {WARD: kept, OTHER: kept, "purged-session": frozenset()}
    assert Counter(asked) == {"GET": 2 + 2, "POST": 3}  # pages and heads; what deletes so many
    assert len(await names(address)) == 2 * 2


async def test_what_another_host_stores_during_a_listing_is_not_lost(
    store: Store, address: ObjectAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is read afterwards, and names what was not listed."""
    await write(store, body(100), part="upload", file_id="another-file")
    photo = Attachment(PHOTO, WARD, "photo", "foot.jpg", 100)
    sweeps = RemoteParts.sweeps

    async def meanwhile(parts: RemoteParts) -> AsyncIterator[tuple[str, Sweep]]:
        async for found in sweeps(parts):
            await write(store, body(100))
            await store.write(
                lambda records: records.chat.append(WARD, PHOTO, "nurse", "photo", "", NOW, photo)
            )
            yield found

    with monkeypatch.context() as patch:
        patch.setattr(RemoteParts, "sweeps", meanwhile)
        await sweep_files(store)
    assert await store.read.attachments.get(WARD, PHOTO) == photo
    await store.files.delete(WARD, PHOTO)
    await sweep_files(store)
    found = await store.read.attachments.get(WARD, PHOTO)
    assert found is not None
    assert found.notes == ("lost",)


async def test_files_of_which_nobody_knows_the_parts_stay_until_the_purge(
    store: Store, address: ObjectAddress
) -> None:
    photo = Attachment(PHOTO, WARD, "photo", "foot.jpg", 100)
    await write(store, body(100))
    await store.write(
        lambda records: records.chat.append(WARD, PHOTO, "nurse", "photo", "", NOW, photo)
    )
    await run(store, "UPDATE attachment SET details = ?", bytes(64))
    before = await names(address)
    await sweep_files(store)
    assert await names(address) == before
    (row,) = await run(store, "SELECT details FROM attachment")
    assert bytes(row["details"]) == bytes(64), "somebody may restore it"
    await store.files.delete_all(WARD)
    assert await names(address) == []


async def test_a_request_is_repeated_while_the_store_starts_again(address: ObjectAddress) -> None:
    answers = iter(["503 Slow Down"] * 8 + [""])
    async with before(address, lambda method: next(answers)) as objects:
        await objects.put("name", b"content")
    assert list(answers) == []
    assert await names(address) == ["name"]


@pytest.mark.parametrize("refused", ["PUT", "GET", "POST"])
async def test_a_store_that_refuses_what_is_needed_is_found_at_the_start(
    address: ObjectAddress, refused: str
) -> None:
    async with before(address, lambda method: "") as objects:
        await objects.check()
    async with before(
        address, lambda method: "403 Forbidden" if method == refused else ""
    ) as objects:
        with pytest.raises(Unavailable):
            await objects.check()


@pytest.mark.parametrize("lost", ["the answer", "the store"])
async def test_a_part_that_is_in_place_keeps_its_blocks_whatever_fails_then(
    store: Store, address: ObjectAddress, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    earlier, content = body(20 * BLOCK_BYTES, 1), body(20 * BLOCK_BYTES)
    await write(store, earlier)
    put, remove = BlockObjects.put, BlockObjects.remove

    async def without_answer(objects: BlockObjects, path: str, stored: bytes) -> None:
        await put(objects, path, stored)
        if path.endswith(".large"):
            raise Unavailable

    removing = 0

    async def away_once(objects: BlockObjects, paths: list[str]) -> None:
        nonlocal removing
        removing += 1
        if removing == 1:
            raise Unavailable
        await remove(objects, paths)

    with monkeypatch.context() as patch:
        if lost == "the answer":
            patch.setattr(BlockObjects, "put", without_answer)
            with pytest.raises(Unavailable):
                await write(store, content)
        else:
            patch.setattr(BlockObjects, "remove", away_once)
            await write(store, content)
    assert await read(store, len(content)) == content


async def test_nobody_else_writes_an_upload_before_who_was_canceled_has_left_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, put = body(4 * BLOCK_BYTES), BlockObjects.put
    begun, slow = asyncio.Event(), asyncio.Event()

    async def at_last(objects: BlockObjects, path: str, stored: bytes) -> None:
        begun.set()
        await slow.wait()
        await put(objects, path, stored)

    async def send() -> None:
        async with store.files.writer(WARD, PHOTO, "upload") as writer:
            await writer.write(content)
            await asyncio.Event().wait()

    monkeypatch.setattr(BlockObjects, "put", at_last)
    sending = asyncio.create_task(send())
    await begun.wait()
    for _ in range(2):
        sending.cancel()
        assert (await asyncio.wait({sending}, timeout=0.05))[1] == {sending}
    slow.set()
    await asyncio.wait({sending})
    assert sending.cancelled()
    assert await store.files.length(WARD, PHOTO, "upload") == len(content)
