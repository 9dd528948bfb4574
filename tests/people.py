"""People for tests without a browser: their cookies, their forms, their sockets.

async with Person(server) as nurse:
    await nurse.sign_in()
    link = await nurse.invite("Amina")
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.abc import AbstractCookieJar
from multidict import CIMultiDictProxy
from yarl import URL

from signaling.wire.messages import PROTOCOL_VERSION
from tests.serving import PASSWORD, Server
from web.connections.eviction import IDLE_WITHIN
from web.keys import CLOCKWORK, OUTBOX, WAITS
from web.notices.outbox import read_outbox

LINK = re.compile(r"/i/[\w-]+")
"The path of a personal link in a notice."
HEADERS = {"Accept": "text/html", "Accept-Encoding": "gzip"}
"Of a browser that came over plain HTTP: none takes Brotli there."
PATIENCE = 60.0
"Seconds after which a frame that does not come fails the test."
_numbers = count(1)


def an_id(word: str = "command") -> str:
    return f"{word}-{next(_numbers):06}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    text: str
    body: bytes

    @property
    def location(self) -> str:
        return self.headers["Location"]


class Refused(Exception):
    """A command was answered by an error."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self.code = frame["code"]
        super().__init__(f"{self.code}: {frame['text']}")


class Wire:
    """One socket: frames as dictionaries."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.frames: list[dict[str, Any]] = []
        "Everything received so far."
        self.close_code: int | None = None

    async def send(self, kind: str, /, **members: Any) -> None:
        await self.ws.send_str(json.dumps({"type": kind, **members}))

    async def frame(self) -> dict[str, Any]:
        """The next frame. Raises ConnectionError with the close code at the end."""
        message = await self.ws.receive(PATIENCE)
        if message.type is not aiohttp.WSMsgType.TEXT:
            closing = message.type is aiohttp.WSMsgType.CLOSE
            self.close_code = message.data if closing else self.ws.close_code
            raise ConnectionError(self.close_code)
        frame: dict[str, Any] = json.loads(message.data)
        self.frames.append(frame)
        return frame

    async def until(self, kind: str, **members: Any) -> dict[str, Any]:
        """The next frame of this type with these members; earlier frames are skipped."""
        while True:
            frame = await self.frame()
            if frame["type"] == kind and members.items() <= frame.items():
                return frame

    async def command(self, kind: str, /, **members: Any) -> dict[str, Any]:
        """Send a command and wait for its acknowledgement. Raises Refused."""
        members.setdefault("id", an_id())
        await self.send(kind, **members)
        while True:
            frame = await self.frame()
            if frame.get("id") == members["id"] and frame["type"] == "ack":
                return frame
            if frame["type"] == "error" and frame.get("id") in (members["id"], None):
                raise Refused(frame)

    async def say(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        return await self.command("chat_send", text=text, id=message_id or an_id("message"))

    async def chat(self) -> list[dict[str, Any]]:
        """Every message up to the newest one of the snapshot, read page by page."""
        snapshot = next(frame for frame in self.frames if frame["type"] == "snapshot")
        lines: list[dict[str, Any]] = snapshot["chat"]
        while lines and lines[0]["position"] > 1:
            lines = await self.chat_page(before=lines[0]["position"]) + lines
        return lines

    async def chat_page(self, **where: int) -> list[dict[str, Any]]:
        """Messages before or after a position. Raises Refused."""
        question = an_id("question")
        await self.send("read_chat", id=question, **where)
        while True:
            frame = await self.frame()
            if frame.get("id") == question:
                if frame["type"] == "error":
                    raise Refused(frame)
                page: list[dict[str, Any]] = frame["chat"]
                return page

    async def end(self) -> int | None:
        """Read to the end; the close code."""
        try:
            while True:
                await self.frame()
        except ConnectionError:
            return self.close_code


class Person:
    """Somebody with a browser of their own: cookies are kept, redirects are not followed."""

    def __init__(
        self,
        server: Server,
        *,
        url: str = "",
        connect: aiohttp.SocketFactoryType | None = None,
        **headers: str,
    ) -> None:
        """`url` is where the server is, if not on this machine; `connect` makes sockets that get there."""
        self.server = server
        self.url = url or f"http://127.0.0.1:{server.config.port}"
        self._connect = connect
        # a server in a process may be killed, and then its idle connections are gone
        self._clock = server.app[WAITS] if isinstance(server, Server) and not url else None
        self._asked_at = self._clock.now() if self._clock else None
        self.http = self._session(aiohttp.CookieJar(unsafe=True), HEADERS | headers)
        self._earlier: list[aiohttp.ClientSession] = []
        self._wires: list[Wire] = []

    def _session(
        self, cookies: AbstractCookieJar, headers: Mapping[str, str]
    ) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            force_close=self._clock is None, socket_factory=self._connect
        )
        return aiohttp.ClientSession(
            self.url, connector=connector, cookie_jar=cookies, headers=headers
        )

    def _leave_overdue_connections(self) -> None:
        """Where a test has moved the clock, the server closes what has been idle for so long."""
        if self._clock is None or self._asked_at is None:
            return
        before, self._asked_at = self._asked_at, self._clock.now()
        if abs(self._asked_at - before) >= IDLE_WITHIN:
            self._earlier.append(self.http)
            self.http = self._session(self.http.cookie_jar, self.http.headers)

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        for wire in self._wires:
            # A socket whose server was killed is closed for aiohttp, but not its connection, and
            # the garbage collector may complain about it in any later test.
            wire.ws._response.close()
        for http in (*self._earlier, self.http):
            await http.close()

    async def ask(self, method: str, path: str | URL, **options: Any) -> Answer:
        self._leave_overdue_connections()
        async with self.http.request(method, path, allow_redirects=False, **options) as answer:
            body = await answer.read()
            return Answer(answer.status, answer.headers, body.decode("utf-8", "replace"), body)

    async def get(self, path: str | URL, **headers: str) -> Answer:
        return await self.ask("GET", path, headers=headers)

    async def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        return await self.ask("POST", path, data=form or {}, headers=headers)

    @property
    def cookie(self) -> str:
        """The value of the web session's cookie; empty if there is none."""
        return next((c.value for c in self.http.cookie_jar if c.key == "teleconnect"), "")

    def plant(self, token: str) -> None:
        """Put a web session's cookie into this browser."""
        self.http.cookie_jar.update_cookies({"teleconnect": token}, URL(self.url))

    # --- a scheduler

    async def sign_in(self, email: str = "nurse@example.org", password: str = PASSWORD) -> Answer:
        return await self.post("/signin", {"email": email, "password": password})

    async def invite(self, name: str = "Amina", **fields: str) -> str:
        """Invite somebody by email; returns the path of their link, as the button that copies it is told."""
        form = {
            "kind": "remote", "first_name": name, "last_name": "", "channel": "email",
            "address": "amina@example.org", "language": "en", **fields,
        }  # fmt: skip
        answer = await self.post("/invites/new", form, Accept="text/html")
        assert answer.status == 303, answer.text
        link = await self.get(answer.location, Accept="application/json")
        found = LINK.search(link.text)
        assert found is not None
        return found.group()

    # --- somebody by link

    async def join(self, link: str, *, others: str = "keep") -> str:
        """Take the seat; returns the invite's id. `others` decides about other seats of the browser."""
        answer = await self.post(link, {"others": others} if others else None)
        assert answer.status == 303, answer.text
        return answer.location.rpartition("/")[2]

    # --- both

    async def connect(self, hello: str | None = None, /, **headers: str) -> Wire:
        """A socket, with a hello in its address or without one."""
        self._leave_overdue_connections()
        asked = None if hello is None else {"hello": hello}
        wire = Wire(await self.http.ws_connect("/socket", params=asked, headers=headers))
        self._wires.append(wire)
        return wire

    async def enter(
        self, *, peer_id: str | None = None, resume: dict[str, Any] | None = None, **room: str
    ) -> Wire:
        """A socket that has been welcomed: `invite_id=` or `consultation_id=` names the room."""
        wire = await self.connect()
        members: dict[str, Any] = {"resume": resume} if resume else {}
        await wire.send(
            "hello",
            version=PROTOCOL_VERSION,
            stream="room",
            peer_id=peer_id or an_id("peer"),
            **room,
            **members,
        )
        first = await wire.frame()
        if first["type"] == "error":
            raise Refused(first)
        assert first["type"] == "welcome"
        if not first["resumed"]:
            await wire.until("snapshot")
        return wire


async def consultation_of(wire: Wire) -> str:
    """The id of the room a socket was welcomed to."""
    snapshot = next(frame for frame in wire.frames if frame["type"] == "snapshot")
    return str(snapshot["consultation"]["consultation_id"])


@dataclass(frozen=True)
class Visit:
    """Nurse and Amina in one session: their browsers, and the sockets of their pages."""

    nurse: Person
    phone: Person
    seat: str
    "Amina's invite."
    amina: Wire
    desk: Wire
    consultation_id: str


@asynccontextmanager
async def visiting(server: Server) -> AsyncIterator[Visit]:
    """Amina waits, and nurse, who has invited her, has the session's page open."""
    async with Person(server) as nurse, Person(server) as phone:
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        amina = await phone.enter(invite_id=seat, peer_id="amina-page")
        consultation_id = await consultation_of(amina)
        desk = await nurse.enter(consultation_id=consultation_id, peer_id="nurse-page")
        yield Visit(nurse, phone, seat, amina, desk, consultation_id)


async def outbox(server: Server) -> list[Any]:
    """Every notice in the outbox folder, after what is due was sent."""
    await server.app[CLOCKWORK].run_due()
    return await read_outbox(server.app[OUTBOX])


async def gather(*work: Any) -> list[Any]:
    return list(await asyncio.gather(*work))
