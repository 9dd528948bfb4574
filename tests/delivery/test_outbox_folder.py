"""The outbox folder: what would be sent, as files."""

import errno
import json
import os
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from signaling.delivery.outbox_folder import OutboxFolder
from signaling.errors import InvalidInput
from signaling.notices.notice import PermanentFailure, Sent, TemporaryFailure
from tests.delivery.notices import MAIL, SMS, WHATSAPP, mail

FROM = "Clinic <noreply@clinic.example>"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outbox"


@pytest.fixture
def outbox(folder: Path) -> OutboxFolder:
    return OutboxFolder(folder, FROM)


async def test_a_mail_is_a_file_that_mail_programs_open(outbox: OutboxFolder, folder: Path) -> None:
    assert await outbox.send(MAIL) == Sent("notice-0001.eml")
    message = message_from_bytes((folder / "notice-0001.eml").read_bytes(), policy=SMTP)
    assert message["To"] == "amina@example.org"
    assert message["Message-ID"] == "<notice-0001@clinic.example>"


async def test_anything_else_is_json(outbox: OutboxFolder, folder: Path) -> None:
    assert await outbox.send(SMS) == Sent("notice-0001.json")
    whatsapp = replace(WHATSAPP, notice_id="notice-0002")
    assert await outbox.send(whatsapp) == Sent("notice-0002.json")
    record = json.loads((folder / "notice-0002.json").read_text())
    assert record["channel"] == "whatsapp"
    assert record["to"] == "+41791234567"
    assert record["template"]["name"] == "clinic:invitation"


async def test_a_repeated_try_replaces_its_own_file(outbox: OutboxFolder, folder: Path) -> None:
    await outbox.send(MAIL)
    await outbox.send(MAIL)
    assert names(folder) == {"notice-0001.eml"}


async def test_nobody_else_on_the_machine_can_read_it(outbox: OutboxFolder, folder: Path) -> None:
    await outbox.send(MAIL)
    assert mode(folder) == 0o700
    assert mode(folder / "notice-0001.eml") == 0o600


async def test_what_was_written_is_listed_read_and_forgotten(
    outbox: OutboxFolder, folder: Path
) -> None:
    assert await outbox.list() == ()
    await outbox.send(MAIL)
    await outbox.send(replace(SMS, notice_id="notice-0002"))
    os.utime(folder / "notice-0001.eml", (0, 0))
    (folder / "README.txt").write_text("not ours")
    files = await outbox.list()
    assert [file.name for file in files] == ["notice-0002.json", "notice-0001.eml"]
    assert b"amina@example.org" in await outbox.read("notice-0001.eml")
    await outbox.forget(["notice-0001", "notice-0002", "notice-0004", "../x"])
    assert names(folder) == {"README.txt"}


async def test_incomplete_files_of_other_processes_are_deleted_and_nothing_else(
    outbox: OutboxFolder, folder: Path
) -> None:
    await outbox.discard_halves()
    await outbox.send(MAIL)
    (folder / ".notice-0001.eml.half").write_text("half")
    (folder / f".notice-0002.eml{outbox._half}").write_text("being written")
    (folder / "README.txt").write_text("not ours")
    await outbox.discard_halves()
    kept = {"notice-0001.eml", f".notice-0002.eml{outbox._half}", "README.txt"}
    assert names(folder) == kept
    assert await outbox.written() == {"notice-0001"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "README.txt", "", "a/b.eml"])
async def test_nothing_but_its_files_can_be_read(
    outbox: OutboxFolder, folder: Path, name: str
) -> None:
    await outbox.send(MAIL)
    (folder / "README.txt").write_text("not ours")
    with pytest.raises(FileNotFoundError):
        await outbox.read(name)


async def test_a_foreign_notice_id_names_no_file(outbox: OutboxFolder) -> None:
    with pytest.raises(ValueError):
        await outbox.send(mail(notice_id="../../notice"))


async def test_impossible_headers_are_refused(outbox: OutboxFolder, folder: Path) -> None:
    outcome = await outbox.send(mail(address="a@example.org\nBcc: b@example.org"))
    assert outcome == PermanentFailure("address_refused")
    assert names(folder) == set()


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EIO, "outbox_unwritable")],
)
async def test_a_full_disk_is_reported_and_leaves_no_incomplete_file(
    outbox: OutboxFolder,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: str,
) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    assert await outbox.send(MAIL) == TemporaryFailure(reason)
    assert names(folder) == set()


async def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = OutboxFolder(tmp_path / "file" / "outbox", FROM)
    assert await outbox.send(MAIL) == TemporaryFailure("outbox_unwritable")
    await outbox.close()


def test_a_sender_that_is_no_address_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        OutboxFolder(tmp_path, "nobody")
