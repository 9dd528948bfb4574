"""coturn under the load of the relay's benchmark: packets through TURN allocations (RFC 8656).

A publisher sends its packets on a channel of its own allocation, coturn passes each on to one
receiver from the relayed address. coturn neither opens nor numbers anything.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import tempfile
from asyncio.subprocess import Process
from pathlib import Path

from aioice import stun
from aiortc import RTCCertificate
from pylibsrtp import Policy

from media.transport.dtls import Ciphers
from media.transport.port import SLOT, pack_address
from media.transport.srtp import Cipher
from scripts.traffic.relay_clients import LoadClient, audio_stream, video_stream

CHANNEL = 0x4000
UDP = 17 << 24
PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM


class TurnClient(LoadClient):
    """A publisher behind a TURN server, or somebody it sends to."""

    def use(self, key: bytes) -> None:
        """One key for both directions: there is no handshake through coturn here."""
        self.ciphers = Ciphers(
            outgoing=Cipher(PROFILE, key, True), incoming=Cipher(PROFILE, key, False)
        )

    def check(self) -> None:
        """Nobody checks anything here."""

    def report(self, now: float) -> None:
        """RTCP reports are ignored here."""

    async def allocate(self, server: tuple[str, int], peer: tuple[str, int]) -> None:
        """Open an allocation with a channel bound to ``peer``. Raises RuntimeError."""
        self.destination.move(self.port, pack_address(*server))
        await self._ask(stun.Method.ALLOCATE, {"REQUESTED-TRANSPORT": UDP, "LIFETIME": 600})
        bind = {"CHANNEL-NUMBER": CHANNEL, "XOR-PEER-ADDRESS": peer}
        await self._ask(stun.Method.CHANNEL_BIND, bind)
        self.prefix = CHANNEL.to_bytes(2) + bytes(2)

    async def _ask(self, method: stun.Method, attributes: dict[str, object]) -> None:
        message = stun.Message(method, stun.Class.REQUEST)
        message.attributes.update(attributes)
        for _ in range(50):
            self.port.send(bytes(message), self.destination)
            self.port.flush()
            await asyncio.sleep(0.02)
            for index in range(self.port.receive()):
                start = index * SLOT
                data = bytes(self.port.incoming[start : start + self.port.length(index)])
                answer = stun.parse_message(data)
                if answer.message_class == stun.Class.RESPONSE:
                    return
                raise RuntimeError(f"coturn refused: {answer.attributes}")
        raise RuntimeError("coturn does not answer")


class Coturn:
    """A turnserver of our own for as long as it is measured."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="coturn-"))
        self._process: Process | None = None
        self.address = ("", 0)
        "Host and port it listens at."
        self._certificate = RTCCertificate.generateCertificate()

    @staticmethod
    def installed() -> bool:
        """Whether Debian's coturn package is there."""
        return shutil.which("turnserver") is not None

    @property
    def process_id(self) -> int:
        """The process whose time is counted."""
        assert self._process is not None
        return self._process.pid

    async def start(self, host: str, secret: str = "") -> None:
        """Run coturn on one address; without a ``secret`` shared with it, for everybody."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
            self.address = (host, probe.getsockname()[1])
        self._process = await asyncio.create_subprocess_exec(
            "turnserver",
            "-n",
            *(_shared(secret) if secret else ("--no-auth",)),
            "--no-tls",
            "--no-dtls",
            "--no-cli",
            "--relay-threads=1",
            f"--listening-ip={host}",
            f"--relay-ip={host}",
            f"--listening-port={self.address[1]}",
            "--allow-loopback-peers",
            "--min-port=30000",
            "--max-port=34999",
            "--log-file=stdout",
            "--simple-log",
            f"--pidfile={self._folder / 'pid'}",
            f"--userdb={self._folder / 'db'}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def pair(self, host: str) -> tuple[LoadClient, LoadClient]:
        """A publisher and its receiver."""
        publisher = TurnClient(self._certificate, host)
        receiver = TurnClient(self._certificate, host)
        key = secrets.token_bytes(44)
        publisher.use(key)
        receiver.use(key)
        publisher.audio, publisher.video = audio_stream(), video_stream()
        await publisher.allocate(self.address, (host, receiver.port.number))
        return publisher, receiver

    async def stop(self) -> None:
        """End coturn and remove its folder."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _shared(secret: str) -> tuple[str, ...]:
    """Arguments for credentials as `media.turn_credentials` makes them."""
    return ("--use-auth-secret", f"--static-auth-secret={secret}", "--realm=benchmark")
