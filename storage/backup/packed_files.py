"""The sealed files of a backup set, in one archive (POSIX.1-2001, "pax"). All of it blocks.

Files that stand in a chat never change, so they may be copied while the server runs, after the
database: whatever that one knows of is there, unless its session was purged in between, and then the
list of what was purged says so. Uploads that have not arrived yet are left out; their authors' browsers
send them again.
"""

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from signaling.attachment import UPLOAD
from signaling.identifier import PATTERN
from storage.errors import StorageError
from storage.files.folder_parts import FILES, STORED
from storage.folder import durable

ARCHIVE = f"{FILES}.tar"


def pack(data_dir: Path, target: BinaryIO) -> None:
    """Write an archive of the files in the data folder. Raises OSError."""
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for path in _whole(data_dir / FILES):
            with suppress(FileNotFoundError), path.open("rb") as source:  # purged just now
                facts = tarfile.TarInfo(f"{path.parent.name}/{path.name}")
                facts.size = os.fstat(source.fileno()).st_size
                facts.mode = 0o600
                archive.addfile(facts, source)


def unpack(source: BinaryIO, folder: Path) -> None:
    """Write the files of an archive into a new folder, to disk. Raises StorageError, OSError."""
    target = folder / FILES
    target.mkdir(mode=0o700)
    try:
        with tarfile.open(fileobj=source, mode="r|") as archive:
            for member in archive:
                _unpack(archive, member, target)
    except tarfile.TarError as error:
        raise StorageError(f"The backup is damaged: {ARCHIVE}: {error}.") from error
    for each in [*target.iterdir(), target]:
        durable.sync(each)


def streamed(produce: Callable[[BinaryIO], None], consume: Callable[[BinaryIO], None]) -> None:
    """Let one write what the other reads at the same time, so that it takes no place on a disk.

    Raises what `consume` raises, or else what `produce` raises.
    """
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def write() -> None:
        try:
            with open(writing, "wb") as target:
                produce(target)
        except Exception as error:
            failed.append(error)

    thread = Thread(target=write, name="packing files")
    thread.start()
    try:
        with open(reading, "rb") as source:
            consume(source)
    finally:
        thread.join()
    if failed:
        raise failed[0]


def _whole(folder: Path) -> Iterator[Path]:
    """The files that are complete, of all consultations."""
    for consultation in _entries(folder):
        if not PATTERN.fullmatch(consultation.name):
            continue  # not ours, as the `lost+found` of a disk
        for path in _entries(consultation):
            named = STORED.fullmatch(path.name)
            if named is not None and named[2] != UPLOAD:
                yield path


def _entries(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return sorted(folder.iterdir())
    return []


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    consultation_id, _, name = member.name.partition("/")
    source = archive.extractfile(member) if member.isreg() else None
    if source is None or not PATTERN.fullmatch(consultation_id) or not STORED.fullmatch(name):
        raise StorageError(f"The backup is damaged: {ARCHIVE} holds {member.name!r}.")
    folder = target / consultation_id
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    with durable.naming(path), path.open("xb") as written:
        shutil.copyfileobj(source, written)
        written.flush()
        os.fsync(written.fileno())
