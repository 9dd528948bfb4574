"""Connections of a real server: what becomes of silence, trickling, pings, resets and nonsense."""

import asyncio
import contextlib
import logging
import socket as sockets
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import PATIENCE, Person
from tests.serving import Server, moment, serving
from web import hello as module
from web.connections.eviction import (
    ADMITTED_WITHIN,
    BODY_WITHIN,
    HEAD_WITHIN,
    IDLE_WITHIN,
    PROXY_IDLE_WITHIN,
)
from web.connections.http_server import CONNECTIONS
from web.http.security_headers import HEADERS
from web.keys import WAITS
from web.logs import JsonFormatter

SECOND = timedelta(seconds=1)
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = (
    b"POST /language HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)


@dataclass(frozen=True)
class World:
    """A server whose time stands still until it is moved."""

    server: Server
    clock: MovableClock

    @property
    def app(self) -> web.Application:
        return self.server.app


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = MovableClock(moment("2026-12-07 12:00"))
    async with serving(tmp_path, clock) as server:
        await server.account()
        yield World(server, clock)


async def later(world: World, by: timedelta) -> None:
    world.clock.move(by)
    await world.app[WAITS].run_due()


@contextlib.asynccontextmanager
async def call(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that can send anything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def make_request(world: World, *connections: tuple[str, timedelta | None]) -> None:
    """Wait until exactly these connections are open: the stage of each, and its time left."""
    table, now = world.app[CONNECTIONS].connections, world.clock.now()
    expected = sorted((name, None if stay is None else now + stay) for name, stay in connections)
    async with asyncio.timeout(PATIENCE):
        while sorted((each.stage.name, each.deadline) for each in table) != expected:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def is_open(reader: asyncio.StreamReader) -> bool:
    """Whether the connection is still open."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not reader.at_eof() and reader.exception() is None


async def ended(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError):
            await reader.read()


async def answered(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(PATIENCE):
        assert await reader.readuntil(b'{"status": "ok"}')


@pytest.mark.parametrize("said", [b"", b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
async def test_a_connection_without_a_whole_head_ends_though_it_trickles(
    world: World, said: bytes
) -> None:
    async with call(world.server) as (reader, writer):
        writer.write(said)
        await make_request(world, ("WAITING", HEAD_WITHIN))
        await later(world, HEAD_WITHIN - SECOND)
        writer.write(said[-1:])
        assert await is_open(reader)
        await later(world, SECOND)
        await ended(reader)
        await make_request(world)


async def test_a_body_has_its_time_and_trickling_does_not_renew_it(world: World) -> None:
    async with call(world.server) as (reader, writer):
        writer.write(POST + b"language=")
        await make_request(world, ("WAITING", BODY_WITHIN))
        await later(world, BODY_WITHIN - SECOND)
        writer.write(b"f")
        assert await is_open(reader)
        await later(world, SECOND)
        await ended(reader)


async def test_a_body_that_is_whole_in_time_is_answered(world: World) -> None:
    async with call(world.server) as (reader, writer):
        writer.write(POST + b"language=")
        await make_request(world, ("WAITING", BODY_WITHIN))
        await later(world, BODY_WITHIN - SECOND)
        writer.write(b"f" * 991)
        async with asyncio.timeout(PATIENCE):
            assert await reader.readline() == b"HTTP/1.1 303 See Other\r\n"


async def test_what_is_sent_after_the_response_is_read_within_a_body_s_time(world: World) -> None:
    """A browser reads a response only when it has sent everything."""
    async with call(world.server) as (reader, writer):
        writer.write(POST.replace(b"x-www-form-urlencoded", b"json"))
        async with asyncio.timeout(PATIENCE):
            assert await reader.readline() == b"HTTP/1.1 415 Unsupported Media Type\r\n"
        await make_request(world, ("IDLE", BODY_WITHIN))
        await later(world, BODY_WITHIN - SECOND)
        writer.write(b"f" * 1000)
        await make_request(world, ("IDLE", PROXY_IDLE_WITHIN))
        writer.write(GET)
        await answered(reader)
    async with call(world.server) as (reader, writer):
        writer.write(POST.replace(b"x-www-form-urlencoded", b"json"))
        await make_request(world, ("IDLE", BODY_WITHIN))
        await later(world, BODY_WITHIN - SECOND)
        writer.write(b"f")
        assert await is_open(reader)
        await later(world, SECOND)
        await ended(reader)
        await make_request(world)


async def test_the_next_request_of_a_connection_has_its_time_from_its_first_byte(
    world: World,
) -> None:
    async with call(world.server) as (reader, writer):
        writer.write(GET)
        await answered(reader)
        await later(world, HEAD_WITHIN * 2)
        writer.write(GET)
        await answered(reader)
        writer.write(GET[:9])
        await make_request(world, ("WAITING", HEAD_WITHIN))
        await later(world, HEAD_WITHIN - SECOND)
        assert await is_open(reader)
        await later(world, SECOND)
        await ended(reader)


@pytest.mark.parametrize("network", [None, "192.0.2.1"])
async def test_an_idle_connection_ends_and_that_of_a_proxy_later(
    world: World, network: str | None
) -> None:
    async with call(world.server) as (reader, writer):
        await make_request(world, ("WAITING", HEAD_WITHIN))
        next(iter(world.app[CONNECTIONS].connections)).network = network
        writer.write(GET)
        await answered(reader)
        stay = IDLE_WITHIN if network else PROXY_IDLE_WITHIN
        await make_request(world, ("IDLE", stay))
        await later(world, stay - SECOND)
        assert await is_open(reader)
        await later(world, SECOND)
        await ended(reader)


async def test_who_asks_and_does_not_read_is_ended(world: World) -> None:
    line = sockets.create_connection(("127.0.0.1", world.server.config.port))
    line.sendall(b"GET /device-test/download?bytes=2000000 HTTP/1.1\r\nHost: x\r\n\r\n" * 8)
    async with asyncio.timeout(PATIENCE):
        while "SENDING" not in [  # noqa: ASYNC110
            connection.stage.name for connection in world.app[CONNECTIONS].connections
        ]:
            await asyncio.sleep(0)
    await later(world, timedelta(minutes=5))
    await make_request(world)
    line.close()


async def test_pings_do_not_renew_the_time_for_the_hello(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHIN", 0.3)
    async with (
        serving(tmp_path) as server,
        Person(server) as stranger,
        asyncio.timeout(PATIENCE),
        stranger.http.ws_connect("/socket", autoping=False) as ws,
    ):
        while (said := await ws.receive()).type is not aiohttp.WSMsgType.TEXT:
            assert said.type is aiohttp.WSMsgType.PONG
            await ws.ping()
        assert "invalid_message" in said.data


async def test_a_socket_without_hello_is_one_of_the_first_to_go(world: World) -> None:
    async with (
        Person(world.server) as nurse,
        Person(world.server) as stranger,
        aiohttp.ClientSession() as visitor,  # whose connection is kept alive
    ):
        await nurse.sign_in()
        lobby = await nurse.connect()
        await lobby.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-0001")
        await lobby.until("lobby")
        await (await visitor.get(f"{nurse.url}/healthz")).read()
        silent = await stranger.connect()
        await make_request(
            world,
            ("IDLE", PROXY_IDLE_WITHIN), ("SERVING", None), ("WAITING", ADMITTED_WITHIN),
        )  # fmt: skip
        assert world.app[CONNECTIONS].connections.evict_first()
        assert await silent.end() == 1006
        assert world.app[CONNECTIONS].connections.evict_first()
        assert not world.app[CONNECTIONS].connections.evict_first()
        await lobby.send("ping")
        await lobby.until("pong")


NONSENSE = [
    b"nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03secret" + bytes(200),
    b"GET /secret\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /secret HTTP/1.1\r\nHost: localhost\r\nX: " + b"secret" * 5000 + b"\r\n\r\n",
    b"GET /secret HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET /secret HTTP/1.1\r\nHost localhost\r\n\r\n",
    b"POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: secret\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: secret\r\n\r\n",
    b"GET /secret HTTP/1.1\r\nHost: localhost\r\nExpect: secret\r\n\r\n",
]


@pytest.mark.parametrize("octets", NONSENSE)
async def test_what_is_no_http_is_answered_by_us_and_quoted_nowhere(
    world: World, caplog: pytest.LogCaptureFixture, octets: bytes
) -> None:
    caplog.set_level(logging.INFO)
    async with call(world.server) as (reader, writer):
        writer.write(octets)
        async with asyncio.timeout(PATIENCE):
            said = (await reader.read(5000)).decode("utf-8", "replace")
        assert said[9:12] in ("400", "417")
        assert "Server: TeleConnect" in said
        assert all(f"{name}: " in said for name in HEADERS)
        lines = [JsonFormatter().format(record) for record in caplog.records]
        for text in (said, *lines):
            for word in ("secret", "nonsense", "aiohttp", "Python", "127.0.0.1", "trace"):
                assert word not in text
        assert [record.levelname for record in caplog.records] == ["INFO"]


def reset(line: sockets.socket) -> None:
    """Close a connection by RST."""
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
RESETS = {
    "a handshake": HANDSHAKE,
    "a body": POST.decode()[:-2],
    "an answer": "GET /device-test/download?bytes=2000000 HTTP/1.1\r\nHost: localhost\r\n",
    "a page": "GET /signin HTTP/1.1\r\nHost: localhost\r\n",
}


@pytest.mark.parametrize("within", RESETS)
async def test_a_client_that_resets_leaves_no_error(
    world: World, caplog: pytest.LogCaptureFixture, within: str
) -> None:
    caplog.set_level(logging.INFO)
    async with Person(world.server) as nurse:
        await nurse.sign_in()
        cookie = f"Cookie: teleconnect={nurse.cookie}\r\n\r\n"  # which the server has to look up
        for _ in range(20):
            line = sockets.create_connection(("127.0.0.1", world.server.config.port))
            line.sendall((RESETS[within] + cookie).encode())
            await asyncio.sleep(0)
            reset(line)
    await make_request(world)
    assert [r for r in caplog.records if r.levelno > logging.INFO or r.exc_info] == []


@pytest.mark.parametrize(
    "header",
    ["Sec-WebSocket-Key: \xe9\xe9", "Sec-WebSocket-Protocol: secret", "Sec-WebSocket-Version: 99"],
)
async def test_an_odd_handshake_is_no_error(
    world: World, caplog: pytest.LogCaptureFixture, header: str
) -> None:
    caplog.set_level(logging.INFO)
    name = header.partition(":")[0]
    kept = [line for line in HANDSHAKE.splitlines() if not line.startswith(name)]
    async with call(world.server) as (reader, writer):
        writer.write("\r\n".join([*kept, header, "", ""]).encode("latin-1"))
        async with asyncio.timeout(PATIENCE):
            status = (await reader.readline()).split()[1]
    await make_request(world)
    assert status in (b"101", b"400")
    own = [r for r in caplog.records if r.name != "aiohttp.websocket"]
    assert [r.levelname for r in own if r.levelno > logging.INFO] == []
