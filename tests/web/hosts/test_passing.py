"""Two hosts, one of which owns every room: what the other one is asked comes back as the owner says it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.files import BLOCK, PIECE, Sender, metadata, photo
from tests.people import PATIENCE, Person, Wire, an_id, consultation_of
from tests.serving import Server, serving
from web.hosts import hand_over as module
from web.hosts.hand_over import PASSING, add_owners
from web.hosts.mark import HEADER
from web.hosts.passing import CLOSE_WITHIN
from web.hosts.ports import Peer
from web.http.client_address import remote

KEY = b"k" * 32


@dataclass
class Told:
    """Owners as a test says: the database that hosts share is none of this matter."""

    host_id: str
    key: bytes = KEY
    others: dict[str, Peer] = field(default_factory=dict)
    "Consultation id -> its owner; `*` for all."

    acts = ready = True

    async def is_elsewhere(self, consultation_id: str) -> bool:
        return await self.owner(consultation_id) is not None

    async def own(self, consultation_id: str) -> None:
        """What opens a room is asked by `owner` before."""

    async def owner(self, consultation_id: str) -> Peer | None:
        return self.others.get(consultation_id) or self.others.get("*")


@dataclass(frozen=True)
class Two:
    owner: Server
    door: Server
    "Owns nothing."
    told: Told
    "What the door believes."


@asynccontextmanager
async def two(folder: Path, owner: Server) -> AsyncIterator[Two]:
    told = Told("door-0001", others={"*": Peer("owner-0001", URL(owner.url))})
    async with serving(folder / "door", also=lambda app: add_owners(app, told)) as door:
        yield Two(owner, door, told)


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[Two]:
    alone = Told("owner-0001")
    async with serving(tmp_path / "owner", also=lambda app: add_owners(app, alone)) as owner:
        await owner.account()
        async with two(tmp_path, owner) as both:
            yield both


@dataclass(frozen=True)
class Session:
    nurse: Person
    "At the door."
    consultation_id: str
    amina: Wire
    "At the owner."


@pytest.fixture
async def session(hosts: Two) -> AsyncIterator[Session]:
    async with (
        Person(hosts.owner) as there,
        Person(hosts.owner) as phone,
        Person(hosts.door) as nurse,
    ):
        await there.sign_in()
        seat = await phone.join(await there.invite())
        amina = await phone.enter(invite_id=seat)
        nurse.plant(there.cookie)
        yield Session(nurse, await consultation_of(amina), amina)


async def desk_of(session: Session, address: str = "/socket") -> Wire:
    """The nurse's socket, by an address."""
    wire = Wire(await session.nurse.http.ws_connect(address))
    session.nurse._wires.append(wire)
    await wire.send(
        "hello", version=3, stream="room", peer_id=an_id("peer"),
        consultation_id=session.consultation_id,
    )  # fmt: skip
    assert (await wire.frame())["type"] == "welcome"
    return wire


async def test_a_page_comes_from_the_owner_as_it_is(hosts: Two, session: Session) -> None:
    answer = await session.nurse.get(f"/sessions/{session.consultation_id}")
    assert answer.status == 200
    assert f"/socket?session={session.consultation_id}" in answer.text
    async with Person(hosts.owner) as there:
        there.plant(session.nurse.cookie)
        direct = await there.get(f"/sessions/{session.consultation_id}")
    assert sorted(direct.headers.keys()) == sorted(answer.headers.keys())


async def test_what_is_about_no_session_is_answered_where_it_is_asked(hosts: Two) -> None:
    async with Person(hosts.door) as stranger:
        assert (await stranger.get("/signin")).status == 200
        assert (await stranger.get("/healthz")).status == 200
    assert len(hosts.door.app[PASSING]) == 0


@pytest.mark.parametrize("named", [True, False])
async def test_a_message_goes_through_both_ways(session: Session, named: bool) -> None:
    address = f"/socket?session={session.consultation_id}" if named else "/socket"
    desk = await desk_of(session, address)
    await desk.command("start_consultation")
    await desk.say("How are you?")
    heard = await session.amina.until("chat_added")
    while heard["message"]["kind"] != "text":
        heard = await session.amina.until("chat_added")
    assert heard["message"]["text"] == "How are you?"
    await session.amina.say("Well!")
    while heard["message"].get("text") != "Well!":
        heard = await desk.until("chat_added")


async def test_a_close_code_of_the_owner_reaches_the_browser(session: Session) -> None:
    desk = await desk_of(session, f"/socket?session={session.consultation_id}")
    await desk.ws.send_str("nonsense")
    assert (await desk.until("error"))["code"] == "invalid_message"
    assert await desk.end() == 4400


async def test_a_browser_that_leaves_is_away_for_the_others(session: Session) -> None:
    desk = await desk_of(session, f"/socket?session={session.consultation_id}")
    present = True
    await desk.ws.close()
    while present:
        changed = await session.amina.until("participant_changed")
        present = changed["participant"]["online"]


async def test_a_form_and_a_refusal_come_from_the_owner(session: Session) -> None:
    address = f"/sessions/{session.consultation_id}/cancel"
    answer = await session.nurse.post(address)
    assert answer.status == 303
    foreign = await session.nurse.post(address, None, **{"Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403


async def test_a_foreign_page_opens_no_socket_through_the_door(session: Session) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.nurse.http.ws_connect(
            f"/socket?session={session.consultation_id}", headers={"Origin": "https://evil.example"}
        )
    assert refused.value.status == 403


@pytest.mark.slow
async def test_a_file_goes_through_in_pieces_and_its_limits_hold(session: Session) -> None:
    desk = await desk_of(session, f"/socket?session={session.consultation_id}")
    await desk.command("start_consultation")
    sender, content = (
        Sender(session.nurse, f"/sessions/{session.consultation_id}"),
        photo(1600, 1200),
    )
    assert (await sender.create(content, "file-000001")).status == 201
    half = len(content) // 2 // BLOCK * BLOCK
    first = await sender.piece("file-000001", 0, content[:half])
    assert (first.status, first.headers["Upload-Offset"]) == (204, str(half))
    assert await sender.offset("file-000001") == half
    assert (await sender.piece("file-000001", half, content[half:])).status == 204
    original = await sender.get("file-000001", "large")
    assert original.status == 200
    assert len(original.body) > len(content) // 2
    said: dict[str, Any] = {
        "Upload-Length": str(10**10),
        "Upload-Metadata": metadata(id="file-000002", sha256="0"),
    }
    too_much = await sender.ask("POST", **said)
    assert too_much.status in (400, 413)


async def test_pieces_of_a_file_do_not_wait_for_each_other_at_the_door(
    hosts: Two, session: Session
) -> None:
    """Three bodies that never end, and a fourth request about files that is answered nevertheless."""
    place = f"/sessions/{session.consultation_id}/uploads"
    writers = []
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", hosts.door.config.port)
        writer.write(
            f"PATCH {place}/file-000001 HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n"
            f"Cookie: teleconnect={session.nurse.cookie}\r\nContent-Type: {PIECE}\r\n"
            "Upload-Offset: 0\r\nContent-Length: 1000\r\n\r\n".encode()
        )
        await writer.drain()
        writers.append(writer)
    async with asyncio.timeout(PATIENCE):
        answer = await Sender(session.nurse, f"/sessions/{session.consultation_id}").ask("POST")
    assert answer.status == 400
    for writer in writers:
        writer.close()
        await writer.wait_closed()


async def test_the_limits_are_those_of_the_client_and_not_of_the_door(tmp_path: Path) -> None:
    """The owner hears from whom a request comes, and believes nobody else who says so."""
    seen: list[str | None] = []

    def record(app: web.Application) -> None:
        add_owners(app, Told("owner-0001"))

        @web.middleware
        async def recording(request: web.Request, handler: object) -> web.StreamResponse:
            seen.append(remote(request))
            return web.Response()

        app.middlewares.append(recording)

    address = "/sessions/an-unknown-session"
    async with (
        serving(tmp_path / "owner", also=record) as owner,
        two(tmp_path, owner) as hosts,
        Person(hosts.door) as somebody,
        Person(owner) as stranger,
    ):
        said = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        await somebody.get(address, **said)
        forged = f"203.0.113.9 {'A' * 44}"
        answer = await stranger.get(address, **{HEADER: forged})
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert seen == ["203.0.113.9"]


async def test_a_request_goes_round_no_more_than_once(tmp_path: Path, quick: None) -> None:
    """Two hosts that each believe the other owns a room."""
    mistaken = Told("owner-0001")
    async with (
        serving(tmp_path / "owner", also=lambda app: add_owners(app, mistaken)) as owner,
        two(tmp_path, owner) as hosts,
        Person(hosts.door) as somebody,
    ):
        mistaken.others["*"] = Peer("door-0001", URL(hosts.door.url))
        for method, page in (("GET", ""), ("POST", "/cancel")):
            answer = await somebody.ask(method, f"/sessions/an-unknown-session{page}")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await somebody.http.ws_connect("/socket?session=an-unknown-session")
        assert refused.value.status == 503


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a host that is away."""
    monkeypatch.setattr(module, "PATIENCE", 0.0)


async def test_a_host_that_is_away_is_503_for_pages_to_repeat(
    tmp_path: Path, hosts: Two, quick: None
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        hosts.told.others["*"] = Peer(
            "gone-0001", URL(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        )
        async with Person(hosts.door) as somebody:
            answer = await somebody.get("/sessions/an-unknown-session")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await somebody.http.ws_connect("/socket?session=an-unknown-session")
            assert refused.value.status == 503


async def test_who_waits_for_a_host_that_is_away_is_answered_by_the_next_owner(
    hosts: Two, session: Session
) -> None:
    """A request without a body and a socket wait until the room is another's."""
    right = hosts.told.others["*"]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        hosts.told.others["*"] = Peer(
            "gone-0001", URL(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        )
        page = asyncio.create_task(session.nurse.get(f"/sessions/{session.consultation_id}"))
        wire = asyncio.create_task(desk_of(session, f"/socket?session={session.consultation_id}"))
        # whoever asks now has been refused before
        assert (
            await session.nurse.post(f"/sessions/{session.consultation_id}/cancel")
        ).status == 503
        hosts.told.others["*"] = right
        assert (await page).status == 200
        await wire


async def test_a_host_that_hangs_is_waited_for_until_it_is_lost(
    hosts: Two, session: Session, quick: None
) -> None:
    """What is under way to it ends then: a request with 503, a socket with a code to reconnect after."""
    desk = await desk_of(session, f"/socket?session={session.consultation_id}")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.setblocking(False)
        hosts.told.others["*"] = Peer(
            "owner-0001", URL(f"http://127.0.0.1:{silent.getsockname()[1]}")
        )
        asked = asyncio.create_task(session.nurse.get(f"/sessions/{session.consultation_id}"))
        accepted, _ = await asyncio.get_running_loop().sock_accept(silent)
        hosts.door.app[PASSING].lose("owner-0001")
        assert (await asked).status == 503
        assert await desk.end() == 1012
        accepted.close()


@pytest.mark.parametrize("upgrade", ["", "Connection: upgrade\r\nUpgrade: websocket\r\n"])
async def test_an_address_with_a_host_of_its_own_leads_to_none(hosts: Two, upgrade: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hosts.door.config.port)
    place = "http://localhost/sessions/an-unknown-session"
    writer.write(f"GET {place} HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n".encode())
    assert b" 400 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("lost", [True, False])
async def test_half_an_answer_is_followed_by_no_other(hosts: Two, lost: bool) -> None:
    """As of a file, whose owner is lost or dies in the middle: what is cut off may be asked for again."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(half)
        await writer.drain()
        if lost:
            await reader.read()
        writer.close()
        await writer.wait_closed()
        answered.set()

    answered = asyncio.Event()

    dying = await asyncio.start_server(answer, "127.0.0.1", 0)
    hosts.told.others["*"] = Peer(
        "owner-0001", URL(f"http://127.0.0.1:{dying.sockets[0].getsockname()[1]}")
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", hosts.door.config.port)
    writer.write(b"GET /sessions/an-unknown-session HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readuntil(b"half")
    if lost:
        hosts.told.others.clear()
        hosts.door.app[PASSING].lose("owner-0001")
    rest = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(PATIENCE):
            rest = await reader.read()
    assert rest == b""
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()
    async with asyncio.timeout(PATIENCE):
        await answered.wait()
    dying.close()
    await dying.wait_closed()


async def test_a_door_that_stops_has_browsers_reconnect(tmp_path: Path, hosts: Two) -> None:
    async with Person(hosts.owner) as there:
        await there.sign_in()
        cookie, link = there.cookie, await there.invite()
        seat = await there.join(link)
        page = await there.enter(invite_id=seat)
        consultation_id = await consultation_of(page)
    (tmp_path / "second").mkdir()
    async with two(tmp_path / "second", hosts.owner) as other:
        nurse = Person(other.door)
        nurse.plant(cookie)
        desk = await desk_of(Session(nurse, consultation_id, page))
        ending = asyncio.create_task(desk.end())
    assert await ending == 1012
    await nurse.close()


@pytest.mark.slow
async def test_a_door_that_stops_does_not_wait_long_for_a_browser_that_says_nothing(
    tmp_path: Path, hosts: Two
) -> None:
    async with Person(hosts.owner) as there, Person(hosts.owner) as phone:
        await there.sign_in()
        page = await phone.enter(invite_id=await phone.join(await there.invite()))
        cookie, consultation_id = there.cookie, await consultation_of(page)
        (tmp_path / "second").mkdir()
        async with AsyncExitStack() as stack:
            other = await stack.enter_async_context(two(tmp_path / "second", hosts.owner))
            nurse = Person(other.door)
            nurse.plant(cookie)
            desk = await desk_of(Session(nurse, consultation_id, page))
            async with asyncio.timeout(CLOSE_WITHIN + 6):
                await stack.aclose()
    assert await desk.end() == 1012
    await nurse.close()
