"""Which layers subscribers get, and what a publisher is asked to send for the narrowest."""

from collections.abc import AsyncIterator

import pytest

from media.congestion.bandwidth_estimate import UNLIMITED
from media.rooms.peer import Peer
from media.rtp.codecs import Kind
from media.sfu import bandwidth_probes
from media.sfu.layer_selection import SMALL_FIRST_SECONDS, select_layers
from media.sfu.publisher_limit import publisher_limit
from media.streams.inbound import InboundStream
from media.streams.outbound import OutboundStream
from scripts.traffic.relay_target import Target

NOW = 100.0


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    running = Target(clock=lambda: NOW)
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
    c.downlink.prober.unknown = False
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
    c.downlink.prober.note_fitting(5_000_000.0, NOW)
    select_layers(room, NOW)
    assert c.downlink.estimate.upgraded_at == NOW


def two_encodings(target: Target) -> tuple[Peer, OutboundStream, InboundStream, InboundStream]:
    """A subscriber of one camera in two encodings, that is sent the small one; and these three."""
    a, _, c = peers(target)
    camera = a.publications.by_kind[Kind.VIDEO]
    large = camera.inbound_streams[""]
    small = InboundStream(77, large.codec, "a", "l")
    small.last_seen, small.bitrate = NOW, 150_000.0
    large.rid = "h"
    camera.rids, camera.inbound_streams = ("h", "l"), {"h": large, "l": small}
    c.subscriptions.heights["b", Kind.VIDEO] = None
    seen = c.downlink.outbound_streams["a", Kind.VIDEO]
    seen.begin(small, 1, 0, memoryview(b""), NOW)
    seen.packets = 1000
    c.downlink.video_since = NOW - 50
    c.downlink.rate = 230_000.0
    c.downlink.estimate.limit, c.downlink.estimate.updated_at = 2_000_000.0, NOW
    return c, seen, large, small


async def test_a_better_encoding_waits_for_a_probe_where_arrivals_are_reported(
    target: Target,
) -> None:
    room = target.sfu.rooms["room"]
    c, seen, large, small = two_encodings(target)
    prober = c.downlink.prober
    select_layers(room, NOW)
    assert (seen.inbound, seen.target) == (small, None)
    assert prober.round is not None
    assert prober.wanted > 600_000 + 2 * 40_000
    assert prober.round.rate < 0.5e6, "it begins with little"
    prober.round = None
    prober.note_fitting(prober.wanted, NOW)
    c.downlink.estimate.prove(prober.wanted, NOW)
    select_layers(room, NOW)
    assert seen.target is large
    assert prober.round is None, "there is nothing better to try"


async def test_a_subscriber_that_reports_no_arrivals_gets_what_its_limit_allows(
    target: Target,
) -> None:
    room = target.sfu.rooms["room"]
    c, seen, large, _ = two_encodings(target)
    for outbound in c.downlink.outbound_streams.values():
        outbound.reports_arrivals = False
    select_layers(room, NOW)
    assert seen.target is large
    assert c.downlink.prober.round is None


async def test_a_probe_is_padding_beside_the_video_and_ends_with_trouble(target: Target) -> None:
    room = target.sfu.rooms["room"]
    c, seen, _, _ = two_encodings(target)
    select_layers(room, NOW)
    prober = c.downlink.prober
    sent = target.port.counters.sent
    for tick in range(1, 10):
        bandwidth_probes.service(c, NOW + tick * 0.02)
    target.sfu.forwarder.flush()
    packets = target.port.counters.sent - sent
    assert prober.round is not None
    assert len(prober.round.sent) == packets > 5
    assert seen.packets == 1000, "it is no part of the stream"
    c.downlink.estimate.note_loss(0.5, 9e5, 8e5, NOW + 0.2)
    bandwidth_probes.service(c, NOW + 0.2)
    assert prober.round is None


async def test_a_probe_that_fits_lifts_the_limit_at_once(target: Target) -> None:
    room = target.sfu.rooms["room"]
    c, seen, large, _ = two_encodings(target)
    estimate, prober = c.downlink.estimate, c.downlink.prober
    estimate.limit, estimate.held_until = 300_000.0, NOW + 50
    estimate.updated_at = NOW
    select_layers(room, NOW)
    now = NOW
    while prober.round is not None and now < NOW + 5:
        now += 0.02
        bandwidth_probes.service(c, now)
        if prober.round is not None:
            prober.note_feedback({number: at + 0.1 for number, at in prober.round.sent.items()})
    assert now < NOW + 2
    assert estimate.urgent
    large.last_seen = now
    select_layers(room, now)
    assert seen.target is large


async def test_a_video_leaves_room_for_who_is_silent_just_now(target: Target) -> None:
    """With DTX hardly anything is sent in a pause, and the video would take it all."""
    room = target.sfu.rooms["room"]
    a, b, c = peers(target)
    for speaker in (a, b):
        for stream in speaker.inbound_streams.values():
            if stream.history is None:
                stream.bitrate, stream.peak_bitrate = 1_000.0, 40_000.0
    select_layers(room, NOW)
    assert c.downlink.estimate.probe_floor == pytest.approx(2_000 + 39_000 + 100_000)


async def test_who_says_nothing_for_minutes_is_heard_as_soon_as_it_speaks(target: Target) -> None:
    room = target.sfu.rooms["room"]
    _, _, c = peers(target)
    select_layers(room, NOW + 600)
    for publisher in "ab":
        heard = c.downlink.outbound_streams[publisher, Kind.AUDIO]
        assert (heard.target or heard.inbound) is not None
    assert not room.paused


async def test_a_first_video_stays_small_until_a_probe_has_found_room(target: Target) -> None:
    room = target.sfu.rooms["room"]
    c, seen, large, small = two_encodings(target)
    estimate, prober = c.downlink.estimate, c.downlink.prober
    estimate.limit = UNLIMITED
    c.downlink.video_since = NOW - 1.8
    select_layers(room, NOW)
    assert (seen.inbound, seen.target) == (small, None)
    assert prober.round is not None
    assert prober.wanted > 600_000
    now = NOW
    while prober.round is not None and now < NOW + 2:
        now += 0.02
        bandwidth_probes.service(c, now)
        if prober.round is not None:
            # Each packet is a little later than the one before it.
            arrivals = {number: 1.9 * at for number, at in prober.round.sent.items()}
            prober.note_feedback(arrivals)
    assert now < NOW + 1
    assert 200_000 < estimate.limit < 300_000
    large.last_seen = now
    select_layers(room, now)
    assert (seen.inbound, seen.target) == (small, None)


async def test_a_first_video_does_not_wait_for_who_reports_nothing(target: Target) -> None:
    room = target.sfu.rooms["room"]
    c, seen, large, _ = two_encodings(target)
    for outbound in c.downlink.outbound_streams.values():
        outbound.reports_arrivals = False
    c.downlink.estimate.limit = UNLIMITED
    c.downlink.video_since = NOW - 1.8
    select_layers(room, NOW)
    assert seen.target is large
