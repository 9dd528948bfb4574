"""The door of a relay-only host: who is let in, what each may do there, and what costs no memory."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from media import messages
from media.messages import (
    AnyCommand,
    CloseRoom,
    Done,
    Failed,
    Join,
    Leave,
    OfferNeeded,
    OpenRoom,
    Ping,
    Readdress,
    Trace,
    Traced,
    WorkerMessage,
)
from scripts.traffic.processes import resident_bytes
from tests.web.hosts.relay_hosts import RelayHosts, anybody, relay_host
from web.hosts.certificates import client_context
from web.hosts.relay_link import DIALECT
from web.routes import path

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
ROOMS = "teleconnect_relay_rooms"
GROWTH = 48 << 20
"Bytes that the process may grow by while 8 MiB wait for a host that does not read."


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[tuple[RelayHosts, bytes]]:
    async with relay_host(tmp_path) as running:
        yield running


class Owner:
    """A host that owns rooms there, message by message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, command: AnyCommand) -> None:
        await self.socket.send_bytes(messages.encode(command))

    async def hear(self) -> WorkerMessage:
        async with asyncio.timeout(20):
            return messages.decode_worker_message(await self.socket.receive_bytes())

    async def ask(self, command: AnyCommand) -> Done | Failed:
        await self.say(command)
        while True:
            heard = await self.hear()
            if isinstance(heard, Done | Failed):
                return heard

    async def offer(self) -> OfferNeeded:
        while True:
            heard = await self.hear()
            if isinstance(heard, OfferNeeded):
                return heard

    async def is_ended(self) -> None:
        async with asyncio.timeout(60):
            while (await self.socket.receive()).type not in (WSMsgType.CLOSED, WSMsgType.ERROR):
                pass


async def context_of(key: bytes) -> ssl.SSLContext:
    return await asyncio.to_thread(client_context, key)


@asynccontextmanager
async def owner(
    hosts: RelayHosts,
    context: ssl.SSLContext,
    dialect: str = messages.dialect(),
    *,
    pongs: bool = True,
) -> AsyncIterator[Owner]:
    url = f"https://127.0.0.1:{hosts.ports['relay']}" + path("hosts_relay", {DIALECT: dialect})
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, ssl=context, autoping=pongs, autoclose=pongs) as socket,
    ):
        yield Owner(socket)


async def test_only_hosts_of_the_same_database_are_let_in(door: tuple[RelayHosts, bytes]) -> None:
    hosts, key = door
    stranger = await context_of(b"another database's key, 32 bytes")
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        async with owner(hosts, stranger):
            pass
    stranger.verify_mode = ssl.CERT_NONE
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        async with owner(hosts, stranger):
            pass
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with owner(hosts, anybody()):
            pass
    assert refused.value.status == 404
    async with owner(hosts, await context_of(key)) as one:
        assert isinstance(await one.ask(Ping(number=1)), Done)


async def test_it_serves_nothing_else_and_nothing_unencrypted(
    door: tuple[RelayHosts, bytes],
) -> None:
    hosts, _ = door
    assert (await hosts.ask("relay", "/healthz"))[0] == 200
    for address in ("/", "/signin", "/socket", "/hosts/waiting", "/admin", "/setup/token"):
        assert (await hosts.ask("relay", address))[0] == 404, address
    async with aiohttp.ClientSession() as http:
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await http.get(f"http://127.0.0.1:{hosts.ports['relay']}/healthz")


async def test_a_host_whose_messages_differ_is_refused(door: tuple[RelayHosts, bytes]) -> None:
    hosts, key = door
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with owner(hosts, await context_of(key), "another"):
            pass
    assert refused.value.status == 409


async def test_no_host_reaches_the_rooms_of_another(door: tuple[RelayHosts, bytes]) -> None:
    hosts, key = door
    context = await context_of(key)
    async with owner(hosts, context) as one, owner(hosts, context) as other:
        assert isinstance(await one.ask(OpenRoom("room", number=1)), Done)
        refused = await other.ask(Join("room", "b", number=1))
        assert isinstance(refused, Failed)
        assert refused.code == "unknown_room"
        assert isinstance(await other.ask(OpenRoom("room", number=2)), Done), "as after a move"
        await one.say(Join("room", "a", number=2))
        assert (await one.offer()).room_id == "room"
        await other.ask(CloseRoom("room", number=3))
        assert isinstance(await one.ask(Leave("room", "a", number=3)), Done)
        moved = await one.ask(Readdress(("198.51.100.1",), number=4))
        assert isinstance(moved, Failed), "its addresses are its own"


async def test_a_room_is_traced_by_its_owner(door: tuple[RelayHosts, bytes]) -> None:
    hosts, key = door
    async with owner(hosts, await context_of(key)) as one:
        await one.ask(OpenRoom("room", number=1))
        await one.say(Join("room", "a", number=2))
        await one.offer()
        await one.say(Trace("room", 10.0, number=3))
        heard = await one.hear()
        while not isinstance(heard, Traced):
            heard = await one.hear()
        assert (heard.room_id, heard.peer_id) == ("room", "a")
        assert "v=0" in heard.text


async def test_the_rooms_of_a_host_end_with_it(door: tuple[RelayHosts, bytes]) -> None:
    hosts, key = door
    async with owner(hosts, await context_of(key)) as one:
        await one.ask(OpenRoom("room", number=1))
        await hosts.until_figure("relay", ROOMS, 1)
        assert one.socket._response.connection is not None
        transport = one.socket._response.connection.transport
        assert transport is not None
        transport.abort()  # as the kernel does for a process that was killed
        await hosts.until_figure("relay", ROOMS, 0)


async def test_what_a_host_asked_before_its_end_leaves_no_room(
    door: tuple[RelayHosts, bytes],
) -> None:
    hosts, key = door
    async with owner(hosts, await context_of(key)) as one:
        for number in range(20):
            await one.ask(OpenRoom(f"room-{number}", number=number))
        await hosts.until_figure("relay", ROOMS, 20)
        for number in range(20, 120):
            await one.say(OpenRoom(f"room-{number}", number=number))
        await one.socket.close()
    await hosts.until_figure("relay", ROOMS, 0)


async def test_the_rooms_of_a_host_that_hangs_end(door: tuple[RelayHosts, bytes]) -> None:
    """It answers no ping: its connection is open, and nobody there."""
    hosts, key = door
    async with owner(hosts, await context_of(key), pongs=False) as one:
        await one.ask(OpenRoom("room", number=1))
        await hosts.until_figure("relay", ROOMS, 1)
        await one.is_ended()
        await hosts.until_figure("relay", ROOMS, 0)


async def test_what_is_no_command_ends_the_link_and_its_rooms(
    door: tuple[RelayHosts, bytes],
) -> None:
    hosts, key = door
    async with owner(hosts, await context_of(key)) as one:
        await one.ask(OpenRoom("room", number=1))
        await one.socket.send_bytes(b'{"type": "open_doors"}')
        await one.is_ended()
        await hosts.until_figure("relay", ROOMS, 0)
    async with owner(hosts, await context_of(key)) as one:
        assert isinstance(await one.ask(Ping(number=1)), Done)


async def test_a_host_that_does_not_read_loses_its_link_and_costs_little_memory(
    door: tuple[RelayHosts, bytes],
) -> None:
    hosts, key = door
    async with owner(hosts, await context_of(key)) as one:
        await one.ask(OpenRoom("room", number=1))
        before = resident_bytes(hosts.running["relay"].pid)
        said = 0
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            async with asyncio.timeout(120):
                while True:  # each is answered with its figures, which nobody reads
                    await one.say(Ping(number=said))
                    said += 1
                    # What has room in a buffer waits for nothing: the loop would never hear of the end.
                    await asyncio.sleep(0)
        grown = resident_bytes(hosts.running["relay"].pid) - before
        print(f"ended after {said} commands, grown by {grown / 2**20:.1f} MiB")
        assert grown < GROWTH
        await hosts.until_figure("relay", ROOMS, 0)
