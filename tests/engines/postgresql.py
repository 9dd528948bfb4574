"""A PostgreSQL of the tests' own: Debian's server in memory, reached by a socket, gone at the end.

It keeps nothing through a power cut (fsync off): what is tested here is what is asked of it.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

USER = "teleconnect"
MOST_CONNECTIONS = 300
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": str(MOST_CONNECTIONS),
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "max_wal_size": "256MB",
    "logging_collector": "off",
}


def programs() -> Path:
    """The folder of the newest server that is installed, as Debian lays them out."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[4])
    )
    assert found, "PostgreSQL is not installed: scripts/setup --test"
    return found[-1].parent


def _as_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user of Debian's package."""
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam("postgres")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


class Cluster:
    """A server with its files in a folder of its own."""

    def __init__(self, **settings: str) -> None:
        memory = Path("/dev/shm")
        place = memory if os.access(memory, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=place))
        if os.geteuid() == 0:
            os.chown(self.folder, _as_user()["user"], _as_user()["group"])
        self.data = self.folder / "data"
        self._settings = SETTINGS | {"unix_socket_directories": str(self.folder)} | settings
        self._run(
            "initdb", "--pgdata", self.data, "--username", USER, "--encoding", "UTF8",
            "--locale", "C.UTF-8", "--no-sync", "--auth", "trust", "--no-instructions",
        )  # fmt: skip
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")
        with (self.data / "postgresql.conf").open("a") as written:
            for name, value in self._settings.items():
                written.write(f"{name} = '{value}'\n")

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Returns once connections are taken."""
        self._run(
            "pg_ctl", "start", "--silent", "--wait", "--pgdata", self.data,
            "--log", self.folder / "server.log",
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        """`fast`: connections are ended; `immediate`: as a crash."""
        self._run("pg_ctl", "stop", "--silent", "--wait", "--mode", mode, "--pgdata", self.data)

    def remove(self) -> None:
        with contextlib.suppress(RuntimeError):  # it was stopped already
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [programs() / program, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            **_as_user(),
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout.decode()}")


@contextlib.contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """A server that runs; settings beside those of all."""
    made = Cluster(**settings)
    try:
        made.start()
        yield made
    finally:
        made.remove()
