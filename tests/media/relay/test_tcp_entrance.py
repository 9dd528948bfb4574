"""Clients come in by TCP: as one more address for the packet loop, and strangers get nothing."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aioice import stun
from aiortc.rtp import RtcpByePacket, RtcpPacket
from pylibsrtp import Policy

from media.messages import Join, Leave, OpenRoom, Start
from media.participant_limits import Limits
from media.relay.client import Relay, RelaySettings
from media.relay.self_check import SelfCheck
from media.relay.tcp_entrance import TcpEntrance
from media.relay.worker import end
from media.rooms.peer import Peer
from media.transport.addresses import offered_by_tcp, tcp_hosts
from media.transport.dtls import Ciphers
from media.transport.framing import framed
from media.transport.port import unpack_address
from media.transport.srtp import Cipher
from media.transport.tcp import MOST_UNSENT, Bounds, affordable_bounds, network_of
from tests.media.support import TestSfu, check_for, until

QUICK = Bounds(proof_seconds=0.2)


@asynccontextmanager
async def entrance(
    bounds: Bounds | None = None,
) -> AsyncIterator[tuple[TestSfu, TcpEntrance, Peer]]:
    """An SFU on loopback with a peer that has not answered, and its entrance."""
    async with AsyncExitStack() as stack:
        for _ in range(20):
            sfu = await stack.enter_async_context(TestSfu())
            start = Start(("127.0.0.1",), sfu.port.number, ("127.0.0.1",), Limits(), tcp=True)
            door = TcpEntrance(sfu, start, bounds)
            stack.push_async_callback(door.close)
            # A number that is free for UDP may be somebody else's for TCP.
            if await door.follow():
                break
        assert sfu.tcp_addresses() == [("127.0.0.1", sfu.port.number)]
        sfu.execute(OpenRoom("room"))
        sfu.execute(Join("room", "a", ()))
        yield sfu, door, sfu.rooms["room"].peers["a"]


class Visitor:
    """A TCP connection to the relay."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def of(cls, sfu: TestSfu) -> "Visitor":
        return cls(*await asyncio.open_connection("127.0.0.1", sfu.port.number))

    @property
    def address(self) -> tuple[str, int]:
        address: tuple[str, int] = self.writer.get_extra_info("sockname")
        return address

    async def check(
        self, peer: Peer, *, password: str = "", nominates: bool = True
    ) -> stun.Message:
        """The response to a connectivity check."""
        self.writer.write(framed(check_for(peer, password, nominates=nominates)))
        return stun.parse_message(await self.packet())

    async def packet(self) -> bytes:
        async with asyncio.timeout(30):
            return await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(2)))

    async def ended(self) -> bool:
        """Whether the relay closes it without a byte."""
        async with asyncio.timeout(30):
            try:
                return not await self.reader.read()
            except ConnectionError:
                return True

    def close(self) -> None:
        self.writer.close()


async def test_a_check_by_tcp_is_answered_with_the_address_it_came_from() -> None:
    async with entrance() as (sfu, _, peer):
        visitor = await Visitor.of(sfu)
        response = await visitor.check(peer)
        assert response.message_class is stun.Class.RESPONSE
        assert response.attributes["XOR-MAPPED-ADDRESS"] == visitor.address
        assert response.check_message_integrity(peer.credentials.password.encode())
        peer.send(b"by TCP")
        sfu.forwarder.flush()
        assert await visitor.packet() == b"by TCP"
        visitor.close()


async def test_media_follows_the_nomination_from_udp_to_tcp_and_back() -> None:
    async with entrance() as (sfu, _, peer):
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            udp.bind(("127.0.0.1", 0))
            udp.connect(("127.0.0.1", sfu.port.number))
            await loop.sock_sendall(udp, check_for(peer))
            await loop.sock_recv(udp, 2048)
            assert unpack_address(peer.destination.address) == udp.getsockname()
            visitor = await Visitor.of(sfu)
            await visitor.check(peer, nominates=False)
            assert unpack_address(peer.destination.address) == udp.getsockname()
            await visitor.check(peer)
            assert unpack_address(peer.destination.address) != udp.getsockname()
            peer.send(b"by TCP")
            sfu.forwarder.flush()
            assert await visitor.packet() == b"by TCP"
            await loop.sock_sendall(udp, check_for(peer))
            await until(
                lambda: unpack_address(peer.destination.address) == udp.getsockname(), "it is back"
            )
            visitor.close()


@pytest.mark.parametrize("said", [b"\xff\xff", b"GET / HTTP/1.1\r\n\r\n", framed(b"\x80" * 100)])
async def test_who_begins_with_anything_but_a_check_is_shut_out(said: bytes) -> None:
    async with entrance() as (sfu, door, _):
        visitor = await Visitor.of(sfu)
        visitor.writer.write(said)
        assert await visitor.ended()
        visitor.close()
        assert not door.listener.connections and not door.listener.networks


@pytest.mark.parametrize("said", ["nothing", "half a packet", "a wrong password"])
async def test_who_proves_nothing_is_shut_out_after_a_while(said: str) -> None:
    async with entrance(QUICK) as (sfu, door, peer):
        visitor = await Visitor.of(sfu)
        if said == "half a packet":
            visitor.writer.write(framed(check_for(peer))[:-1])
        if said == "a wrong password":
            visitor.writer.write(framed(check_for(peer, "wrong")))
        assert await visitor.ended()
        visitor.close()
        assert not door.listener.connections and not door.listener.mapped
        assert peer.destination.port is None


async def test_who_has_proven_it_stays_until_the_peer_leaves() -> None:
    async with entrance(QUICK) as (sfu, door, peer):
        visitor = await Visitor.of(sfu)
        await visitor.check(peer)
        await until(lambda: not door.listener.unproven, "it counts as proven")
        assert len(door.listener.connections) == 1
        sfu.execute(Leave("room", "a"))
        assert await visitor.ended()
        visitor.close()
        assert not door.listener.connections and not door.listener.mapped


async def test_addresses_that_cannot_be_read_at_the_moment_end_no_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> tuple[str, ...]:
        raise OSError(24, "Too many open files")

    async with entrance() as (sfu, door, _):
        reached = sfu.tcp_addresses()
        with monkeypatch.context() as patch:
            patch.setattr("media.relay.tcp_entrance.local_addresses", fail)
            sfu.addresses().append(("192.0.2.7", sfu.port.number))
            await door.follow()
            assert sfu.tcp_addresses() == reached
        assert await door.follow() == ("127.0.0.1", "192.0.2.7"), "it is tried again"


async def test_an_address_whose_port_becomes_free_is_listened_at_later() -> None:
    async with TestSfu() as sfu:
        start = Start(("127.0.0.1",), sfu.port.number, ("127.0.0.1",), Limits(), tcp=True)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", sfu.port.number))
            taken.listen()
            patient = TcpEntrance(sfu, start)
            door = TcpEntrance(sfu, start, retry_seconds=0.0)
            assert await door.follow() == await patient.follow() == ()
        assert await patient.follow() == (), "not at each command"
        assert await door.follow() == ("127.0.0.1",)
        assert sfu.figures().tcp == ("127.0.0.1",)
        await door.close()
        await patient.close()


async def test_who_comes_by_tcp_gets_what_is_sent_as_the_worker_ends() -> None:
    async with entrance() as (sfu, door, peer):
        visitor = await Visitor.of(sfu)
        await visitor.check(peer)
        key = bytes(44)
        outgoing = Cipher(Policy.SRTP_PROFILE_AEAD_AES_256_GCM, key, outgoing=True)
        incoming = Cipher(Policy.SRTP_PROFILE_AEAD_AES_256_GCM, key, outgoing=False)
        peer.use(Ciphers(outgoing=outgoing, incoming=incoming))
        await end(sfu, door)
        goodbye = incoming.unprotect_rtcp(await visitor.packet())
        assert RtcpByePacket in map(type, RtcpPacket.parse(goodbye))
        assert await visitor.ended()
        visitor.close()


async def test_who_does_not_read_holds_up_no_end() -> None:
    async with entrance() as (sfu, door, peer):
        visitor = await Visitor.of(sfu)
        await visitor.check(peer)
        while not door.listener.dropped:
            for _ in range(20):
                peer.send(bytes(1200))
            sfu.forwarder.flush()
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await door.close()
        assert not door.listener.connections
        visitor.close()


async def test_no_more_connections_than_files_may_be_open() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (264, hard))
    try:
        assert affordable_bounds().connections == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_one_network_takes_no_more_than_its_share() -> None:
    async with entrance(Bounds(of_a_network=2)) as (sfu, door, _):
        visitors = [await Visitor.of(sfu) for _ in range(3)]
        assert await visitors[2].ended()
        assert len(door.listener.connections) == 2
        for visitor in visitors:
            visitor.close()


async def test_strangers_shut_nobody_out() -> None:
    async with entrance(Bounds(connections=3)) as (sfu, door, peer):
        first = await Visitor.of(sfu)
        await first.check(peer)
        listener = door.listener
        listener.unproven.clear()  # as after its proof was looked at
        strangers = [await Visitor.of(sfu) for _ in range(4)]
        last = await Visitor.of(sfu)
        assert (await last.check(peer)).message_class is stun.Class.RESPONSE
        assert (await first.check(peer)).message_class is stun.Class.RESPONSE
        assert len(listener.connections) == 3
        for visitor in (first, last, *strangers):
            visitor.close()


async def test_what_a_slow_reader_does_not_take_is_dropped_whole() -> None:
    async with entrance() as (sfu, door, peer):
        visitor = await Visitor.of(sfu)
        await visitor.check(peer)
        listener = door.listener
        video = bytes(1200)
        # As long as the kernel takes it nothing is dropped; nobody reads here.
        while not listener.dropped:
            for _ in range(20):
                peer.send(video)
            sfu.forwarder.flush()
            await asyncio.sleep(0)
        (connection,) = listener.connections
        assert connection.unsent() <= MOST_UNSENT + 1200 * 2
        peer.send(b"audio")
        sfu.forwarder.flush()
        got = await visitor.packet()
        while got != b"audio":
            assert got == video
            got = await visitor.packet()
        visitor.close()


@pytest.mark.parametrize("packet", [b"", b"\x80"])
async def test_a_flood_of_small_packets_ends_its_connection(packet: bytes) -> None:
    async with entrance(Bounds(packets=50)) as (sfu, door, peer):
        visitor, flooding = await Visitor.of(sfu), await Visitor.of(sfu)
        await visitor.check(peer)
        await flooding.check(peer)
        flooding.writer.write(framed(packet) * 60)
        assert await flooding.ended()
        assert door.listener.refused == 1
        visitor.writer.write(framed(packet) * 10)
        assert (await visitor.check(peer)).message_class is stun.Class.RESPONSE
        visitor.close()
        flooding.close()


def test_networks_are_an_address_or_a_64() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("fe80::1%eth0") == "fe80::/64"


LOCAL = ("10.0.0.7", "172.17.0.1", "fd00::7")


@pytest.mark.parametrize(
    ("hosts", "offered", "listens", "leads"),
    [
        (("0.0.0.0",), ("10.0.0.7",), ("10.0.0.7",), ("10.0.0.7",)),
        (("0.0.0.0",), ("9.9.9.9",), ("10.0.0.7", "172.17.0.1"), ("9.9.9.9",)),
        (
            ("0.0.0.0", "::"),
            ("10.0.0.7", "fd00::7", "9.9.9.9"),
            ("10.0.0.7", "172.17.0.1", "fd00::7"),
            ("10.0.0.7", "fd00::7", "9.9.9.9"),
        ),
        (("127.0.0.1",), ("127.0.0.1",), ("127.0.0.1",), ("127.0.0.1",)),
    ],
)
def test_it_listens_where_it_is_reached(
    hosts: tuple[str, ...],
    offered: tuple[str, ...],
    listens: tuple[str, ...],
    leads: tuple[str, ...],
) -> None:
    assert tcp_hosts(hosts, offered, LOCAL) == listens
    assert offered_by_tcp(offered, LOCAL, listens) == leads
    assert offered_by_tcp(offered, LOCAL, ()) == ()


@pytest.mark.slow
async def test_the_self_check_asks_by_tcp_too() -> None:
    check: SelfCheck
    relay = Relay(RelaySettings(addresses=("127.0.0.1",)), lambda event: check.handle(event))
    check = SelfCheck(relay)
    await relay.start()
    try:
        outcome = await check.run()
        assert outcome.tcp_answered == outcome.answered == (("127.0.0.1", relay.ports[0]),)
        assert outcome.tcp_silent == ()
        assert relay.tcp
    finally:
        await relay.stop()


@pytest.mark.slow
async def test_where_something_else_has_the_port_there_is_no_tcp() -> None:
    check: SelfCheck
    with socket.socket() as web:
        web.bind(("127.0.0.1", 0))
        web.listen()
        settings = RelaySettings(port=web.getsockname()[1], addresses=("127.0.0.1",))
        relay = Relay(settings, lambda event: check.handle(event))
        check = SelfCheck(relay)
        await relay.start()
        try:
            outcome = await check.run()
            assert outcome.answered and not outcome.tcp_answered and not outcome.tcp_silent
            assert not relay.tcp
        finally:
            await relay.stop()
