"""A Firefox of any age over Marionette, its own remote protocol: lengths and JSON over TCP."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from scripts.benchmarks._engines.fetching import Engine
from scripts.benchmarks._engines.phone import (
    STARTS_WITHIN,
    Broken,
    Fault,
    Phone,
    Program,
    first_shown,
    free_port,
)

PATIENCE = 30.0
"Seconds for one answer of the browser."
LONGEST_ANSWER = 1 << 26
PREFERENCES: dict[str, str | int | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    # without a sound card nothing would ever be played
    "media.cubeb.force_mock_context": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "intl.accept_languages": "en-US",
    # no requests to its maker
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"The key of an element's reference (W3C WebDriver, section 12.1)."
AWAIT = """
const done = arguments[arguments.length - 1];
Promise.resolve().then(() => (%s))
  .then((found) => done([null, found]), (error) => done(["" + error, null]));
"""
"The page's security policy forbids `eval`, so the expression is part of the script."
COMPLAINT = re.compile(r"JavaScript error: (\S*), line (\d+): (.*)")
"A line of the program's own output."


class Firefox(Phone):
    def __init__(self) -> None:
        self._lines_read = 0
        self._profile = Path(tempfile.mkdtemp(prefix="teleconnect-engine-"))
        self._program: Program | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._one_at_a_time = asyncio.Lock()
        self._asked = 0

    @classmethod
    async def start(cls, engine: Engine) -> Self:
        """The engine, without a window; the caller closes it. Raises Broken."""
        phone = cls()
        try:
            await phone._start(engine)
        except BaseException:
            await phone.close()
            raise
        return phone

    async def _start(self, engine: Engine) -> None:
        port = free_port()
        preferences = {**PREFERENCES, "marionette.port": port}
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items())
        (self._profile / "user.js").write_text("".join(lines))
        options = ("--headless", "--marionette", "--no-remote", "--profile", str(self._profile))
        environment = {"MOZ_REMOTE_SETTINGS_DEVTOOLS": "1", **engine.environment}
        command = [str(engine.program), *options, "about:blank"]
        self._program = Program(command, environment, self._profile)
        end = time.monotonic() + STARTS_WITHIN
        while self._reader is None:
            with contextlib.suppress(OSError):
                self._reader, self._writer = await asyncio.open_connection(
                    "127.0.0.1", port, limit=LONGEST_ANSWER
                )
                break
            if not self._program.running or time.monotonic() > end:
                raise Broken(f"it did not start: {self._program.said()[-500:]}")
            await asyncio.sleep(0.1)
        await self._frame()  # it introduces itself
        answer = await self.send("WebDriver:NewSession", capabilities={})
        self.version = str(answer["capabilities"]["browserVersion"])
        await self.send("WebDriver:SetTimeouts", script=int(PATIENCE * 1000))

    async def _frame(self) -> Any:
        assert self._reader is not None
        length = await self._reader.readuntil(b":")
        return json.loads(await self._reader.readexactly(int(length[:-1])))

    async def send(self, command: str, **parameters: Any) -> Any:
        """What the browser answers to a command. Raises Broken."""
        assert self._writer is not None
        async with self._one_at_a_time, asyncio.timeout(PATIENCE + 5):
            self._asked += 1
            order = json.dumps([0, self._asked, command, parameters]).encode()
            self._writer.write(b"%d:%s" % (len(order), order))
            await self._writer.drain()
            while True:
                kind, number, error, result = await self._frame()
                if kind == 1 and number == self._asked:
                    break
        if error:
            raise Broken(f"{command}: {error.get('message')}")
        return result

    def taken_faults(self) -> list[Fault]:
        assert self._program is not None
        lines = self._program.said().splitlines()
        fresh, self._lines_read = lines[self._lines_read :], len(lines)
        found = (COMPLAINT.search(line) for line in fresh)
        return [
            Fault(said, f"{'/'.join(file.split('/')[-2:])}:{line}")
            for file, line, said in (one.groups() for one in found if one)
            if file.startswith("http")
        ]

    async def open(self, url: str) -> None:
        await self.send("WebDriver:Navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.send(
            "WebDriver:ExecuteAsyncScript",
            script=AWAIT % expression, args=[], sandbox=None, newSandbox=False,
        )  # fmt: skip
        error, value = answer["value"]
        if error:
            raise Broken(error)
        return value

    async def _element(self, selector: str) -> str:
        found = await self.send("WebDriver:FindElement", using="css selector", value=selector)
        return str(found["value"][ELEMENT])

    async def press(self, selector: str) -> bool:
        answer = await self.send(
            "WebDriver:ExecuteScript",
            script=f"return {first_shown(selector)}", args=[], sandbox=None, newSandbox=False,
        )  # fmt: skip
        if answer["value"] is None:
            return False
        await self.send("WebDriver:ElementClick", id=answer["value"][ELEMENT])
        return True

    async def type(self, selector: str, text: str) -> None:
        await self.send("WebDriver:ElementSendKeys", id=await self._element(selector), text=text)

    async def choose(self, selector: str, file: Path) -> None:
        field = await self._element(selector)
        await self.send("WebDriver:ElementSendKeys", id=field, text=str(file))

    async def photograph(self) -> bytes:
        answer = await self.send("WebDriver:TakeScreenshot", full=False)
        return base64.b64decode(answer["value"])

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._program is not None:
            self._program.end()
        shutil.rmtree(self._profile, ignore_errors=True)
