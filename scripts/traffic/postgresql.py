"""A PostgreSQL of a benchmark's own: Debian's server as it is installed, on the disk, reached by a socket."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.traffic.processes import cpu_seconds

USER = DATABASE = "teleconnect"
SETTINGS = "listen_addresses = ''\nmax_connections = 200\nshared_buffers = '128MB'\n"


def _programs() -> Path:
    """The folder of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


def _as_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user of Debian's package."""
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam("postgres")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class Cluster:
    folder: Path
    process_id: int

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@/{DATABASE}?host={self.folder}"

    def cpu_seconds(self) -> float:
        """Of all its processes, those that have ended included."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text("ascii").rpartition(")")[2].split()
        ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        children = Path(f"/proc/{self.process_id}/task/{self.process_id}/children").read_text()
        used = ended + cpu_seconds(self.process_id)
        for each in children.split():
            with suppress(OSError):
                used += cpu_seconds(int(each))
        return used


@contextmanager
def cluster(parent: Path) -> Iterator[Cluster]:
    """A server with an empty database; its files are in a folder below `parent`."""
    folder = parent / "postgresql"
    folder.mkdir()
    parent.chmod(0o755)
    user = _as_user()
    if user:
        os.chown(folder, user["user"], user["group"])
    data = folder / "data"

    def run(program: str, *arguments: object) -> None:
        subprocess.run(
            [_programs() / program, *map(str, arguments)],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **user,
        )  # fmt: skip

    run(
        "initdb", "--pgdata", data, "--username", USER, "--encoding", "UTF8", "--locale", "C.UTF-8",
        "--auth", "trust", "--no-instructions",
    )  # fmt: skip
    with (data / "postgresql.conf").open("a") as written:
        written.write(f"{SETTINGS}unix_socket_directories = '{folder}'\n")
    run("pg_ctl", "start", "--silent", "--wait", "--pgdata", data, "--log", folder / "log")
    try:
        run("createdb", "--host", folder, "--username", USER, DATABASE)
        process_id = int((data / "postmaster.pid").read_text().split()[0])
        yield Cluster(folder, process_id)
    finally:
        run("pg_ctl", "stop", "--silent", "--wait", "--mode", "immediate", "--pgdata", data)
