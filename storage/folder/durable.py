"""Files that are complete or absent, also after a power cut. All of it blocks."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Let an OSError name this file: one of a write names none, one of a copy its source."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(file)) from error


def copy(source: Path, target: Path) -> None:
    """Raises OSError."""
    with naming(target):
        shutil.copyfile(source, target)


def write(file: Path, body: bytes) -> None:
    """Replace `file` by `body`, readable by its owner only. Raises OSError."""
    with naming(file):
        _write(file, body)


def _write(file: Path, body: bytes) -> None:
    half = file.with_name(f".{file.name}.half")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as opened:
            opened.write(body)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(half, file)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    sync(file.parent)


def sync(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
