"""What a walk asks of a browser, whichever protocol it is driven by."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTS_WITHIN = 25.0
ENGLISH = {"LANG": "en_US.UTF-8", "LANGUAGE": "en_US", "LC_ALL": "en_US.UTF-8", "TZ": "UTC"}
"Under the locale C old engines report a language that Intl refuses."
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

FIRST_SHOWN = """
Array.from(document.querySelectorAll(%s))
  .find((one) => one.getClientRects().length && !one.disabled)
"""
"The first element of a selector that can be pressed; undefined if there is none."


@dataclass(frozen=True)
class Fault:
    """A line of a page's console that nobody wants to see there."""

    message: str
    place: str
    "File, line and column, as far as the browser tells."

    def __str__(self) -> str:
        return f"{self.message} ({self.place})" if self.place else self.message


class Broken(RuntimeError):
    """A page did not do what was asked of it; the sentence says what."""


class Phone(ABC):
    """One browser with one page."""

    version = ""

    @abstractmethod
    async def open(self, url: str) -> None:
        """Go there; returns once the page has loaded."""

    @abstractmethod
    async def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited if it is a promise. Raises Broken."""

    @abstractmethod
    async def press(self, selector: str) -> bool:
        """Press the first element that is shown; False if there is none."""

    @abstractmethod
    async def type(self, selector: str, text: str) -> None:
        """Focus an element and write into it as a keyboard does."""

    @abstractmethod
    async def choose(self, selector: str, file: Path) -> None:
        """Give a file to a field for files."""

    @abstractmethod
    def taken_faults(self) -> list[Fault]:
        """What the console has shown since this was called last."""

    @abstractmethod
    async def photograph(self) -> bytes:
        """A picture of the page as PNG."""

    @abstractmethod
    async def close(self) -> None:
        """End the browser, whatever its state."""

    async def until(self, expression: str, seconds: float, what: str) -> Any:
        """The value of an expression once it is true. Raises Broken, which says what did not come."""
        end = time.monotonic() + seconds
        while True:
            # between two pages there is nothing to ask
            with contextlib.suppress(Broken, TimeoutError):
                if value := await self.evaluate(expression):
                    return value
            if time.monotonic() > end:
                raise Broken(what)
            await asyncio.sleep(0.1)

    async def press_when_shown(self, selector: str, seconds: float, what: str) -> None:
        """Press an element once it is there. Raises Broken."""
        end = time.monotonic() + seconds
        while not await self.press(selector):
            if time.monotonic() > end:
                raise Broken(what)
            await asyncio.sleep(0.1)


def first_shown(selector: str) -> str:
    """An expression whose value is that element."""
    return (FIRST_SHOWN % json.dumps(selector)).strip()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _alone() -> None:
    """In the child: a group of its own, and no life after whoever started it."""
    os.setsid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Program:
    """A running browser, whose children end with it and which ends with this process."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], profile: Path):
        self._log = profile / "log"
        variables = {**ENGLISH, "HOME": str(profile), **environment}
        given = [f"{name}={value}" for name, value in variables.items()]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["env", *given, *command],
                stdout=log,
                stderr=log,
                preexec_fn=_alone,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
