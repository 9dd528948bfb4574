"""Who may use the data folder beside whom, and that a lock ends with its process."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import FolderInUse, StorageError
from storage.folder.lock import DataFolderLock

HOLD = (
    "import sys, pathlib; from storage.folder.lock import DataFolderLock;"
    "lock = DataFolderLock.serve(pathlib.Path(sys.argv[1])); print(flush=True);"
    "sys.stdin.read()"
)
Use = Callable[[Path], DataFolderLock]
serve, share, take = DataFolderLock.serve, DataFolderLock.share, DataFolderLock.take


@pytest.mark.parametrize(("first", "second"), [(serve, share), (share, serve), (share, share)])
def test_a_command_may_work_beside_a_server(tmp_path: Path, first: Use, second: Use) -> None:
    with first(tmp_path), second(tmp_path):
        pass


@pytest.mark.parametrize(
    ("first", "second"),
    [(serve, serve), (serve, take), (take, serve), (take, take), (take, share), (share, take)],
)
def test_who_must_be_alone_is_refused_and_leaves_no_lock(
    tmp_path: Path, first: Use, second: Use
) -> None:
    with first(tmp_path):
        for _ in range(2):
            with pytest.raises(FolderInUse, match=f"using the data folder {tmp_path}. Stop that"):
                second(tmp_path)
    with take(tmp_path):
        pass


@pytest.mark.slow
def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        with pytest.raises(FolderInUse):
            take(tmp_path)
        holder.kill()
        holder.wait()
        with take(tmp_path):
            pass


@pytest.mark.slow
def test_a_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    held = take(tmp_path)
    here, there = multiprocessing.Pipe()
    forked = os.fork()
    if not forked:
        there.send("")
        there.recv()
        os._exit(0)
    with here, there, subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False):
        here.recv()
        with pytest.raises(FolderInUse):
            take(tmp_path)
        held.release()
        with take(tmp_path):
            pass
        here.send("")
    os.waitpid(forked, 0)


def test_a_folder_that_cannot_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"The data folder .*/file cannot be made"):
        serve(tmp_path / "file")
    (tmp_path / "using.lock").mkdir()
    with pytest.raises(StorageError, match=r"cannot be used: .*/using.lock: Is a directory"):
        serve(tmp_path)
    (tmp_path / "using.lock").rmdir()
    with serve(tmp_path):
        pass
