"""The processes that draw reports, stopped so that tests do not depend on speed."""

import contextlib
import os
import signal
from pathlib import Path

from tests.people import Person


def about(process_id: int, file: str) -> bytes:
    """A process's entry in /proc."""
    return Path(f"/proc/{process_id}/{file}").read_bytes()


def forks(process_id: int) -> list[int]:
    """The processes that a process has started."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(each) for each in children.read_text().split()]


def children() -> set[int]:
    """Our processes that draw a report, as the system lists them."""
    found = set()
    for child in forks(os.getpid()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"web.report.process" in about(child, "cmdline"):
                found.add(child)
    return found


class Drawing:
    """Stops every drawing process as soon as it exists."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.stopped: list[int] = []

    async def look(self) -> int:
        """Let the server answer, then stop new processes. Returns how many there are."""
        assert (await self._person.get("/healthz")).status == 200
        now = children()
        for child in now - set(self.stopped):
            os.kill(child, signal.SIGSTOP)
            self.stopped.append(child)
        return len(now)

    async def until(self, count: int) -> None:
        """Wait until so many are drawing."""
        while await self.look() != count:
            pass

    def go_on(self) -> None:
        for child in children():
            os.kill(child, signal.SIGCONT)
