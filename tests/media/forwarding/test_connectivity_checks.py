"""Who is let in: checks that prove the password, from one address each; nobody else is answered."""

import random
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun

from media.forwarding.connectivity_checks import REPETITIONS
from media.limits import SSRCS
from media.messages import Join, OpenRoom
from media.rooms.peer import Peer
from media.transport.port import pack_address
from scripts.benchmarks.relay_attack import Target
from scripts.traffic.hostile import STRANGERS, Hostile, stun_request
from tests.media.support import TestExchange


@pytest.fixture
async def sfu() -> AsyncIterator[TestExchange]:
    async with TestExchange() as sfu:
        sfu.execute(OpenRoom("room"))
        sfu.execute(Join("room", "a"))
        yield sfu


@pytest.fixture
def peer(sfu: TestExchange) -> Peer:
    return sfu.rooms["room"].peers["a"]


@pytest.fixture
def client(sfu: TestExchange):
    with Asker(sfu) as one:
        yield one


@pytest.fixture
def stranger(sfu: TestExchange):
    with Asker(sfu) as one:
        yield one


class Asker(socket.socket):
    """A socket that asks the exchange and gets what it answers at once."""

    def __init__(self, sfu: TestExchange) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.setblocking(False)
        self.connect(("127.0.0.1", sfu.port.number))
        self.sfu = sfu
        self.address = pack_address(*self.getsockname())

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


async def test_an_answer_is_never_longer_than_the_question(peer: Peer, client: Asker) -> None:
    confused = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    confused.attributes["USERNAME"] = f"{peer.credentials.ufrag}:x"
    confused.attributes["ICE-CONTROLLED"] = 1
    confused.add_message_integrity(peer.credentials.password.encode())
    shortest = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    shortest.attributes["USERNAME"] = f"{peer.credentials.ufrag}:"
    shortest.add_message_integrity(peer.credentials.password.encode())
    for question in (right(peer), bytes(confused), bytes(shortest)):
        answer = client.ask(question)
        assert 0 < len(answer) <= len(question)


@pytest.mark.parametrize("kind", STRANGERS)
async def test_strangers_are_not_answered_whatever_they_send(
    sfu: TestExchange, stranger: Asker, kind: str
) -> None:
    datagrams = STRANGERS[kind](random.Random(kind))
    for _ in range(200):
        assert stranger.ask(next(datagrams)) == b""
    assert sfu.forwarder.errors == 0
    assert not sfu.forwarder.demux.by_address


async def test_a_handshake_begins_only_from_a_proven_address(
    sfu: TestExchange, stranger: Asker
) -> None:
    hello = bytes.fromhex("16feff0000000000000000002f010000230000000000000023fefd") + bytes(33)
    assert stranger.ask(hello) == b""
    assert sfu.forwarder.demux.strangers == 1


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
