"""Malformed datagrams of strangers and participants change nothing and raise nothing."""

import random
import socket

from aioice import stun

from media.messages import Connected, Join, OfferNeeded, OpenRoom
from media.participant_limits import Limits
from media.rtp.codecs import Kind
from media.transport.port import pack_address
from tests.media.support import TestSfu, until


async def test_a_flood_of_strangers_changes_nothing() -> None:
    chance = random.Random(1)
    async with TestSfu() as sfu:
        a = sfu.join("a", Kind.AUDIO)
        b = sfu.join("b", Kind.AUDIO)
        await until(lambda: a.frames.get("audio", 0) > 3, "a hears b")
        ufrag = sfu.rooms["room"].peers["a"].credentials.ufrag
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{ufrag}:guess"
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(b"guess")
        forged = bytes(message)
        addresses = dict(sfu.forwarder.demux.by_address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.connect(("127.0.0.1", sfu.port.number))
            for turn in range(600):
                kind = turn % 6
                data = chance.randbytes(chance.randint(1, 1400))
                if kind == 0:
                    data = forged
                elif kind == 1:
                    place = chance.randrange(len(forged))
                    data = forged[:place] + chance.randbytes(1) + forged[place + 1 :]
                elif kind == 2:
                    data = bytes((chance.randint(20, 63),)) + data
                elif kind == 3:
                    data = bytes((chance.randint(128, 191),)) + data
                elif kind == 4:
                    data = b""
                stranger.send(data)
                if turn % 50 == 0:
                    sfu.forwarder.drain(sfu.port)
            sfu.forwarder.drain(sfu.port)
        assert sfu.forwarder.strangers > 400
        assert sfu.forwarder.errors == 0
        assert sfu.forwarder.demux.by_address == addresses
        seen_ssrcs = a.frames["audio"]
        await until(lambda: a.frames["audio"] > seen_ssrcs + 5, "a goes on hearing b")
        assert b.frames["audio"] > 0


async def test_garbage_from_a_participant_changes_nothing() -> None:
    chance = random.Random(2)
    async with TestSfu() as sfu:
        a = sfu.join("a", Kind.AUDIO)
        sfu.join("b", Kind.AUDIO)
        await until(lambda: a.frames.get("audio", 0) > 3, "a hears b")
        peer = sfu.rooms["room"].peers["b"]
        forwarder = sfu.forwarder
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.connect(("127.0.0.1", sfu.port.number))
            # A second verified address of b, as after a change of network.
            forwarder.demux.by_address[pack_address(*other.getsockname())] = peer
            for _ in range(400):
                first = chance.choice((0, 1, 22, 128, 144, 0x80 | chance.randint(0, 63)))
                other.send(bytes((first,)) + chance.randbytes(chance.randint(0, 1800)))
            forwarder.drain(sfu.port)
            forwarder.drain(sfu.port)
        assert forwarder.errors == 0
        assert peer.refused + peer.over_limit > 100
        seen_ssrcs = a.frames["audio"]
        await until(lambda: a.frames["audio"] > seen_ssrcs + 5, "a goes on hearing b")


async def test_who_sends_too_much_is_cut_short() -> None:
    async with TestSfu(limits=Limits(bitrate=20_000)) as sfu:
        sfu.join("a", Kind.AUDIO, Kind.VIDEO)
        sfu.join("b")
        await until(lambda: len(sfu.of(Connected)) >= 2, "both are connected")
        peer = sfu.rooms["room"].peers["a"]
        await until(lambda: peer.over_limit > 5, "what is too much is dropped")


async def test_a_moved_address_is_followed_after_a_verified_check_alone() -> None:
    async with TestSfu() as sfu:
        sfu.execute(OpenRoom("room"))
        sfu.execute(Join("room", "a"))
        await until(lambda: sfu.of(OfferNeeded), "an offer")
        peer = sfu.rooms["room"].peers["a"]
        for password, answered in (
            ("wrong", False),
            (peer.credentials.password, True),
            (peer.credentials.password, True),
        ):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.bind(("127.0.0.1", 0))
                client.setblocking(False)
                message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
                message.attributes["USERNAME"] = f"{peer.credentials.ufrag}:x"
                message.attributes["USE-CANDIDATE"] = None
                message.add_message_integrity(password.encode())
                client.sendto(bytes(message), ("127.0.0.1", sfu.port.number))
                sfu.forwarder.drain(sfu.port)
                name = pack_address(*client.getsockname())
                assert (peer.destination.address == name) is answered
                assert (sfu.forwarder.demux.by_address.get(name) is peer) is answered
