"""Real aiortc clients see and hear each other through the relay."""

import pytest

from media.congestion.bandwidth_estimate import UNLIMITED
from media.messages import Connected, Prefer, Published, VideoPaused
from media.rtp.codecs import Kind
from media.sfu.layer_selection import select_layers
from tests.media.support import TestSfu, until


async def test_two_clients_see_and_hear_each_other() -> None:
    async with TestSfu() as sfu:
        a = sfu.join("a", Kind.AUDIO, Kind.VIDEO)
        b = sfu.join("b", Kind.AUDIO, Kind.VIDEO)
        await until(lambda: len(sfu.of(Connected)) >= 2, "both are connected")
        await until(lambda: len(sfu.of(Published)) >= 4, "both publish both")
        for client in (a, b):
            await until(
                lambda client=client: (
                    min(client.frames.get("audio", 0), client.frames.get("video", 0)) > 10
                ),
                f"{client.peer_id} sees and hears",
            )
        assert sfu.forwarder.errors == 0


async def test_every_offer_of_a_connection_is_of_one_session() -> None:
    async with TestSfu() as sfu:
        a = sfu.join("a", Kind.AUDIO)
        await until(lambda: sfu.of(Connected), "a is connected")
        sfu.join("b", Kind.AUDIO)
        await until(lambda: len(a.offers) == 2, "a is offered b")
        origins = [offer.sdp.split("o=- ")[1].split(" ")[0] for offer in a.offers]
        assert origins[0] == origins[1]


@pytest.mark.slow
async def test_a_video_off_screen_is_not_sent_until_it_is_shown_again() -> None:
    async with TestSfu() as sfu:
        sfu.join("a", Kind.AUDIO, Kind.VIDEO)
        b = sfu.join("b")
        await until(lambda: b.frames.get("video", 0) > 5, "b sees a")
        source = ("a", Kind.VIDEO)
        outbound = sfu.rooms["room"].peers["b"].downlink.outbound_streams[source]
        (camera,) = (
            sfu.rooms["room"].peers["a"].publications.by_kind[Kind.VIDEO].inbound_streams.values()
        )

        async def goes_on() -> None:
            come, seen_ssrcs = camera.received, b.frames.get("audio", 0)
            await until(lambda: camera.received > come + 15, "a goes on sending")
            await until(lambda: b.frames.get("audio", 0) > seen_ssrcs + 15, "b goes on hearing")

        sfu.execute(Prefer("room", "b", *source, None))
        sent = outbound.packets
        await goes_on()
        seen = b.frames["video"]
        await goes_on()
        assert outbound.packets == sent
        assert b.frames["video"] == seen
        sfu.execute(Prefer("room", "b", *source, 180))
        await until(lambda: b.frames["video"] > seen + 10, "b sees a again")
        assert outbound.packets > sent
        assert not sfu.of(VideoPaused), "the link is not to blame"


@pytest.mark.slow
async def test_who_has_no_room_for_a_video_is_told_so_as_long_as_it_is_wanted() -> None:
    async with TestSfu() as sfu:
        sfu.join("a", Kind.AUDIO, Kind.VIDEO)
        b = sfu.join("b")
        await until(lambda: b.frames.get("video", 0) > 5, "b sees a")
        source = ("a", Kind.VIDEO)
        room = sfu.rooms["room"]
        (camera,) = room.peers["a"].publications.by_kind[Kind.VIDEO].inbound_streams.values()
        await until(lambda: camera.bitrate, "the bit rate of the video is known")
        estimate = room.peers["b"].downlink.estimate
        outbound = room.peers["b"].downlink.outbound_streams[source]

        def narrow(limit: float) -> list[VideoPaused]:
            """The events once the link is limited to that."""
            before = len(sfu.of(VideoPaused))
            estimate.limit, estimate.updated_at = limit, sfu.now()
            select_layers(room, sfu.now())
            return sfu.of(VideoPaused)[before:]

        held, shown = (VideoPaused("room", "b", *source, paused) for paused in (True, False))
        assert narrow(1.0) == [held]
        assert outbound.inbound is None
        assert narrow(1.0) == [], "once is enough"
        sfu.execute(Prefer("room", "b", *source, None))
        assert sfu.of(VideoPaused) == [held, shown], "what is not wanted is not held back"
        sfu.execute(Prefer("room", "b", *source, 180))
        assert sfu.of(VideoPaused) == [held, shown, held]
        assert narrow(UNLIMITED) == [shown]
        seen = b.frames["video"]
        await until(lambda: b.frames["video"] > seen + 10, "b sees a again")
