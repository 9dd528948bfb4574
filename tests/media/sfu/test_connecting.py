"""A client connects as fast when its answer comes after its ClientHello as when it comes before."""

import asyncio
import gc
import re
import time
import weakref
from datetime import datetime, timedelta

import pytest

from media.messages import Connected, Leave, OfferNeeded
from media.rtp.codecs import Kind
from media.transport.dtls import EARLY_OCTETS, EARLY_RECORDS, Certificate, EarlyRecords
from scripts.traffic.relay_target import Target
from tests.media.support import Client, TestSfu, until

CLIENT_TIMER = 1.0
"Seconds after which OpenSSL sends a ClientHello again."


class LateClient(Client):
    """An aiortc client whose answer is held back."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.let = asyncio.Event()
        self.answered_at = 0.0

    async def answer(self, offer: OfferNeeded) -> None:
        text = await self.describe(offer)
        await self.let.wait()
        self.answered_at = time.monotonic()
        self.give(offer, text)


async def test_a_hello_before_the_answer_is_not_lost() -> None:
    async with TestSfu() as sfu:
        client = sfu.join("a", Kind.AUDIO, client=LateClient)
        peer = sfu.rooms["room"].peers["a"]
        await until(lambda: peer.early_records._records, "the hello has come")
        hello = peer.early_records._records[0]
        assert hello[0] == 22
        assert hello[13] == 1, "a ClientHello"
        client.let.set()
        await until(lambda: sfu.of(Connected), "the client is connected")
        assert time.monotonic() - client.answered_at < CLIENT_TIMER / 2
        await until(lambda: sfu.rooms["room"].peers["a"].inbound_streams, "it is heard")


@pytest.mark.parametrize("flights", [1, 40])
async def test_a_hello_that_came_many_times_connects_too(flights: int) -> None:
    async with TestSfu() as sfu:
        client = sfu.join("a", Kind.AUDIO, client=LateClient)
        peer = sfu.rooms["room"].peers["a"]
        await until(lambda: peer.early_records._records, "the hello has come")
        (hello,) = list(peer.early_records._records)
        for _ in range(flights):
            peer.early_records.add(hello)
        client.let.set()
        await until(lambda: sfu.of(Connected), "the client is connected")
        assert time.monotonic() - client.answered_at < CLIENT_TIMER / 2


def test_few_early_records_are_kept_the_newest() -> None:
    kept = EarlyRecords()
    for number in range(100):
        kept.add(bytes((22, number)))
    assert kept.take() == [bytes((22, number)) for number in range(100 - EARLY_RECORDS, 100)]
    assert kept.take() == []
    for number in range(100):
        kept.add(bytes((22, number)) + bytes(1498))
    records = kept.take()
    assert 0 < sum(map(len, records)) <= EARLY_OCTETS
    assert records[-1][1] == 99


def fingerprints_of(offers: list[OfferNeeded]) -> list[set[str]]:
    """The fingerprints that each offer names."""
    return [set(re.findall(r"a=fingerprint:(\S+ \S+)", offer.sdp)) for offer in offers]


async def test_a_new_certificate_is_for_new_connections_alone() -> None:
    """In browsers, another fingerprint in an offer ends the present DTLS connection."""
    async with TestSfu() as sfu:
        before = sfu.certificate()
        client = sfu.join("a", Kind.AUDIO, client=LateClient)
        await until(lambda: sfu.of(OfferNeeded), "a is offered a connection")
        sfu._certificate = type(before).generateCertificate()
        client.let.set()
        await until(lambda: sfu.of(Connected), "a is connected by the certificate of its offer")
        sfu.join("b", Kind.AUDIO)
        await until(lambda: len(sfu.of(Connected)) == 2, "b is connected")
        await until(lambda: len(client.offers) > 1, "a is offered b")
        assert fingerprints_of(client.offers) == [{before.announcement}] * len(client.offers)
        assert {sfu.certificate().announcement} in fingerprints_of(sfu.clients["b"].offers)


class OldCertificate(Certificate):
    """A certificate made some days ago."""

    days = 0

    @property
    def expires(self) -> datetime:
        return super().expires - timedelta(days=self.days)


@pytest.mark.parametrize(("days", "renewed"), [(6, False), (8, True)])
async def test_a_certificate_is_renewed_after_a_week(days: int, renewed: bool) -> None:
    async with TestSfu() as sfu:
        old = OldCertificate.generateCertificate()
        old.days = days
        sfu._certificate = old
        sfu.join("a", Kind.AUDIO)
        await until(lambda: sfu.of(Connected), "a is connected")
        offered = fingerprints_of(sfu.clients["a"].offers)
        assert ({old.announcement} in offered) is not renewed
        assert offered == [{sfu.certificate().announcement}] * len(offered)


async def test_who_has_left_takes_no_memory_until_a_collection() -> None:
    target = Target()
    await target.fill("ab")
    handshake = weakref.ref(target.sfu.rooms["room"].peers["b"].handshake)
    gc.disable()
    try:
        target.sfu.execute(Leave("room", "b"))
        await until(lambda: handshake() is None, "its connection is gone")
    finally:
        gc.enable()
        await target.close()
