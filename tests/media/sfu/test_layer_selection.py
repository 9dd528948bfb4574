"""Which layers subscribers get, and what a publisher is asked to send for the narrowest."""

from collections.abc import AsyncIterator

import pytest

from media.rooms.peer import Peer
from media.rtp.codecs import Kind
from media.sfu.layer_selection import SMALL_FIRST_SECONDS, publisher_limit, select_layers
from media.streams.inbound import InboundStream
from scripts.traffic.relay_target import Target

NOW = 100.0


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    running = Target()
    await running.fill("abc")
    for name in "ab":
        client = running.clients[name]
        for stream in (client.audio, client.video):
            assert stream is not None
            client.send_packets(stream, 3, 0.0)
    running.sfu.forwarder.drain(running.port)
    for peer in running.sfu.rooms["room"].peers.values():
        for inbound in peer.inbound_streams.values():
            inbound.last_seen = NOW
            inbound.bitrate = 40_000.0 if inbound.history is None else 600_000.0
    yield running
    await running.close()


def peers(target: Target) -> tuple[Peer, ...]:
    return tuple(target.sfu.rooms["room"].peers[name] for name in "abc")


async def test_nobody_is_limited_for_nobody(target: Target) -> None:
    a, _, _ = peers(target)
    assert publisher_limit(target.sfu.rooms["room"], a, NOW) == 0


async def test_a_limit_leaves_room_for_the_audio_beside_the_video(target: Target) -> None:
    """A browser divides the limit among everything it sends."""
    a, b, c = peers(target)
    c.downlink.shares = {("a", Kind.VIDEO): 300_000.0}
    b.downlink.shares = {("a", Kind.VIDEO): 400_000.0}
    room = target.sfu.rooms["room"]
    assert publisher_limit(room, a, NOW) == 340_000
    c.downlink.shares = {("a", Kind.VIDEO): 10_000.0}
    assert publisher_limit(room, a, NOW) == 190_000, "not below what makes it bad for all"
    camera = a.publications.by_kind[Kind.VIDEO]
    camera.rids, camera.inbound_streams = ("h", "l"), {"h": camera.inbound_streams[""]}
    assert publisher_limit(room, a, NOW) == 290_000, "nor what keeps a second encoding away"
    assert publisher_limit(room, b, NOW) == 0


async def test_a_narrow_link_gets_what_its_publishers_can_be_asked_for(target: Target) -> None:
    a, b, c = peers(target)
    room = target.sfu.rooms["room"]
    c.downlink.estimate.limit, c.downlink.estimate.updated_at = 500_000.0, NOW
    select_layers(room, NOW)
    assert c.downlink.estimate.probe_floor == pytest.approx(180_000), (
        "audio of two, and the floor of one video"
    )
    for publisher in (a, b):
        assert 0 < publisher_limit(room, publisher, NOW) < 300_000
    assert not a.downlink.shares
    assert not b.downlink.shares


async def test_a_flood_is_stopped_before_the_smaller_video_has_begun(target: Target) -> None:
    a, _, c = peers(target)
    room = target.sfu.rooms["room"]
    camera = a.publications.by_kind[Kind.VIDEO]
    large = camera.inbound_streams[""]
    small = InboundStream(77, large.codec, "a", "l")
    small.last_seen, small.bitrate = NOW, 150_000.0
    large.rid = "h"
    camera.rids, camera.inbound_streams = ("h", "l"), {"h": large, "l": small}
    source = ("a", Kind.VIDEO)
    seen = c.downlink.outbound_streams[source]
    for other in ("b",):
        c.subscriptions.heights[other, Kind.VIDEO] = None
    seen.begin(large, 1, 0, memoryview(b""), NOW)
    c.downlink.estimate.limit, c.downlink.estimate.updated_at = 300_000.0, NOW
    c.downlink.estimate.held_until = NOW + 5
    select_layers(room, NOW)
    assert (seen.inbound, seen.target) == (large, small), "it goes on until the small one begins"
    seen.follow(large, NOW)
    c.downlink.estimate.loss, c.downlink.estimate.lost_at = 0.6, NOW
    select_layers(room, NOW)
    assert (seen.inbound, seen.target) == (None, small)


async def test_a_video_that_comes_back_does_not_hide_its_own_queue(target: Target) -> None:
    _, _, c = peers(target)
    c.downlink.note_round_trip(0.1, NOW)
    for outbound in c.downlink.outbound_streams.values():
        outbound.leave(NOW)
    for seconds in (5, 10):
        c.downlink.note_round_trip(0.1, NOW + seconds)
    room = target.sfu.rooms["room"]
    camera = room.peers["a"].publications.by_kind[Kind.VIDEO].inbound_streams[""]
    c.downlink.outbound_streams["a", Kind.VIDEO].begin(camera, 1, 0, memoryview(b""), NOW + 11)
    for late in (0.9, 1.1):
        c.downlink.note_round_trip(late, NOW + 11 + late)
    assert c.downlink.estimate.delay.queueing
    c.downlink.outbound_streams["a", Kind.VIDEO].leave(NOW + 13)
    for seconds in (20, 25):
        c.downlink.note_round_trip(0.9, NOW + seconds)
    assert not c.downlink.estimate.delay.queueing, "the way has become longer"


async def test_the_first_video_is_the_one_that_is_there_soonest(target: Target) -> None:
    a, _, c = peers(target)
    room = target.sfu.rooms["room"]
    camera = a.publications.by_kind[Kind.VIDEO]
    large = camera.inbound_streams[""]
    small = InboundStream(77, large.codec, "a", "l")
    small.last_seen, small.bitrate = NOW, 150_000.0
    large.rid = "h"
    camera.rids, camera.inbound_streams = ("h", "l"), {"h": large, "l": small}
    seen = c.downlink.outbound_streams["a", Kind.VIDEO]
    for video_since, expected in (
        (0.0, small),
        (NOW - SMALL_FIRST_SECONDS / 2, small),
        (NOW - 2 * SMALL_FIRST_SECONDS, large),
    ):
        c.downlink.video_since = video_since
        select_layers(room, NOW)
        assert (seen.target or seen.inbound) is expected
    assert c.downlink.estimate.upgraded_at is None, "nothing was held back by a limit"


async def test_only_what_a_limit_held_back_is_tried(target: Target) -> None:
    _, _, c = peers(target)
    room = target.sfu.rooms["room"]
    select_layers(room, NOW)
    assert c.downlink.estimate.upgraded_at is None, "the beginning of a call is no try"
    for source in (("a", Kind.VIDEO), ("b", Kind.VIDEO)):
        c.downlink.outbound_streams[source].follow(None, NOW)
    c.downlink.estimate.limit, c.downlink.estimate.updated_at = 5_000_000.0, NOW
    select_layers(room, NOW)
    assert c.downlink.estimate.upgraded_at == NOW
