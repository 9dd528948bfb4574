"""A browser of text, w3m, in a terminal: the way from the link to an answer in the chat.

Where w3m is not installed, what it is given is read instead.
"""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.media.support import until
from tests.people import Person
from tests.serving import Server
from tests.web.pages.plain.seat import waiting_id, words

W3M = shutil.which("w3m")
REMARK = "" if W3M else "No page is read in a browser of text: w3m is not installed."
UNTRUE = (
    "JavaScript is switched off",
    "taking long",
    "could not be started",
    "too old",
    "do not work here",
    "Photos cannot be sent",
    "Try again",
    "You wrote this, and it was not sent",
)
"Words of notices for browsers that run scripts, some of the time."
LINES, COLUMNS = 60, 100
SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78M])")
"What moves the cursor and colors, of a terminal (ECMA-48)."


class Terminal:
    """w3m, as somebody sees it who presses its keys."""

    def __init__(self, master: int) -> None:
        self.master = master
        self.shown = ""
        "Since the last key, without colors."
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            said = os.read(self.master, 65536).decode("utf-8", "replace")
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self.master)
            return
        # A real terminal is given time by octets of zero.
        self.shown += SEQUENCE.sub(" ", said.replace("\0", ""))

    async def sees(self, text: str) -> None:
        """Wait for a text on the screen, which w3m is asked to draw anew whenever it has drawn it."""

        def is_there() -> bool:
            if text in " ".join(self.shown.split()):
                return True
            if "Viewing <" in self.shown:
                self.press("\x0c")
            return False

        await until(is_there, f"{text!r} is shown")

    def press(self, keys: str) -> None:
        self.shown = ""
        os.write(self.master, keys.encode())

    def follow(self, label: str) -> None:
        """Go to a link or button by its words, from the top, and press it."""
        self.press(f"g/{label}\r\r")


@contextlib.asynccontextmanager
async def w3m(address: str, folder: Path, typed: Path) -> AsyncIterator[Terminal]:
    """At an address; what is in the file `typed` is what its user writes into a field."""
    assert W3M is not None
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {
        "HOME": str(folder),
        "TERM": "vt100",
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
        "EDITOR": f"cp {shlex.quote(str(typed))}",
    }
    process = await asyncio.create_subprocess_exec(
        W3M, "-cookie", "-o", "accept_cookie=1", "-o", "confirm_qq=0", address,
        stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    terminal = Terminal(master)
    try:
        yield terminal
    finally:
        process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


async def shown_at(address: str, folder: Path) -> str:
    """What somebody reads at an address, who has neither scripts nor styles."""
    if W3M is None:
        async with aiohttp.ClientSession() as phone, phone.get(address) as answer:
            return words(re.sub(r"<script.*?</script>", "", await answer.text()))
    process = await asyncio.create_subprocess_exec(
        W3M, "-dump", "-cols", "1000", address,
        stdout=asyncio.subprocess.PIPE, env={"HOME": str(folder), "LANG": "C.UTF-8"},
    )  # fmt: skip
    return " ".join((await process.communicate())[0].decode().split())


@pytest.mark.slow
async def test_the_landing_page_says_what_is_true_without_scripts_and_styles(
    server: Server, nurse: Person, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{server.config.port}"
    shown = await shown_at(url + await nurse.invite(), tmp_path)
    assert not [each for each in UNTRUE if each in shown]
    places = [
        shown.index(each)
        for each in (
            "You can wait, read and write on a simple page",
            "invites you to a session",
            "Join the session",
            "By joining you accept these terms:",
            "Copy this link:",
        )
    ]
    assert places == sorted(places)
    assert shown.count("Copy this link:") == 1
    over = await shown_at(f"{url}/i/{'x' * 22}", tmp_path)
    assert not [each for each in UNTRUE if each in over]
    assert "This link no longer works" in over


@pytest.mark.slow
async def test_somebody_joins_writes_and_reads_the_answer_in_a_terminal(
    server: Server, nurse: Person, tmp_path: Path
) -> None:
    if W3M is None:
        return
    typed = tmp_path / "typed"
    await asyncio.to_thread(typed.write_text, "My leg hurts\n")
    address = f"http://127.0.0.1:{server.config.port}{await nurse.invite()}"
    async with w3m(address, tmp_path, typed) as terminal:
        await terminal.sees("invites you to a session")
        terminal.follow("Join the session")
        await terminal.sees("Session with Nurse Joy")
        await terminal.sees("This is the simple page")
        desk = await nurse.enter(consultation_id=await waiting_id(nurse))
        # The field is a line above its label; what is in it is written in an editor.
        terminal.press("g/Message\r\t\r")
        await terminal.sees("My leg hurts")
        terminal.follow("Send")
        line = (await desk.until("chat_added"))["message"]
        while line["kind"] != "text":
            line = (await desk.until("chat_added"))["message"]
        assert line["text"].strip() == "My leg hurts"
        await desk.say("Which leg is it?")
        await terminal.sees("Session with Nurse Joy")
        terminal.follow("Chat")
        await terminal.sees("Which leg is it?")
        await terminal.sees("My leg hurts")
        terminal.press("B")
        await terminal.sees("Session with Nurse Joy")
        terminal.follow("Ask for a call by phone")
        await terminal.sees("You have asked for a call by phone")
