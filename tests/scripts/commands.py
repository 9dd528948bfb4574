"""Our commands in processes of their own, forked from one that has loaded them: some ten
milliseconds each, so that they can be killed a hundred times.

    with Commands(tmp_path / "data") as commands:
        assert commands.run("scripts.backup", tmp_path / "sets").status == 0
"""

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_SOURCE = """
import importlib, json, os, select, signal, sys, time
for name in sys.argv[1:]:
    importlib.import_module(name)
print(flush=True)
for line in sys.stdin:
    order = json.loads(line)
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            for number, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ.update(order["environment"])
            sys.argv = order["argv"]
            try:
                status = sys.modules[order["argv"][0]].main()
            except SystemExit as end:
                status = end.code
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status or 0)
    child = os.pidfd_open(pid)
    if not select.select([child], [], [], order["kill_after"])[0]:
        os.kill(pid, signal.SIGKILL)
    os.close(child)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    ended = time.monotonic()
    print(json.dumps([status, ended - began]), flush=True)
"""
MODULES = (
    "scripts.audit", "scripts.backup", "scripts.create_account", "scripts.restore",
    "scripts.rotate_master_key", "scripts.set_password",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a command ended; a killed one has the status -9."""

    status: int
    out: str
    err: str
    took_s: float

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


class Commands:
    def __init__(self, data_dir: Path, **environment: str) -> None:
        self._environment = {"TELECONNECT_DATA_DIR": str(data_dir), **environment}
        self._folder = data_dir.parent

    def __enter__(self) -> "Commands":
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SOURCE, *MODULES],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=60)

    def run(
        self, module: str, *arguments: object, kill_after: float | None = None, **environment: str
    ) -> Ended:
        """Run `python -m module arguments`; `kill_after` so many seconds it gets SIGKILL."""
        out, err = self._folder / "out.txt", self._folder / "err.txt"
        for file in (out, err):
            file.write_text("")  # a command may be killed before it opens them
        order = {
            "argv": [module, *map(str, arguments)],
            "environment": self._environment | environment,
            "kill_after": kill_after,
            "out": str(out),
            "err": str(err),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        status, took_s = json.loads(self._process.stdout.readline())
        return Ended(status, out.read_text("utf-8"), err.read_text("utf-8"), took_s)

    def kills(
        self, times: int, module: str, *arguments: object, **environment: str
    ) -> Iterator[None]:
        """Run and kill a command `times` times, each at a random moment of what a whole run takes.

        Yields after each run, even if that had ended before the kill.
        """
        whole_s = 1.0
        killed = 0
        while killed < times:
            moment = random.random() * whole_s
            ended = self.run(module, *arguments, kill_after=moment, **environment)
            killed += ended.killed
            if not ended.killed:
                assert ended.status == 0, ended.err
                whole_s = min(whole_s, ended.took_s)
            yield
