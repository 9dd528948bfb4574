"""Photos and PDFs in backups: made while files arrive, restored so that every one opens."""

import asyncio
import io
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pyrage
import pytest

from storage.backup.packed_files import pack, unpack
from storage.errors import StorageError
from storage.files.folder_parts import FILES
from tests.clock import MovableClock
from tests.files import BLOCK, Sender, pdf, photo
from tests.people import Person, an_id
from tests.scripts.commands import Commands
from tests.scripts.restores import attempted, backed_up, purge, restored
from tests.serving import moment, serving
from tests.web.pages.ward import Ward, opened
from web.keys import STORE


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path / "data") as ward:
        yield ward


async def shown_after_restore(
    commands: Commands, folder: Path, whole: Path, *arguments: object
) -> dict[str, bytes]:
    """Line id -> what a scheduler is shown of its photo, or downloads of its PDF."""
    arguments = (whole, "--open", "keep", *arguments)
    await asyncio.to_thread(restored, commands, folder, *arguments)
    clock, found = MovableClock(moment("2026-12-07 14:30")), {}
    async with serving(folder, clock) as server, Person(server) as nurse:
        await nurse.sign_in()
        (session,) = await server.app[STORE].read.consultations.ids()
        wire = await nurse.enter(consultation_id=session)
        sender = Sender(nurse, f"/sessions/{session}")
        for line in await wire.chat():
            if line["kind"] in ("photo", "pdf"):
                part = "large" if line["kind"] == "photo" else "original"
                answer = await sender.get(line["id"], part)
                assert answer.status == 200, line
                found[line["id"]] = answer.body
    return found


def key_to(folder: Path, data_dir: Path) -> Path:
    """A data folder that has nothing but the master key."""
    folder.mkdir(mode=0o700)
    shutil.copyfile(data_dir / "master.key", folder / "master.key")
    return folder


@pytest.mark.parametrize("encrypted", [False, True])
async def test_every_file_of_the_chat_opens_after_a_backup_while_files_arrive(
    commands: Commands, ward: Ward, tmp_path: Path, encrypted: bool
) -> None:
    wound, letter, begun = photo(), pdf(3), photo(1600, 1200)
    sent = {await ward.amina.send(wound, name="wound.jpg"): b""}
    letter_id = await ward.nurse.send(letter, name="letter.pdf")
    upload_id = an_id("file")
    await ward.amina.create(begun, upload_id)
    assert (await ward.amina.piece(upload_id, 0, begun[:BLOCK])).status == 204
    arguments: list[object] = []
    opening: list[object] = []
    if encrypted:
        identity = pyrage.x25519.Identity.generate()
        (tmp_path / "identity").write_text(str(identity))
        arguments = ["--recipient", identity.to_public()]
        opening = ["--identity", tmp_path / "identity"]

    async def keep_sending(ended: asyncio.Event) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            sent[await ward.amina.send(photo(seed=number))] = b""

    ended = asyncio.Event()
    sending = asyncio.create_task(keep_sending(ended))
    before = len(sent)
    whole = await asyncio.to_thread(backed_up, commands, ward.folder, *arguments)
    ended.set()
    await sending
    assert len(sent) > before, "files arrived meanwhile"
    for each in sent:
        sent[each] = (await ward.amina.get(each, "large")).body
    folder = key_to(tmp_path / "restored", ward.folder)
    found = await shown_after_restore(commands, folder, whole, *opening)
    assert found.pop(letter_id) == letter
    assert len(found) >= before
    assert found == {each: sent[each] for each in found}
    assert not list((folder / FILES).rglob("*.upload")), "what has not arrived is sent again"


async def test_a_restore_brings_back_no_file_of_a_session_that_was_deleted_since(
    commands: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    async with opened(folder) as ward:
        await ward.amina.send(photo())
        session = ward.consultation_id
    whole = await asyncio.to_thread(backed_up, commands, folder)
    await purge(folder, session)
    arguments = (whole, "--open", "keep", "--replace")
    await asyncio.to_thread(restored, commands, folder, *arguments)
    assert list((folder / FILES).rglob("*.*")) == []


async def test_a_restore_replaces_the_files_that_were_there(
    commands: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    async with opened(folder) as ward:
        kept = await ward.amina.send(photo())
    whole = await asyncio.to_thread(backed_up, commands, folder)
    (session,) = (folder / FILES).iterdir()
    (session / "sent-since.large").write_bytes(b"sealed")
    (session / f"{kept}.large").unlink()
    found = await shown_after_restore(commands, folder, whole, "--replace")
    assert found.keys() == {kept}
    assert not (session / "sent-since.large").exists()


async def test_a_set_whose_files_were_changed_is_not_restored(
    commands: Commands, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    async with opened(folder) as ward:
        await ward.amina.send(photo())
    whole = await asyncio.to_thread(backed_up, commands, folder)
    (whole / "files.tar").write_bytes(b"")
    ended = await asyncio.to_thread(attempted, commands, folder, whole, "--replace")
    assert ended.status != 0
    assert "files.tar is not what was written" in ended.err


@pytest.mark.parametrize(
    "name", ["../../file-000001.large", "/etc/file-000001.large", "session-0001", "s/../../x.large"]
)
def test_an_archive_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    packed.seek(0)
    with pytest.raises(StorageError, match="holds"):
        unpack(packed, tmp_path)
    assert list(tmp_path.rglob("*.*")) == []


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "from" / FILES / "session-0001").mkdir(parents=True)
    (tmp_path / "from" / FILES / "session-0001" / "file-000001.large").write_bytes(b"x" * 100_000)
    (tmp_path / "to").mkdir()
    packed = io.BytesIO()
    pack(tmp_path / "from", packed)
    with pytest.raises(StorageError, match="is damaged"):
        unpack(io.BytesIO(packed.getvalue()[:50_000]), tmp_path / "to")
