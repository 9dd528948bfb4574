"""What was made of the front end's files, kept on disk so that the next start need not make it again.

It is beside the compiler, where such programs keep what they made: whoever may write there could change
the compiler as well. Where the compiler is not that of this checkout it is in the data folder, where only
the server may write. A server that may not write there makes everything at each start.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from web.bundles.compiler import installed_in

MOST = 8
"Of several versions of the sources, the ones that were used last."
IN_DATA = "pages"
"Its name in a data folder."
_LOCK = "lock"


def folder(data_dir: Path | None = None) -> Path | None:
    """Where it is kept; None where the compiler is not that of this checkout and there is no data folder."""
    if place := installed_in():
        return place / ".cache" / "teleconnect"
    return data_dir / IN_DATA if data_dir else None


def kept(place: Path | None, digest: str, make: Callable[[], bytes]) -> bytes:
    """What is kept under the digest of all that it is made of; if nothing is, it is made.

    Of processes that start together one makes it, and the others wait.
    """
    if place is None:
        return make()
    file = place / digest
    if (found := _read(file)) is not None:
        return found
    with _alone(place):
        if (found := _read(file)) is not None:
            return found
        made = make()
        with contextlib.suppress(OSError):
            _write(file, made)
        return made


def forget(place: Path | None, digest: str) -> None:
    """What is kept under a digest cannot be read."""
    if place is not None:
        with contextlib.suppress(OSError):
            (place / digest).unlink()


def _read(file: Path) -> bytes | None:
    try:
        found = file.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        os.utime(file)
    return found


def _write(file: Path, made: bytes) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(made)
    os.replace(new, file)
    others = [each for each in file.parent.iterdir() if each.name != _LOCK]
    for old in sorted(others, key=lambda each: each.stat().st_mtime)[:-MOST]:
        old.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Among all processes that have this folder, if it can be written to."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context((place / _LOCK).open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
