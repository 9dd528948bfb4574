"""Any Chromium of the last years over the DevTools protocol itself.

Libraries for that protocol drive only browsers of their own age. What is used here has been the same
since Chromium 64.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import aiohttp

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
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--mute-audio",
    "--lang=en-US",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # a network service of its own loses its cookies where there is no keyring
    "--enable-features=NetworkServiceInProcess,NetworkServiceInProcess2",
)
MIDDLE = """
((one) => {
  if (!one) return null;
  one.scrollIntoView({ block: "center" });
  const box = one.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
})(%s)
"""
MOBILE = (
    "Mozilla/5.0 (Linux; Android 6.0.1; SM-J500F) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/%s Mobile Safari/537.36"
)


class Chromium(Phone):
    """A Chromium that says that it is on a phone, with a screen of 360 by 640."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []
        "Called with the method and the parameters of each event of the browser."
        self.agent = ""
        self._faults: list[Fault] = []
        self._profile = Path(tempfile.mkdtemp(prefix="teleconnect-engine-"))
        self._program: Program | None = None
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0

    @classmethod
    async def start(cls, engine: Engine, *more: str, trust: Path | None = None) -> Self:
        """The engine, with more flags; the caller closes it. Raises Broken.

        `trust` is an NSS database with the issuers of certificates that it trusts.
        """
        phone = cls()
        if trust is not None:
            home = phone._profile / ".pki/nssdb"
            await asyncio.to_thread(shutil.copytree, trust, home)
        try:
            await phone._start(engine, more)
        except BaseException:
            await phone.close()
            raise
        return phone

    async def _start(self, engine: Engine, more: tuple[str, ...]) -> None:
        port = free_port()
        places = (f"--remote-debugging-port={port}", f"--user-data-dir={self._profile}/profile")
        command = [str(engine.program), *FLAGS, *places, *more, "about:blank"]
        self._program = Program(command, engine.environment, self._profile)
        self._session = aiohttp.ClientSession()
        build = str((await self._asked_until(f"http://127.0.0.1:{port}/json/version"))["Browser"])
        self.version = build.partition("/")[2]
        pages = await self._asked_until(f"http://127.0.0.1:{port}/json")
        address = next(one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page")
        self._socket = await self._session.ws_connect(address, max_msg_size=0)
        self._reading = asyncio.create_task(self._read(self._socket))
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            await self.send(f"{domain}.enable")
        self.agent = MOBILE % self.version
        await self.send(
            "Network.setUserAgentOverride", userAgent=self.agent, acceptLanguage="en-US"
        )
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=360, height=640, deviceScaleFactor=2, mobile=True,
        )  # fmt: skip

    async def _asked_until(self, url: str) -> Any:
        """What the browser says there once it does, which is soon after its start."""
        assert self._session and self._program
        end = time.monotonic() + STARTS_WITHIN
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._session.get(url) as answer:
                    if found := await answer.json(content_type=None):
                        return found
            if not self._program.running or time.monotonic() > end:
                raise Broken(f"it did not start: {self._program.said()[-500:]}")
            await asyncio.sleep(0.1)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            message = json.loads(frame.data)
            if "id" in message:
                answer = self._answers.pop(message["id"], None)
                if answer and not answer.done():
                    answer.set_result(message)
            else:
                self._hear(message["method"], message["params"])
        for answer in self._answers.values():
            answer.cancel()

    def _hear(self, method: str, event: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener(method, event)
        if method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            said = details.get("exception", {}).get("description") or details.get("text", "")
            line, column = details.get("lineNumber", 0) + 1, details.get("columnNumber", 0) + 1
            place = f"{_file(details.get('url', ''))}:{line}:{column}"
            self._faults.append(Fault(said.partition("\n")[0], place))
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning"):
            said = " ".join(str(one.get("value", one.get("description"))) for one in event["args"])
            frames = event.get("stackTrace", {}).get("callFrames", [])
            place = "".join(f"{_file(one['url'])}:{one['lineNumber'] + 1}" for one in frames[:1])
            self._faults.append(Fault(said.partition("\n")[0], place))
        elif method == "Log.entryAdded" and event["entry"]["level"] == "error":
            entry = event["entry"]
            self._faults.append(Fault(entry["text"], _file(entry.get("url", ""))))

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to a command. Raises Broken."""
        assert self._socket is not None
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        order = {"id": self._asked, "method": method, "params": parameters}
        await self._socket.send_json(order)
        message = await asyncio.wait_for(answer, PATIENCE)
        if "error" in message:
            raise Broken(f"{method}: {message['error'].get('message')}")
        result: dict[str, Any] = message["result"]
        return result

    async def open(self, url: str) -> None:
        await self.send("Page.navigate", url=url)
        here = "location.href !== 'about:blank' && document.readyState === 'complete'"
        await self.until(here, PATIENCE, "the page did not load")

    async def evaluate(self, expression: str) -> Any:
        answer = await self.send(
            "Runtime.evaluate",
            expression=expression, returnByValue=True, awaitPromise=True, userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Broken(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    async def press(self, selector: str) -> bool:
        place = await self.evaluate(MIDDLE % first_shown(selector))
        if place is None:
            return False
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent",
                type=kind, x=place[0], y=place[1], button="left", clickCount=1,
            )  # fmt: skip
        return True

    async def type(self, selector: str, text: str) -> None:
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.send("Input.insertText", text=text)

    async def choose(self, selector: str, file: Path) -> None:
        root = (await self.send("DOM.getDocument"))["root"]["nodeId"]
        field = await self.send("DOM.querySelector", nodeId=root, selector=selector)
        await self.send("DOM.setFileInputFiles", nodeId=field["nodeId"], files=[str(file)])

    def taken_faults(self) -> list[Fault]:
        found, self._faults = self._faults, []
        return found

    async def before_scripts(self, script: str) -> None:
        """Run this in every page before its own scripts."""
        await self.send("Page.addScriptToEvaluateOnNewDocument", source=script)

    async def photograph(self) -> bytes:
        answer = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._session is not None:
            await self._session.close()
        if self._program is not None:
            self._program.end()
        shutil.rmtree(self._profile, ignore_errors=True)


def _file(url: str) -> str:
    """The end of an address: a file of ours, without the digest of its folder."""
    return "/".join(url.partition("?")[0].split("/")[-2:])
