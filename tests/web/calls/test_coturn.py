"""The server's own coturn: started and watched by it, for our credentials alone, no way inwards."""

import asyncio
import json
import logging
import os
import signal
import socket
import ssl
import struct
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from aioice import stun, turn

from media.transport.addresses import local_addresses
from media.turn_credentials import Place, TurnService
from tests.media.support import until
from tests.people import Person
from tests.serving import serving
from tests.web_process import web_process
from web.calls.coturn import Coturn, free_port
from web.calls.coturn_configuration import Plan, Reach, configuration
from web.config import harmless_environment
from web.environment.turn_settings import CoturnSettings
from web.keys import TURN

OURS = local_addresses()[0]
"An address of this machine, at which its relay is reached."
ROOT = Path(__file__).parents[3]
OWN = {"TELECONNECT_COTURN": "yes", "TELECONNECT_COTURN_PORT": "0"}
WITH_TLS = {**OWN, "TELECONNECT_COTURN_TLS_PORT": "0"}
OF_A_PLACE = (
    "static-auth-secret",
    "realm",
    "listening-port",
    "tls-",
    "cert",
    "pkey",
    "m",
    "syslog",
)
"Options that every installation has its own of, and where the log goes."


def plan(reach: Reach) -> Plan:
    return Plan(Path("/folder"), "secret", "tele.example.org", 3478, (49152, 50151), reach)


def test_what_operators_copy_is_what_the_server_uses() -> None:
    document = (ROOT / "docs/coturn.conf").read_text("utf-8").splitlines()
    copied = {line for line in document if line and not line.startswith(("#", *OF_A_PLACE))}
    copied.add("max-bps=1000000")
    assert len([line for line in copied if line.startswith("denied-peer-ip")]) == 24
    assert copied <= set(configuration(plan(Reach(("198.51.100.7",)))).splitlines())


def test_behind_a_nat_the_public_address_is_told_and_the_own_ones_are_reached() -> None:
    text = configuration(plan(Reach.of(("10.0.0.7", "172.17.0.1", "fd00::7"), ("9.9.9.9",))))
    lines = text.splitlines()
    assert "external-ip=9.9.9.9/10.0.0.7" in lines
    assert [line for line in lines if line.startswith("relay-ip")] == [
        "relay-ip=10.0.0.7", "relay-ip=fd00::7",
    ]  # fmt: skip
    assert [line for line in lines if line.startswith("allowed")] == [
        "allowed-peer-ip=10.0.0.7", "allowed-peer-ip=fd00::7",
    ]  # fmt: skip
    assert "allow-loopback-peers" not in lines


def test_with_a_public_address_no_private_one_is_reached() -> None:
    text = configuration(plan(Reach.of(("9.9.9.9", "10.0.0.7"), ("9.9.9.9",))))
    assert "allowed-peer-ip" not in text and "external-ip" not in text


def test_without_a_network_for_a_moment_it_goes_on_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = CoturnSettings("yes", 0, 0, None, "127.0.0.1", (49152, 49251), None, None, ())
    own = Coturn(settings, tmp_path, "tele.example.org", ("9.9.9.9",), harmless_environment())
    found = ["10.0.0.7"]
    monkeypatch.setattr("web.calls.coturn.local_addresses", lambda: tuple(found))
    before = own._reach()
    found[:] = ["127.0.0.1"]
    assert own._reach() == before
    found[:] = ["10.0.0.8"]
    assert own._reach().relay == ("10.0.0.8",)


def test_in_a_public_network_only_the_own_addresses_are_reached() -> None:
    networks = ("9.9.9.0/24", "2620:fe::/64")
    text = configuration(plan(Reach.of(("9.9.9.9", "2620:fe::9"), ("9.9.9.10",), networks)))
    lines = [line for line in text.splitlines() if "peer-ip=9." in line or "peer-ip=26" in line]
    assert lines == [
        "denied-peer-ip=9.9.9.0-9.9.9.255",
        "denied-peer-ip=2620:fe::-2620:fe::ffff:ffff:ffff:ffff",
        "allowed-peer-ip=9.9.9.9",
        "allowed-peer-ip=2620:fe::9",
        "allowed-peer-ip=9.9.9.10",
    ]


def test_a_port_that_is_taken_leaves_the_other() -> None:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("", 0))
        tcp.listen()
        udp.bind(("", 0))
        taken, used = tcp.getsockname()[1], udp.getsockname()[1]
        free = free_port(0, (1, 1))
        assert free_port(None, (taken, free)) == free
        assert free_port(None, (used, free)) == free
        assert free_port(None, (free, taken)) == free
        assert free_port(taken, (1, 1)) == taken, "what the operator names is tried"


class Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait(data)


@asynccontextmanager
async def allocation(service: TurnService, url: str, authority: Path) -> AsyncIterator[tuple]:
    """A relayed address by the server at `url`, with fresh credentials: its transport and inbox."""
    (server,) = service.servers_for("participant", time.time())
    place = Place.of(url)
    secure = place.transport == "tls" and ssl.create_default_context(cafile=str(authority))
    carrier, inbox = await turn.create_turn_endpoint(
        Inbox,
        server_addr=(place.host, place.port),
        username=server.username,
        password=server.credential,
        ssl=secure,
        transport="udp" if place.transport == "udp" else "tcp",
    )
    try:
        yield carrier, inbox
    finally:
        carrier.close()
        await inbox.closed.wait()


def proxy_header(client: tuple[str, int], server: tuple[str, int]) -> bytes:
    """The PROXY protocol's second version, for TCP over IPv4."""
    addresses = socket.inet_aton(client[0]) + socket.inet_aton(server[0])
    body = addresses + struct.pack("!HH", client[1], server[1])
    signature = b"\r\n\r\n\0\r\nQUIT\n"
    return signature + struct.pack("!BBH", 0x21, 0x11, len(body)) + body


def issue(authority: trustme.CA, folder: Path) -> dict[str, str]:
    """A new certificate in the files that the settings name."""
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return {
        "TELECONNECT_COTURN_CERTIFICATE": str(folder / "cert.pem"),
        "TELECONNECT_COTURN_KEY": str(folder / "key.pem"),
    }


@pytest.mark.slow
async def test_it_relays_by_udp_tcp_and_tls_with_nothing_set_up(tmp_path: Path) -> None:
    files = issue(trustme.CA(), tmp_path)
    async with serving(tmp_path / "data", **WITH_TLS, **files) as server, Person(server) as person:
        turn_servers = server.app[TURN]
        await until(lambda: turn_servers.state == "ok", "coturn listens")
        assert [Place.of(url).transport for url in turn_servers.urls] == ["udp", "tcp", "tls"]
        assert json.loads((await person.get("/readyz")).text)["turn"] == "ok"
        peer_at = (OURS, 0)
        peer, heard = await asyncio.get_running_loop().create_datagram_endpoint(
            Inbox, local_addr=peer_at
        )
        for url in turn_servers.urls:
            async with allocation(turn_servers.service, url, tmp_path / "ca.pem") as (carrier, _):
                carrier.sendto(url.encode(), peer.get_extra_info("sockname"))
                async with asyncio.timeout(30):
                    assert await heard.received.get() == url.encode()
        peer.close()
        await server.account("admin@example.org", "Admin", "administrator")
        await person.sign_in("admin@example.org")
        page = (await person.get("/admin/health")).text
        assert turn_servers.coturn is not None
        assert f"coturn {turn_servers.coturn.version}" in page
        assert turn_servers.coturn.version[0].isdigit()


@pytest.mark.slow
async def test_a_proxy_tells_it_who_connects(tmp_path: Path) -> None:
    port = free_port(0, (1, 1))
    settings = {**OWN, "TELECONNECT_COTURN_PROXY_PORT": str(port)}
    async with serving(tmp_path, **settings) as server:
        turn_servers = server.app[TURN]
        await until(lambda: turn_servers.state == "ok", "coturn listens")
        assert [Place.of(url).transport for url in turn_servers.urls] == ["udp"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client, here = ("198.51.100.7", 4444), ("127.0.0.1", 443)
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        writer.write(proxy_header(client, here) + bytes(request))
        async with asyncio.timeout(30):
            head = await reader.readexactly(20)
            answer = stun.parse_message(head + await reader.readexactly(head[2] << 8 | head[3]))
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == client
        writer.close()
        # That port believes whoever connects, so nobody else may; by UDP everybody may.
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(OURS, port)
        number = Place.of(turn_servers.urls[0]).port
        for address in (OURS, "127.0.0.1"):
            async with allocation(
                turn_servers.service, f"turn:{address}:{number}?transport=udp", tmp_path
            ):
                pass


def test_a_proxy_elsewhere_finds_it_where_it_is_told() -> None:
    there = replace(plan(Reach(("10.0.0.7",))), proxy=("0.0.0.0", 3480), local=("10.0.0.7",))
    lines = configuration(there).splitlines()
    assert "tcp-proxy-port=3480" in lines
    assert not [line for line in lines if line.startswith(("listening-ip", "aux"))]
    here = replace(there, proxy=("10.0.0.7", 3480), local=("10.0.0.7", "fd00::7"))
    lines = configuration(here).splitlines()
    assert [line for line in lines if line.startswith(("listening-ip", "aux"))] == [
        "listening-ip=10.0.0.7", "aux-server=[fd00::7]:3478",
    ]  # fmt: skip


@pytest.mark.slow
async def test_it_is_no_way_into_the_network(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path, **OWN) as server:
        turn_servers = server.app[TURN]
        await until(lambda: turn_servers.state == "ok", "coturn listens")
        (credentials,) = turn_servers.service.servers_for("participant", time.time())
        address = ("127.0.0.1", Place.of(turn_servers.urls[0]).port)
        transport, client = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: turn.TurnClientUdpProtocol(
                address,
                credentials.username,
                credentials.credential,
                lifetime=600,
                channel_refresh_time=500,
            ),
            remote_addr=address,
        )
        async with asyncio.timeout(30):
            await client.connect()
            for channel, peer in enumerate(("127.0.0.1", "10.0.0.1", "192.168.0.1"), 0x4000):
                with pytest.raises(stun.TransactionFailed) as refused:
                    await client.channel_bind(channel, (peer, 9))
                assert refused.value.response.error_code == 403
            await client.channel_bind(0x4010, (OURS, 9))
            await client.delete()
        transport.close()
    assert "denied" not in caplog.text and "10.0.0.1" not in caplog.text


@pytest.mark.slow
async def test_one_that_ends_is_started_again_and_knows_its_credentials(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path, **OWN) as server:
        own = server.app[TURN].coturn
        assert own is not None
        await until(lambda: own.state == "ok", "coturn listens")
        service, first = own.service, own.process_id
        environment = await asyncio.to_thread(Path(f"/proc/{first}/environ").read_bytes)
        assert b"TELECONNECT" not in environment and b"PATH=" in environment
        file = tmp_path / "coturn" / "turnserver.conf"
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        os.kill(first, signal.SIGKILL)
        await until(lambda: own.starts == 2 and own.state == "ok", "it is back")
        assert own.process_id not in (0, first)
        async with allocation(service, own.urls[1], tmp_path):
            assert "coturn ended" in caplog.text
        last = own.process_id
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)
    assert not await asyncio.to_thread(file.parent.exists)
    assert service.secret not in caplog.text


@pytest.mark.slow
async def test_it_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    async with web_process(tmp_path, **OWN) as (process, _):
        pid = tmp_path / "coturn" / "pid"
        await until(lambda: pid.exists() and pid.read_text().strip(), "coturn runs")
        running = Path("/proc", pid.read_text().strip())
        assert b"turnserver" in (running / "cmdline").read_bytes()
        process.kill()
        await process.wait()
        # Nobody collects it in a container without an init: then it stays a zombie.
        await until(
            lambda: not running.exists() or not (running / "cmdline").read_bytes(), "it is gone"
        )


async def test_where_it_cannot_start_browsers_are_not_sent_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async with serving(tmp_path / "data", **OWN) as server, Person(server) as person:
        turn_servers = server.app[TURN]
        assert turn_servers.service.turn_urls, "hopeful at first"
        await until(lambda: turn_servers.state == "failing", "it was tried twice")
        assert turn_servers.service.servers_for("participant", 0) == []
        answer = await person.get("/readyz")
        assert (answer.status, json.loads(answer.text)["turn"]) == (200, "failing")
        assert "turnserver is not installed" in caplog.text


async def test_another_program_at_its_port_is_not_taken_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        number = other.getsockname()[1]
        settings = CoturnSettings(
            "yes", number, 0, None, "127.0.0.1", (49152, 49251), None, None, ()
        )
        own = Coturn(settings, tmp_path / "coturn", "localhost", (), harmless_environment())
        await own.start()
        try:
            await until(lambda: own.state == "failing", "it was tried twice")
            assert own.starts == 0
            assert f"another program has port {number}" in caplog.text
        finally:
            await own.stop()


SHORT_LIVED = """#!{python}
import pathlib, re, socket, sys
port = int(re.search(r"listening-port=(\\d+)", pathlib.Path(sys.argv[2]).read_text())[1])
with socket.create_server(("", port)) as listener:
    listener.accept()
sys.exit("it crashes")
"""
"A turnserver that ends as soon as somebody comes."


@pytest.mark.slow
async def test_one_that_serves_and_ends_at_once_is_not_started_ever_faster(tmp_path: Path) -> None:
    program = tmp_path / "turnserver"
    program.write_text(SHORT_LIVED.format(python=sys.executable))
    program.chmod(0o700)
    settings = CoturnSettings("yes", 0, 0, None, "127.0.0.1", (49152, 49251), None, None, ())
    own = Coturn(settings, tmp_path / "coturn", "localhost", (), {"PATH": str(tmp_path)})
    await own.start()
    try:
        await until(lambda: own.state == "failing", "browsers are no longer sent to it")
        assert own.starts == 2
    finally:
        await own.stop()


async def shown_certificate(port: int, authority: Path) -> bytes:
    context = ssl.create_default_context(cafile=str(authority))
    _, writer = await asyncio.open_connection("localhost", port, ssl=context)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return shown


@pytest.mark.slow
async def test_a_renewed_certificate_is_taken_up_without_a_new_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "web.calls.coturn")
    authority = trustme.CA()
    issue(authority, tmp_path)
    settings = CoturnSettings(
        "yes",
        0,
        0,
        None,
        "127.0.0.1",
        (49152, 49251),
        tmp_path / "cert.pem",
        tmp_path / "key.pem",
        (),
    )
    own = Coturn(
        settings, tmp_path / "coturn", "localhost", (), harmless_environment(), look_seconds=0.05
    )
    await own.start()
    try:
        await until(lambda: own.state == "ok", "coturn listens")
        port = Place.of(own.urls[2]).port
        before = await shown_certificate(port, tmp_path / "ca.pem")
        (tmp_path / "cert.pem").write_text("half a certificate")
        await until(lambda: "cannot be used" in caplog.text, "it is not taken up")
        assert await shown_certificate(port, tmp_path / "ca.pem") == before
        issue(authority, tmp_path)
        await until(lambda: "was renewed" in caplog.text, "it is noticed")
        async with asyncio.timeout(30):
            while await shown_certificate(port, tmp_path / "ca.pem") == before:
                pass
        assert own.starts == 1
    finally:
        await own.stop()


@pytest.mark.slow
async def test_a_new_address_counts_while_the_certificate_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[str] = []
    monkeypatch.setattr("web.calls.coturn.local_networks", lambda: tuple(found))
    issue(trustme.CA(), tmp_path)
    settings = CoturnSettings(
        "yes", 0, 0, None, "127.0.0.1", (49152, 49251),
        tmp_path / "cert.pem", tmp_path / "key.pem", (),
    )  # fmt: skip
    own = Coturn(
        settings, tmp_path / "coturn", "localhost", (), harmless_environment(), look_seconds=0.05
    )
    await own.start()
    try:
        await until(lambda: own.state == "ok", "coturn listens")
        (tmp_path / "cert.pem").write_text("half a certificate")
        await until(lambda: "cannot be used" in caplog.text, "it is not taken up")
        found.append("9.9.9.0/24")
        await until(lambda: own.starts == 2 and own.state == "ok", "it is told of the network")
        said = await asyncio.to_thread((tmp_path / "coturn/turnserver.conf").read_text)
        assert "denied-peer-ip=9.9.9.0-9.9.9.255" in said
        assert [Place.of(url).transport for url in own.urls] == ["udp", "tcp"]
    finally:
        await own.stop()
