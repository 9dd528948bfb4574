"""Janus, the gateway the relay is compared with: started with its own folder, spoken to in JSON."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import tempfile
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import aiohttp

PLUGINS = "/usr/lib/x86_64-linux-gnu/janus/plugins"
TRANSPORTS = "/usr/lib/x86_64-linux-gnu/janus/transports"


class Janus:
    """A Janus of our own with the VideoRoom plug-in, reached over a WebSocket on loopback."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="janus-"))
        self._process: Process | None = None
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._session = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    @staticmethod
    def installed() -> bool:
        """Whether Debian's janus package is there."""
        return shutil.which("janus") is not None and Path(PLUGINS).is_dir()

    @property
    def process_id(self) -> int:
        """The process whose time is counted."""
        assert self._process is not None
        return self._process.pid

    async def start(self, interface_address: str) -> None:
        """Run Janus and open a session with it."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (self._folder / "janus.jcfg").write_text(
            f"""general: {{ configs_folder = "{self._folder}" plugins_folder = "{PLUGINS}"
  transports_folder = "{TRANSPORTS}" events_folder = "{self._folder}"
  loggers_folder = "{self._folder}" debug_level = 2 event_loops = 1 admin_secret = "unused" }}
certificates: {{ }}
media: {{ rtp_port_range = "20000-29000" }}
nat: {{ ice_lite = false nice_debug = false ice_enforce_list = "{interface_address}" }}
plugins: {{ disable = "{",".join(_others(PLUGINS, "videoroom"))}" }}
transports: {{ disable = "{",".join(_others(TRANSPORTS, "websockets"))}" }}
""",
            encoding="ascii",
        )
        (self._folder / "janus.transport.websockets.jcfg").write_text(
            f'general: {{ ws = true ws_port = {port} ws_ip = "127.0.0.1" wss = false }}\n'
            "admin: { admin_ws = false admin_wss = false }\n",
            encoding="ascii",
        )
        (self._folder / "janus.plugin.videoroom.jcfg").write_text(
            "general: { }\n", encoding="ascii"
        )
        self._process = await asyncio.create_subprocess_exec(
            "janus",
            "-F",
            str(self._folder),
            "-C",
            str(self._folder / "janus.jcfg"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._http = aiohttp.ClientSession()
        for _ in range(100):
            try:
                self._socket = await self._http.ws_connect(
                    f"ws://127.0.0.1:{port}/", protocols=("janus-protocol",)
                )
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
        assert self._socket is not None, "Janus does not answer"
        self._reader = asyncio.create_task(self._read())
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(15)
            await self._ask({"janus": "keepalive"}, final="ack")

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue
            word = message.json()
            if word.get("janus") == "ack" and word.get("transaction", "").startswith("m"):
                continue
            waiting = self._waiting.pop(word.get("transaction", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(word)

    async def _ask(self, question: dict[str, Any], final: str = "") -> dict[str, Any]:
        assert self._socket is not None
        prefix = "m" if question["janus"] == "message" else "q"
        transaction = prefix + secrets.token_hex(8)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = answer
        body = {**question, "transaction": transaction}
        if self._session:
            body["session_id"] = self._session
        await self._socket.send_json(body)
        async with asyncio.timeout(20):
            word = await answer
        if word["janus"] == "error" or "error" in word.get("plugindata", {}).get("data", {}):
            raise RuntimeError(f"Janus refused: {word}")
        return word

    async def _attach(self) -> int:
        word = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        handle: int = word["data"]["id"]
        return handle

    async def _message(
        self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        question: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if jsep is not None:
            question["jsep"] = jsep
        return await self._ask(question)

    async def make_room(self, room: int) -> None:
        """A VideoRoom that forwards VP8 and Opus as they come."""
        handle = await self._attach()
        await self._message(
            handle,
            {
                "request": "create",
                "room": room,
                "publishers": 50,
                "bitrate": 0,
                "audiocodec": "opus",
                "videocodec": "vp8",
                "transport_wide_cc_ext": True,
            },
        )

    async def publish(self, room: int, offer: str) -> tuple[int, str]:
        """Join as a publisher; the publisher's id and Janus's answer."""
        handle = await self._attach()
        word = await self._message(handle, {"request": "join", "ptype": "publisher", "room": room})
        publisher: int = word["plugindata"]["data"]["id"]
        word = await self._message(handle, {"request": "publish"}, {"type": "offer", "sdp": offer})
        return publisher, word["jsep"]["sdp"]

    async def subscribe(self, room: int, publisher: int) -> tuple[int, str]:
        """Join as a subscriber; the handle to answer on and Janus's offer."""
        handle = await self._attach()
        word = await self._message(
            handle,
            {
                "request": "join",
                "ptype": "subscriber",
                "room": room,
                "streams": [{"feed": publisher}],
            },
        )
        return handle, word["jsep"]["sdp"]

    async def answer(self, handle: int, answer: str) -> None:
        """Give the answer to what :meth:`subscribe` offered."""
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": answer})

    async def stop(self) -> None:
        """End Janus and remove its folder."""
        for task in (self._keeper, self._reader):
            if task is not None:
                task.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._http is not None:
            await self._http.close()
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _others(folder: str, wanted: str) -> list[str]:
    """The plug-ins of a folder but one."""
    return sorted(x.name for x in Path(folder).glob("*.so") if wanted not in x.name)
