"""Checks that prove the password are accepted, from one address each; no others are answered."""

import random
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun

from media.forwarding.connectivity_checks import REPETITIONS
from media.messages import Join, Leave, OpenRoom
from media.participant_limits import SSRCS
from media.rooms.peer import REMEMBERED_ADDRESSES, Peer
from media.transport.port import pack_address
from scripts.traffic.hostile import STRANGERS, Hostile, stun_request
from scripts.traffic.relay_target import Target
from tests.media.support import TestSfu, until


@pytest.fixture
async def sfu() -> AsyncIterator[TestSfu]:
    async with TestSfu() as sfu:
        sfu.execute(OpenRoom("room"))
        sfu.execute(Join("room", "a"))
        yield sfu


@pytest.fixture
def peer(sfu: TestSfu) -> Peer:
    return sfu.rooms["room"].peers["a"]


@pytest.fixture
def client(sfu: TestSfu):
    with Asker(sfu) as asker:
        yield asker


@pytest.fixture
def stranger(sfu: TestSfu):
    with Asker(sfu) as asker:
        yield asker


class Asker(socket.socket):
    """A socket that sends to the SFU and gets its response at once."""

    def __init__(self, sfu: TestSfu) -> None:
        family = socket.AF_INET if sfu.port.version == 4 else socket.AF_INET6
        super().__init__(family, socket.SOCK_DGRAM)
        self.setblocking(False)
        self.connect(sfu.port.socket.getsockname())
        self.sfu = sfu
        self.address = pack_address(*self.getsockname()[:2])

    def ask(self, data: bytes) -> bytes:
        self.send(data)
        self.sfu.forwarder.drain(self.sfu.port)
        try:
            return self.recv(2048)
        except BlockingIOError:
            return b""


def right(peer: Peer) -> bytes:
    return stun_request(peer.credentials.ufrag, peer.credentials.password)


async def test_a_check_heard_on_the_way_moves_nothing_when_sent_from_elsewhere(
    peer: Peer, client: Asker, stranger: Asker
) -> None:
    check = right(peer)
    assert client.ask(check)
    assert peer.destination.address == client.address
    assert stranger.ask(check) == b""
    assert peer.destination.address == client.address
    assert stranger.address not in client.sfu.forwarder.demux.by_address
    assert stranger.ask(right(peer)), "a check of its own is what a change of network looks like"
    assert peer.destination.address == stranger.address


async def test_a_check_heard_on_the_way_changes_nothing_when_sent_with_its_own_source(
    sfu: TestSfu, peer: Peer, client: Asker, stranger: Asker
) -> None:
    old = right(peer)
    assert client.ask(old)
    assert stranger.ask(right(peer)), "the client has changed its network"
    peer.liveness.begin(0.0)
    assert client.ask(old), "a client may repeat a check"
    assert peer.destination.address == stranger.address
    assert peer.liveness.alive_at == 0.0
    assert client.ask(right(peer))
    assert peer.destination.address == client.address
    assert peer.liveness.alive_at > 0.0


async def test_the_address_that_media_goes_to_is_never_forgotten_while_the_peer_is_there(
    sfu: TestSfu, peer: Peer, client: Asker
) -> None:
    by_address = sfu.forwarder.demux.by_address
    assert client.ask(check(peer, PRIORITY=1, ICE_CONTROLLING=1, USE_CANDIDATE=None))
    others = []
    try:
        for number in range(REMEMBERED_ADDRESSES + 2):
            others.append(Asker(sfu))
            assert others[-1].ask(check(peer, PRIORITY=1, ICE_CONTROLLING=number))
            assert peer.destination.address == client.address in peer.addresses
    finally:
        for other in others:
            other.close()
    assert len(peer.addresses) == len(by_address) == REMEMBERED_ADDRESSES
    sfu.execute(Leave("room", "a"))
    await until(lambda: not len(by_address), "they are forgotten")


async def test_one_check_is_answered_as_often_as_a_client_repeats_it(
    peer: Peer, client: Asker
) -> None:
    check = right(peer)
    assert [bool(client.ask(check)) for _ in range(REPETITIONS + 2)] == (
        [True] * REPETITIONS + [False, False]
    )


async def test_who_guesses_uses_up_nothing(peer: Peer, client: Asker, stranger: Asker) -> None:
    for _ in range(3 * peer.limits.checks):
        assert stranger.ask(stun_request(peer.credentials.ufrag, "guess")) == b""
    assert client.ask(right(peer))


async def test_too_many_checks_are_not_answered(peer: Peer, client: Asker) -> None:
    answers = sum(bool(client.ask(right(peer))) for _ in range(3 * peer.limits.checks))
    assert peer.limits.checks <= answers < 2 * peer.limits.checks
    assert peer.over_limit


def check(peer: Peer, fingerprint: bool = True, **attributes: object) -> bytes:
    """A check of the shortest username with these attributes, ``_`` for ``-``."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{peer.credentials.ufrag}:"
    for name, value in attributes.items():
        message.attributes[name.replace("_", "-")] = value
    message.add_message_integrity(peer.credentials.password.encode())
    data = bytes(message)
    return data if fingerprint else data[:2] + (len(data) - 28).to_bytes(2) + data[4:-8]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("fingerprint", [True, False])
async def test_a_response_is_never_longer_than_its_request(host: str, fingerprint: bool) -> None:
    async with TestSfu(host) as sfu:
        sfu.execute(OpenRoom("room"))
        sfu.execute(Join("room", "a"))
        peer = sfu.rooms["room"].peers["a"]
        with Asker(sfu) as asker:
            usual = {"PRIORITY": 1, "ICE_CONTROLLING": 1}
            for whole in (usual, usual | {"USE_CANDIDATE": None}, {"ICE_CONTROLLED": 1}):
                request = check(peer, fingerprint, **whole)
                response = asker.ask(request)
                if "PRIORITY" in whole:
                    assert response, "a check that has what it must have"
                assert len(response) <= len(request)
            shortest = check(peer, fingerprint)
            assert len(asker.ask(shortest)) <= len(shortest)


async def test_a_check_that_cannot_be_answered_changes_nothing() -> None:
    async with TestSfu("::1") as sfu:
        sfu.execute(OpenRoom("room"))
        sfu.execute(Join("room", "a"))
        peer = sfu.rooms["room"].peers["a"]
        with Asker(sfu) as asker:
            assert asker.ask(check(peer)) == b""
            assert peer.destination.port is None
            assert not sfu.forwarder.demux.by_address
            assert asker.ask(check(peer, PRIORITY=1, ICE_CONTROLLING=1))
            assert peer.destination.address == asker.address


async def test_a_check_with_what_is_not_understood_proves_no_address(
    peer: Peer, client: Asker
) -> None:
    response = stun.parse_message(client.ask(check(peer, PRIORITY=1, CHANGE_REQUEST=6)))
    assert response.error_code == 420
    assert peer.destination.port is None
    assert not peer.addresses


@pytest.mark.parametrize("kind", STRANGERS)
async def test_strangers_are_not_answered_whatever_they_send(
    sfu: TestSfu, stranger: Asker, kind: str
) -> None:
    datagrams = STRANGERS[kind](random.Random(kind))
    for _ in range(200):
        assert stranger.ask(next(datagrams)) == b""
    assert sfu.forwarder.errors == 0
    assert not sfu.forwarder.demux.by_address


async def test_a_handshake_begins_only_from_a_proven_address(sfu: TestSfu, stranger: Asker) -> None:
    hello = bytes.fromhex("16feff0000000000000000002f010000230000000000000023fefd") + bytes(33)
    assert stranger.ask(hello) == b""
    assert sfu.forwarder.strangers == 1


async def test_a_participant_is_listened_to_under_few_names() -> None:
    target = Target()
    await target.fill()
    try:
        peer = target.sfu.rooms["room"].peers["a"]
        hostile = Hostile(target.clients["a"], seed=1)
        for datagrams in (hostile.other_streams(), hostile.report_senders()):
            for _ in range(SSRCS):
                hostile.send(next(datagrams))
            hostile.client.port.flush()
            target.sfu.forwarder.drain(target.port)
        assert len(peer.seen_ssrcs) <= SSRCS
        assert peer.over_limit
        refused = peer.over_limit
        hostile.send(next(hostile.other_streams()))
        hostile.client.port.flush()
        target.sfu.forwarder.drain(target.port)
        assert peer.over_limit == refused + 1
    finally:
        await target.close()
