"""The real coturn accepts our credentials over UDP, TCP and TLS, and refuses private peers."""

import asyncio
import itertools
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aioice import stun, turn

from media.turn_credentials import TurnService

SECRET = "a secret of the tests"
CONFIGURATION = Path(__file__).parents[3] / "docs" / "coturn.conf"
OURS = ("listening-", "tls-", "cert=", "pkey=", "min-port", "max-port", "static-auth-secret")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Coturn:
    """A turnserver with the configuration we ship, on loopback ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, *allowed: str, relay: str = "127.0.0.1", version: int = 4) -> None:
        program = shutil.which("turnserver")
        if program is None:
            pytest.fail("No turnserver on PATH; Debian's package is coturn.", pytrace=False)
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        certificate.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        lines = [
            line
            for line in CONFIGURATION.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith(("#", "syslog", *OURS))
        ]
        lines += [
            f"static-auth-secret={SECRET}",
            "listening-ip=127.0.0.1",
            f"relay-ip={relay}",
            f"allocation-default-address-family=ipv{version}",
            f"listening-port={self.port}",
            f"tls-listening-port={self.tls_port}",
            f"cert={self.folder / 'cert.pem'}",
            f"pkey={self.folder / 'key.pem'}",
            "min-port=49200",
            "max-port=49299",
            "log-file=stdout",
            f"pidfile={self.folder / 'pid'}",
            f"userdb={self.folder / 'db'}",
            *(f"allowed-peer-ip={address}" for address in allowed),
            *(["allow-loopback-peers"] if allowed else []),
        ]
        path = self.folder / "turnserver.conf"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(path),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.tls_port)
                writer.close()
                await writer.wait_closed()
                break
            except OSError:
                assert time.monotonic() < end, "coturn does not listen"
                assert self.process.returncode is None, "coturn ended"
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            await self.process.wait()

    def service(self) -> TurnService:
        return TurnService((f"turn:127.0.0.1:{self.port}",), SECRET)


@pytest.fixture
async def coturn(tmp_path: Path) -> AsyncIterator[Coturn]:
    server = Coturn(tmp_path)
    yield server
    await server.stop()


class Inbox(asyncio.DatagramProtocol):
    """Keeps what it receives."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.errors: asyncio.Queue[Exception] = asyncio.Queue()
        self.closed = asyncio.Event()

    def error_received(self, exc: Exception) -> None:
        self.errors.put_nowait(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait((data, addr))


async def allocate(
    server: Coturn, transport: str, username: str, credential: str
) -> tuple[asyncio.DatagramTransport, Inbox]:
    secure: bool | ssl.SSLContext = False
    if transport == "tls":
        secure = ssl.create_default_context(cafile=str(server.folder / "ca.pem"))
    carrier, inbox = await turn.create_turn_endpoint(
        Inbox,
        server_addr=("127.0.0.1", server.tls_port if transport == "tls" else server.port),
        username=username,
        password=credential,
        ssl=secure,
        transport="udp" if transport == "udp" else "tcp",
    )
    return carrier, inbox


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_our_credentials_relay(coturn: Coturn, transport: str) -> None:
    await coturn.start("127.0.0.1")
    (server,) = coturn.service().servers_for("participant", time.time())
    loop = asyncio.get_running_loop()
    peer, peer_inbox = await loop.create_datagram_endpoint(Inbox, local_addr=("127.0.0.1", 0))
    carrier, inbox = await allocate(coturn, transport, server.username, server.credential)
    try:
        carrier.sendto(b"through the relay", peer.get_extra_info("sockname"))
        async with asyncio.timeout(60):
            data, relayed = await peer_inbox.received.get()
            assert data == b"through the relay"
            assert relayed == carrier.get_extra_info("sockname")
            peer.sendto(b"and back", relayed)
            assert (await inbox.received.get())[0] == b"and back"
    finally:
        carrier.close()
        peer.close()
        await inbox.closed.wait()


@pytest.mark.parametrize("fault", ["expired", "forged"])
async def test_other_credentials_do_not(coturn: Coturn, fault: str) -> None:
    await coturn.start("127.0.0.1")
    (server,) = coturn.service().servers_for(
        "participant", time.time() - (7 * 3600 if fault == "expired" else 0)
    )
    credential = server.credential if fault == "expired" else server.credential[::-1]
    with pytest.raises(stun.TransactionFailed):
        await allocate(coturn, "udp", server.username, credential)


ALLOWED = {4: "127.0.0.3", 6: "::1"}
"Loopback but for this is denied by the list of the file alone, for coturn is told to allow it."
PUBLIC = {4: ("1.2.3.4", "9.255.255.255", "223.255.255.254"), 6: ("2400::1", "2a00::1")}
"Nothing is sent there."
RELAY = {4: "127.0.0.1", 6: "::1"}
PRIVATE = {
    4: (
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.0.0.2",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.254",
        "192.0.0.8",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ),
    6: (
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2001:0:a00:1::",
        "2002:a00:1::",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "ff02::1",
    ),
}


@pytest.mark.parametrize("version", [4, 6])
async def test_peers_are_reached_where_they_are_public_alone(coturn: Coturn, version: int) -> None:
    await coturn.start(ALLOWED[version], relay=RELAY[version], version=version)
    (server,) = coturn.service().servers_for("participant", time.time())
    address = ("127.0.0.1", coturn.port)
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: turn.TurnClientUdpProtocol(
            address, server.username, server.credential, lifetime=600, channel_refresh_time=500
        ),
        remote_addr=address,
    )
    channels = itertools.count(0x4000)
    try:
        async with asyncio.timeout(60):
            await client.connect()
            for address in PRIVATE[version]:
                with pytest.raises(stun.TransactionFailed) as refused:
                    await client.channel_bind(next(channels), (address, 9))
                assert (address, refused.value.response.error_code) == (address, 403)
            for address in (*PUBLIC[version], ALLOWED[version]):
                await client.channel_bind(next(channels), (address, 9))
            await client.delete()
    finally:
        transport.close()
