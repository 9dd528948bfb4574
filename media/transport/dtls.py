"""DTLS over the shared socket: aiortc's transport, fed with the records of one peer.

The only file that uses private names of aiortc: ``RTCDtlsTransport._set_role``, its ``_ssl`` (the
pyOpenSSL connection, for exporting the keys), ``_validate_peer_identity`` and ``_set_state``,
``RTCCertificate._create_ssl_context``, ``_register_data_receiver`` with the one name it expects of a
receiver (``_handle_data``), and the three names that aiortc's transport expects of its ICE transport
(``_recv``, ``_send``, ``role``). ``tests/media/transport/test_dtls.py`` checks each.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_PROFILES, SRTPProtectionProfile, State
from aiortc.rtcicetransport import RTCIceTransport
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate as X509Certificate
from OpenSSL import SSL

from media.transport.srtp import Cipher

logger = logging.getLogger(__name__)

WAITING_RECORDS = 32
"Datagrams queued for a handshake; a flight has four. More is a flood, and the oldest stay."
EARLY_RECORDS = 8
"Datagrams kept before an answer: two ClientHellos of a browser, each sent several times."
EARLY_OCTETS = 8192
"Bytes of them."
_HANDSHAKE, _CLIENT_HELLO = 22, 1
"Content type of a record and type of its message (RFC 6347 section 4.3.2)."
_MESSAGE_TYPE = 13
"Position of the latter in a datagram that is not encrypted yet."
CIPHERS = ":".join(
    f"ECDHE-{signature}-{cipher}"
    for signature in ("ECDSA", "RSA")
    for cipher in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
)
"""Cipher suites of DTLS, best first (RFC 8827 section 6.5). Ours is an ECDSA certificate; with RSA, clients
that want to be the server of the handshake (``a=setup:passive``) may have theirs."""
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-512": hashes.SHA512(),
    "sha-384": hashes.SHA384(),
    "sha-256": hashes.SHA256(),
}
"Hash functions of fingerprints, the preferred one first."
HANDSHAKE_SECONDS = 20.0
"A handshake on a link with 300 ms and 20 % loss takes some 5 s."


class Carrier:
    """Stands in for the ICE transport of aiortc's DTLS: one peer's share of the socket."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.role = "controlled"
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_RECORDS)
        self._write = send
        self._sent_at = 0.0
        self.round_trip = 0.0
        "Seconds from the first flight sent to the answer to it; 0 before."

    def feed(self, record: bytes) -> None:
        """Queue a received DTLS datagram; it is dropped if too many are waiting."""
        if self._sent_at and not self.round_trip and _answers(record):
            self.round_trip = time.monotonic() - self._sent_at
        if not self._queue.full():
            self._queue.put_nowait(record)

    def close(self) -> None:
        """Signal the end of the connection to the transport."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _recv(self) -> bytes:
        record = await self._queue.get()
        if record is None:
            raise ConnectionError
        return record

    async def _send(self, record: bytes) -> None:
        self._sent_at = self._sent_at or time.monotonic()
        self._write(record)


class EarlyRecords:
    """The newest DTLS datagrams of a peer whose answer has not come yet.

    ICE needs no answer, so a client's first flight often overtakes it, and would otherwise wait for
    the client's timer. Of too many the oldest go: a client sends the same flight again.
    """

    def __init__(self) -> None:
        self._records: deque[bytes] = deque()
        self._octets = 0

    def add(self, record: bytes) -> None:
        """Keep a datagram."""
        self._records.append(record)
        self._octets += len(record)
        while len(self._records) > EARLY_RECORDS or self._octets > EARLY_OCTETS:
            self._octets -= len(self._records.popleft())

    def take(self) -> list[bytes]:
        """The datagrams kept, oldest first; afterwards there are none."""
        records = list(self._records)
        self._records.clear()
        self._octets = 0
        return records


class _DataReceiver:
    """Told by aiortc's transport of application data, which it has decrypted."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    async def _handle_data(self, data: bytes) -> None:
        self._callback()


def _answers(record: bytes) -> bool:
    """Whether a datagram answers a flight of ours.

    A client repeats its hello every 50 ms, so that some arrive after the flight has left.
    """
    return (
        len(record) > _MESSAGE_TYPE
        and record[0] == _HANDSHAKE
        and record[_MESSAGE_TYPE] != _CLIENT_HELLO
    )


@dataclass(frozen=True)
class Ciphers:
    """The SRTP ciphers of a finished handshake."""

    outgoing: Cipher
    incoming: Cipher


class Certificate(RTCCertificate):
    """A certificate of ours, and the cipher suites that go with it."""

    @property
    def announcement(self) -> str:
        """Its fingerprint as descriptions have it, as ``sha-256 AA:BB...``."""
        values = {each.algorithm: each.value for each in self.getFingerprints()}
        return f"sha-256 {values['sha-256']}"

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHERS.encode())
        return context


def is_announced(certificate: X509Certificate, fingerprints: Iterable[tuple[str, str]]) -> bool:
    """Whether one of the fingerprints by the best hash function among them is the certificate's.

    There may be several by one function, for as many certificates (RFC 8122 section 5).
    """
    values: dict[str, set[str]] = {}
    for name, value in fingerprints:
        values.setdefault(name.lower(), set()).add(value.upper())
    best = next((name for name in HASHES if name in values), None)
    return (
        best is not None and certificate.fingerprint(HASHES[best]).hex(":").upper() in values[best]
    )


class _Transport(RTCDtlsTransport):
    """aiortc's, which would want every fingerprint to be that of the one certificate."""

    def _validate_peer_identity(self, parameters: RTCDtlsParameters) -> None:
        connection = self._ssl
        certificate = connection.get_peer_certificate(as_cryptography=True) if connection else None
        announced = ((each.algorithm, each.value) for each in parameters.fingerprints)
        if certificate is None or not is_announced(certificate, announced):
            self._set_state(State.FAILED)


class HandshakeFailed(Exception):
    """The handshake timed out, or the other side's certificate or ciphers were refused."""


class Handshake:
    """One peer's DTLS: the handshake, its keys, and the end of the connection."""

    def __init__(self, certificate: RTCCertificate, send: Callable[[bytes], None]) -> None:
        self.carrier = Carrier(send)
        self._transport = _Transport(cast(RTCIceTransport, self.carrier), [certificate])

    async def run(self, fingerprints: list[tuple[str, str]], server: bool) -> Ciphers:
        """Complete the handshake and export the keys (RFC 5764). Raises HandshakeFailed.

        ``fingerprints`` are (hash name, value) pairs the certificate must match.
        """
        self._transport._set_role("server" if server else "client")
        parameters = RTCDtlsParameters(
            [RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints]
        )
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await self._transport.start(parameters)
        except TimeoutError as error:
            raise HandshakeFailed("the handshake took too long") from error
        if self._transport.state != "connected":
            raise HandshakeFailed("the handshake was refused")
        return export_ciphers(self._transport._ssl, server)

    @property
    def round_trip(self) -> float:
        """Seconds of a round trip, as the handshake took; 0 if unknown. Lost packets add to it."""
        return self.carrier.round_trip

    def on_closed(self, callback: Callable[[], None]) -> None:
        """Call back when the other side closes the connection."""

        def changed() -> None:
            if self._transport.state in ("closed", "failed"):
                callback()

        self._transport.on("statechange", changed)

    def on_data(self, callback: Callable[[], None]) -> None:
        """Call back for each authentic record of application data; there may be one callback."""
        self._transport._register_data_receiver(_DataReceiver(callback))

    async def stop(self) -> None:
        """Close the connection and notify the other side."""
        self._transport.remove_all_listeners()
        await self._transport.stop()


def export_ciphers(connection: Any, server: bool) -> Ciphers:
    """The SRTP ciphers of a finished handshake (RFC 5764 section 4.2). Raises HandshakeFailed."""
    chosen = connection.get_selected_srtp_profile()
    for profile in SRTP_PROFILES:
        if profile.openssl_profile == chosen:
            break
    else:
        raise HandshakeFailed("no SRTP profile was agreed on")
    material = connection.export_keying_material(
        b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
    )
    ours, theirs = (1, 0) if server else (0, 1)
    return Ciphers(
        outgoing=Cipher(
            profile.libsrtp_profile, profile.get_key_and_salt(material, ours), outgoing=True
        ),
        incoming=Cipher(
            profile.libsrtp_profile, profile.get_key_and_salt(material, theirs), outgoing=False
        ),
    )
