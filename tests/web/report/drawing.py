"""The processes that draw reports, held still so that nothing depends on speed."""

import contextlib
import os
import signal
from pathlib import Path

from tests.people import Person

CHILDREN = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")


def about(process_id: int, file: str) -> bytes:
    """What the system tells of a process."""
    return Path(f"/proc/{process_id}/{file}").read_bytes()


def children() -> set[int]:
    """Processes of ours that draw a report, as the system lists them."""
    found = set()
    for child in map(int, CHILDREN.read_text().split()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"web.report.process" in about(child, "cmdline"):
                found.add(child)
    return found


class Drawing:
    """Stops every drawing process as soon as it is there, so that nothing depends on speed."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.stopped: list[int] = []

    async def look(self) -> int:
        """Have the server answer, then stop what is new; how many draw now."""
        assert (await self._person.get("/healthz")).status == 200
        now = children()
        for child in now - set(self.stopped):
            os.kill(child, signal.SIGSTOP)
            self.stopped.append(child)
        return len(now)

    async def until(self, count: int) -> None:
        """Wait until so many draw."""
        while await self.look() != count:
            pass

    def go_on(self) -> None:
        for child in children():
            os.kill(child, signal.SIGCONT)
