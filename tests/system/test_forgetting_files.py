"""Nothing of photos and PDFs is readable in the data folder, and nothing stays after the purge."""

import asyncio
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.errors import Unavailable
from storage.backup.packed_files import pack
from storage.files.folder_parts import FILES
from storage.files.sealed_files import SealedFiles
from tests.clock import MovableClock
from tests.files import BLOCK, Sender, pdf, photo
from tests.people import Person, an_id
from tests.serving import moment, serving
from tests.system.test_forgetting import RETENTION, database, holding
from tests.web.pages.ward import Ward, opened
from web.keys import CLOCKWORK, PURGING, STORE

NAME, CAPTION = "Amina's foot.jpg", "Since Monday it smells"


def listed(folder: Path) -> list[str]:
    """Every file and folder in the data folder, but for logs and locks of the database."""
    return sorted(
        str(each.relative_to(folder))
        for each in folder.rglob("*")
        if not each.name.endswith(("-wal", "-shm", ".eml", ".lock"))
    )


def needles(*contents: bytes) -> list[bytes]:
    """Parts of the contents, and what was said of them."""
    parts = [content[at : at + 24] for content in contents for at in (200, len(content) // 2)]
    return [*parts, NAME.encode(), CAPTION.encode()]


async def sent(ward: Ward) -> list[bytes]:
    """A photo, a PDF of which a page was looked at, and an upload that is under way."""
    wound, letter, begun = photo(), pdf(3), photo(1600, 1200)
    await ward.amina.send(wound, name=NAME, caption=CAPTION)
    file_id = await ward.nurse.send(letter, name=NAME, caption=CAPTION)
    assert (await ward.amina.get(file_id, "page-2")).status == 200
    upload_id = an_id("file")
    await ward.amina.create(begun, upload_id, filename=NAME, caption=CAPTION)
    answer = await ward.amina.piece(upload_id, 0, begun[: 2 * BLOCK])
    assert answer.status == 204, answer.text
    parts = {each.name.rpartition(".")[2] for each in ward.files()}
    assert parts == {"small", "large", "preview", "original", "page-2", "upload"}
    return [wound, letter, begun]


@pytest.mark.parametrize("ending", ["close", "cancel"])
async def test_the_purge_leaves_nothing_of_files(tmp_path: Path, ending: str) -> None:
    async with opened(tmp_path) as ward:
        await ward.pass_time(timedelta())  # until the mail is written
        before = listed(tmp_path)
        if ending == "close":
            await ward.desk.command("start_consultation")
        traces = needles(*await sent(ward))
        for trace in traces:
            assert holding(tmp_path, trace) == [], "files are sealed"
        if ending == "close":
            await ward.desk.command("terminate_consultation", choice="close")
        else:
            await ward.nurse.person.post(f"/sessions/{ward.consultation_id}/cancel")
        assert ward.files()
        await ward.pass_time(RETENTION)
        assert listed(tmp_path) == sorted({*before, FILES, "purged.log"})
        assert list((tmp_path / FILES).iterdir()) == []
        connection = database(tmp_path)
        for table in ("upload", "attachment", "chat_message"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)
        connection.close()


async def test_a_session_beside_keeps_its_files(tmp_path: Path) -> None:
    async with opened(tmp_path) as ward:
        seat = await ward.amina.person.join(await ward.nurse.person.invite())
        other = Sender(ward.amina.person, f"/seat/{seat}")
        kept = await other.send(photo())
        shown = (await other.get(kept, "large")).body
        await ward.amina.send(photo())
        await ward.nurse.person.post(f"/sessions/{ward.consultation_id}/cancel")
        await ward.pass_time(RETENTION)
        assert {each.name for each in ward.files()} == {f"{kept}.small", f"{kept}.large"}
        files, (folder,) = ward.server.app[STORE].files, (tmp_path / FILES).iterdir()
        blocks = [block async for block in files.read(folder.name, kept, "large", len(shown))]
        assert b"".join(blocks) == shown


async def test_files_that_the_disk_keeps_are_deleted_by_the_next_purge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as ward:
        await ward.amina.send(photo())
        await ward.nurse.person.post(f"/sessions/{ward.consultation_id}/cancel")

        async def refuse(files: SealedFiles, consultation_id: str) -> None:
            raise Unavailable

        with monkeypatch.context() as patch:
            patch.setattr(SealedFiles, "delete_all", refuse)
            await ward.pass_time(RETENTION)
        assert ward.files()
        await ward.pass_time(timedelta(minutes=10))
        assert ward.files() == []


async def test_sessions_are_purged_while_the_store_of_files_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as ward:
        await ward.amina.send(photo())
        await ward.nurse.person.post(f"/sessions/{ward.consultation_id}/cancel")
        read = ward.server.app[STORE].read.consultations

        async def refuse(*_about: object) -> None:
            raise Unavailable

        with monkeypatch.context() as patch:
            for name in ("consultations", "delete_all"):
                patch.setattr(SealedFiles, name, refuse)
            await ward.pass_time(RETENTION)
            assert await read.get(ward.consultation_id) is None
        assert ward.files()
        await ward.pass_time(timedelta(minutes=10))
        assert ward.files() == []


@contextmanager
def left_by_a_kill(folder: Path) -> Iterator[None]:
    """Files as a server leaves them that is killed at the worst moments; at the end they are gone."""
    (session,) = (folder / FILES).iterdir()
    gone = folder / FILES / "no-such-session"
    gone.mkdir()
    left = [
        gone / "file-000001.large",
        session / "file-without-row.small",
        session / "file-without-row.upload",
        session / ".file-without-row.large.0badc0de.half",
    ]
    for each in left:
        each.write_bytes(b"sealed")
    yield
    assert [each for each in [*left, gone] if each.exists()] == []


async def test_a_start_sweeps_what_a_killed_server_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as ward:
        contents = await sent(ward)
        stored = {each: each.read_bytes() for each in ward.files()}
    with left_by_a_kill(tmp_path):
        clock = MovableClock(moment("2026-12-07 14:30"))
        async with serving(tmp_path, clock) as server:
            files = server.app[STORE].files
            assert {each: each.read_bytes() for each in stored} == stored
            upload = next(each for each in stored if each.suffix == ".upload")
            assert await files.length(upload.parent.name, upload.stem, "upload") == 2 * BLOCK
            assert len(contents[2]) > 2 * BLOCK


@pytest.mark.slow
async def test_what_is_not_ours_in_the_folder_of_files_stops_no_start_and_no_backup(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as ward:
        await ward.amina.send(photo())
    (tmp_path / FILES / "lost+found").mkdir()
    (tmp_path / FILES / ".DS_Store").write_bytes(b"Finder")
    async with serving(tmp_path) as server:
        await server.app[PURGING].purge_due()
    packed = io.BytesIO()
    await asyncio.to_thread(pack, tmp_path, packed)
    with tarfile.open(fileobj=io.BytesIO(packed.getvalue())) as archive:
        assert len(archive.getnames()) == 2
    assert (tmp_path / FILES / "lost+found").is_dir()
    assert (tmp_path / FILES / ".DS_Store").read_bytes() == b"Finder"


async def test_an_upload_that_nobody_goes_on_with_is_forgotten_after_a_start(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as ward:
        await sent(ward)
    clock = MovableClock(moment("2026-12-07 15:29"))
    async with serving(tmp_path, clock) as server:
        assert list((tmp_path / FILES).rglob("*.upload"))
        clock.move(timedelta(minutes=11))
        await server.app[CLOCKWORK].run_due()
        assert not list((tmp_path / FILES).rglob("*.upload"))
        await server.app[PURGING].purge_due()
        assert list((tmp_path / FILES).rglob("*.large"))


@pytest.mark.slow
async def test_a_start_notes_the_files_that_are_gone_once_and_takes_it_back_when_they_are_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as ward:
        photo_id = await ward.amina.send(photo())
        paper_id = await ward.nurse.send(pdf(3))
        for place, rendition in ((photo_id, "large"), (paper_id, "page-2")):
            assert (await ward.amina.get(place, rendition)).status == 200
        session, amina, invite_id = ward.consultation_id, ward.amina, ward.invite_id
    folder = tmp_path / FILES / session
    large = (folder / f"{photo_id}.large").read_bytes()
    for gone in (f"{photo_id}.large", f"{photo_id}.small", f"{paper_id}.page-2"):
        (folder / gone).unlink()

    async def noted() -> tuple[list[Any], int]:
        """Notes of the photo and the PDF after a start, and how often their loss was logged."""
        caplog.clear()
        clock = MovableClock(moment("2026-12-07 14:30"))
        async with serving(tmp_path, clock) as server, Person(server) as again:
            again.plant(amina.person.cookie)
            sender = Sender(again, f"/seat/{invite_id}")
            wire = await again.enter(invite_id=invite_id)
            notes = {
                line["id"]: line["attachment"].get("notes", [])
                for line in await wire.chat()
                if line.get("attachment")
            }
            # drawn again, since its picture was not there
            assert (await sender.get(paper_id, "page-2")).status == 200
            status = (await sender.get(photo_id, "small")).status
            assert status == (404 if notes[photo_id] else 200)
        told = [each for each in caplog.records if each.message == "stored files are missing"]
        return [notes[photo_id], notes[paper_id]], len(told)

    assert await noted() == ([["lost"], []], 1)
    assert await noted() == ([["lost"], []], 0)
    (folder / f"{photo_id}.large").write_bytes(large)
    assert await noted() == ([[], []], 0)
