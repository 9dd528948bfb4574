"""To whom files in a folder belong, which only root can get wrong.

An operator at the machine runs commands as root. What root makes is for root alone, and a server that
runs as a user of its own would not start on it.
"""

import os
import pwd
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from storage.errors import StorageError

ROOT = 0


def hand_over(folder: Path, owner_of: Path | None = None) -> None:
    """As root: give what root made in `folder` to the owner of the folder, or of `owner_of`.

    What has several names stays: one of them may be a file of root's elsewhere. Raises OSError.
    """
    if sys.platform != "linux" or os.geteuid() != ROOT:
        return
    as_it_is = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    owner = (owner_of or folder).stat()
    if owner.st_uid == ROOT:
        return
    if owner_of is not None:
        os.chown(folder, owner.st_uid, owner.st_gid)
    for _, folders, files, descriptor in os.fwalk(folder):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):  # gone meanwhile
                opened = os.open(name, as_it_is, dir_fd=descriptor)
                try:
                    _hand_over_one(opened, owner)
                finally:
                    os.close(opened)


def _hand_over_one(opened: int, owner: os.stat_result) -> None:
    """What was looked at is what is given away, though its name may stand for something else by now."""
    facts = os.fstat(opened)
    alone = stat.S_ISDIR(facts.st_mode) or facts.st_nlink == 1
    if facts.st_uid == ROOT and alone:
        os.chown(f"/proc/self/fd/{opened}", owner.st_uid, owner.st_gid)  # fchown takes no O_PATH


def require_own(folder: Path, names: Iterable[str], access: int = os.R_OK | os.W_OK) -> None:
    """Raises StorageError if the folder, or one of these files in it, is another user's and closed to us."""
    _require(folder, folder, access | os.X_OK)
    for name in names:
        path = folder / name
        # unlike Path.exists, False where a link leads into a closed folder
        if os.path.exists(path):
            _require(folder, path, access)


def _require(folder: Path, path: Path, access: int) -> None:
    owner = path.stat().st_uid
    if owner != os.geteuid() and not os.access(path, access, effective_ids=True):
        raise StorageError(_whose(folder, path, owner))


def _whose(folder: Path, path: Path, owner: int) -> str:
    own, folders = os.geteuid(), folder.stat().st_uid
    mend = f"chown -R {_name(own)} {folder}"
    if folders == own:
        return f"{path} belongs to {_name(owner)}, and {_name(own)} cannot use it. As root: {mend}"
    return (
        f"{path} belongs to {_name(owner)}, and this runs as {_name(own)}: run it as "
        f"{_name(folders)}, or give the folder to {_name(own)}. As root: {mend}"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # as in a container
        return str(user)
