"""The private names of aiortc that `media/transport/dtls.py` uses, and the carrier between them."""

import ast
import asyncio
import inspect
import random
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import DataReceiver
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from media.transport import dtls
from media.transport.dtls import (
    Carrier,
    Certificate,
    Ciphers,
    Handshake,
    HandshakeFailed,
    is_announced,
)
from tests.media.support import until

CARRIER = {"_recv", "_send", "role"}
"What aiortc's transport asks of the ICE transport that it takes a carrier for."
PATIENCE = 60
"Seconds after which two ends are taken for stuck."
PAIRS = 40
MUTATED = 0.3
"Part of the first records that are spoilt on their way."
SPOILT_RECORDS = 12
"Records each way after which the link is good."
CLIENT_HELLO = 1
ONE_WAY = 0.1
"Seconds that a record takes on a long way."
OWN_STEPS = inspect.getsource(RTCDtlsTransport.start)
"Where aiortc calls what is overridden here."
REPORT = struct.pack("!BBHI", 0x80, 201, 1, 7)


class Pair:
    """Two ends that complete a handshake over a link that may corrupt records."""

    def __init__(
        self,
        spoil: Callable[[bytes], list[bytes]] = lambda record: [record],
        certificates: Sequence[RTCCertificate] = (),
    ) -> None:
        self.ends: list[Handshake] = []
        self.certificates = certificates or [Certificate.generateCertificate() for _ in range(2)]
        for index, certificate in enumerate(self.certificates):
            self.ends.append(
                Handshake(certificate, lambda record, index=index: self._carry(index, record))
            )
        self._spoil = spoil

    def _carry(self, index: int, record: bytes) -> None:
        for datagram in self._spoil(record):
            # Other first bytes are other protocols, and go elsewhere (RFC 7983).
            if datagram and 19 < datagram[0] < 64:
                self.ends[1 - index].carrier.feed(datagram)

    async def shake(self, trusted: bool = True) -> list[Ciphers | HandshakeFailed]:
        """The outcome at each end: the client's first, then the server's."""
        return await asyncio.gather(self._run(0, trusted), self._run(1, True))

    async def _run(self, index: int, trusted: bool) -> Ciphers | HandshakeFailed:
        other = self.certificates[1 - index if trusted else index]
        prints = [
            (fingerprint.algorithm, fingerprint.value) for fingerprint in other.getFingerprints()
        ]
        try:
            return await self.ends[index].run(prints, server=bool(index))
        except HandshakeFailed as error:
            return error

    async def stop(self) -> None:
        for end in self.ends:
            await end.stop()


class FarPair(Pair):
    """Two ends a long way apart; the client's first record comes again a moment later."""

    def _carry(self, index: int, record: bytes) -> None:
        loop = asyncio.get_running_loop()
        feed = self.ends[1 - index].carrier.feed
        loop.call_later(ONE_WAY, feed, record)
        if not index and record[13] == CLIENT_HELLO:
            loop.call_later(1.2 * ONE_WAY, feed, record)


@asynccontextmanager
async def pair(certificates: Sequence[RTCCertificate] = ()) -> AsyncIterator[Pair]:
    connected = Pair(certificates=certificates)
    async with asyncio.timeout(PATIENCE):
        yield connected
    await connected.stop()


def spoiling(chance: random.Random) -> Callable[[bytes], list[bytes]]:
    """A link on which some of the first records are changed, truncated, duplicated or merged."""
    count = 0

    def spoil(record: bytes) -> list[bytes]:
        nonlocal count
        count += 1
        if count > 2 * SPOILT_RECORDS or chance.random() > MUTATED:
            return [record]
        way = chance.randrange(4)
        if way == 0:
            changed = bytearray(record)
            changed[chance.randrange(len(record))] ^= 1 << chance.randrange(8)
            return [bytes(changed)]
        if way == 1:
            return [record[: chance.randrange(1, len(record))]]
        if way == 2:
            return [record, record]
        return [record + record[: chance.randrange(len(record))], record]

    return spoil


def opened(ends: list[Ciphers | HandshakeFailed]) -> list[bytes]:
    """What each end unprotects of a report that the other protected."""
    found = []
    for end, other in (ends, ends[::-1]):
        assert isinstance(end, Ciphers)
        assert isinstance(other, Ciphers)
        found.append(other.incoming.unprotect_rtcp(end.outgoing.protect_rtcp(REPORT)))
    return found


def asked_of_the_carrier() -> Iterator[str]:
    """Attributes that aiortc's transport uses of its ICE transport."""
    for node in ast.walk(ast.parse(inspect.getsource(RTCDtlsTransport))):
        match node:
            case ast.Attribute(
                value=ast.Attribute(
                    value=ast.Name(id="self"), attr="transport" | "_transport", ctx=ast.Load()
                ),
                attr=name,
            ):
                yield name


async def test_the_private_names_of_aiortc_are_there() -> None:
    handshake = Handshake(RTCCertificate.generateCertificate(), lambda data: None)
    transport = handshake._transport
    transport._set_role("server")
    assert transport._role == "server"
    assert transport._ssl is None
    assert transport.transport is handshake.carrier
    for overridden in ("_validate_peer_identity", "_create_ssl_context"):
        assert f".{overridden}(" in OWN_STEPS
    assert callable(transport._set_state)


def test_a_carrier_has_what_aiortc_asks_of_it_and_no_more() -> None:
    assert set(asked_of_the_carrier()) == CARRIER
    carrier = Carrier(lambda data: None)
    assert inspect.iscoroutinefunction(carrier._recv)
    assert inspect.iscoroutinefunction(carrier._send)
    assert carrier.role == "controlled"


async def test_a_carrier_keeps_few_records_and_ends() -> None:
    carrier = Carrier(lambda data: None)
    for number in range(100):
        carrier.feed(bytes((22, number)))
    assert await carrier._recv() == b"\x16\x00"
    carrier.close()
    with pytest.raises(ConnectionError):
        while True:
            await carrier._recv()


async def test_two_ends_shake_hands_and_understand_each_other() -> None:
    async with pair() as connected:
        assert opened(await connected.shake()) == [REPORT, REPORT]


async def test_a_handshake_tells_how_far_the_other_end_is() -> None:
    """Though the client repeats its first record before the answer to it can have come."""
    connected = FarPair()
    assert connected.ends[1].round_trip == 0.0
    await connected.shake()
    assert connected.ends[1].round_trip >= 2 * ONE_WAY
    await connected.stop()


async def test_another_certificate_than_was_said_is_refused() -> None:
    async with pair() as connected:
        client, _ = await connected.shake(trusted=False)
        assert isinstance(client, HandshakeFailed)


def test_a_certificate_may_be_one_of_several_that_were_announced() -> None:
    """RFC 8122 section 5: several by one hash function are for several certificates."""
    ours, other = (RTCCertificate.generateCertificate() for _ in range(2))
    prints = {each.algorithm: each.value for each in ours.getFingerprints()}
    others = {each.algorithm: each.value for each in other.getFingerprints()}
    unknown = [("sha-1", "00:11"), ("sha3-256", "22")]

    def accepted(*fingerprints: tuple[str, str]) -> bool:
        return is_announced(ours._cert, [*unknown, *fingerprints])

    both = [("sha-256", others["sha-256"]), ("sha-256", prints["sha-256"])]
    assert accepted(*both)
    assert accepted(*reversed(both))
    assert accepted(("SHA-256", prints["sha-256"].lower()))
    assert accepted(("sha-256", others["sha-256"]), ("sha-512", prints["sha-512"]))
    assert not accepted(("sha-256", prints["sha-256"]), ("sha-512", others["sha-512"]))
    assert not accepted(("sha-256", others["sha-256"]))
    assert not accepted()


def with_rsa() -> Certificate:
    """A certificate like those of GStreamer and of many gateways."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(now - timedelta(days=1))
    signed = builder.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    # aiortc's annotation knows of elliptic curves only
    return Certificate(cast(ec.EllipticCurvePrivateKey, key), signed)


@pytest.mark.parametrize("server", [0, 1])
async def test_a_certificate_of_the_other_side_may_be_rsa(server: int) -> None:
    certificates = [Certificate.generateCertificate(), Certificate.generateCertificate()]
    certificates[server] = with_rsa()
    async with pair(certificates) as connected:
        assert opened(await connected.shake()) == [REPORT, REPORT]


async def test_the_end_of_one_side_is_told_to_the_other() -> None:
    async with pair() as connected:
        await connected.shake()
        closed = asyncio.Event()
        connected.ends[1].on_closed(closed.set)
        await connected.ends[0].stop()
        await closed.wait()


async def test_data_is_told_when_it_could_be_decrypted() -> None:
    async with pair() as connected:
        await connected.shake()
        server, client = connected.ends[1], connected.ends[0]
        assert list(inspect.signature(DataReceiver._handle_data).parameters) == ["self", "data"]
        assert server._transport._data_receiver is None
        told = asyncio.Event()
        server.on_data(told.set)
        server.carrier.feed(bytes.fromhex("17fefd00010000000000ff0010") + bytes(16))
        await client._transport._send_data(b"data")
        await told.wait()
        assert client._transport._data_receiver is None
        told.clear()
        server.carrier.feed(bytes.fromhex("17fefd00010000000000ff0010") + bytes(16))
        await until(server.carrier._queue.empty, "the forged record is handled")
        assert not told.is_set()
        assert callable(server._transport._register_data_receiver)


@pytest.mark.slow
async def test_spoilt_records_let_a_handshake_succeed_or_fail_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    async with pair() as connected:
        assert opened(await connected.shake()) == [REPORT, REPORT]
    # All of them compute at once, however fast this machine is now; then two retransmissions.
    patience = PAIRS * (time.monotonic() - began) + 2.5
    monkeypatch.setattr(dtls, "HANDSHAKE_SECONDS", patience)
    pairs = [Pair(spoiling(random.Random(seed))) for seed in range(PAIRS)]
    results = await asyncio.gather(*(connected.shake() for connected in pairs))
    for connected in pairs:
        await connected.stop()
    whole = [ends for ends in results if all(isinstance(end, Ciphers) for end in ends)]
    assert all(opened(ends) == [REPORT, REPORT] for ends in whole)
    assert 0 < len(whole) < PAIRS, "some records are spoilt in vain, some not"
    assert not caplog.records, "nor is a fault only logged"
