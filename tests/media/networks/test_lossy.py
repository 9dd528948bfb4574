"""On a link with loss, delay and duplicates, lost packets are requested, retransmitted and used."""

from collections.abc import Callable

import msgspec
import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    unpack_remb_fci,
)

from media.congestion.bandwidth_estimate import UNLIMITED
from media.messages import OfferNeeded
from media.rtp import rtcp
from media.rtp.codecs import VP8, Kind
from media.sfu import rtcp_sent
from media.streams.inbound import InboundStream
from scripts.traffic.hostile import Hostile
from scripts.traffic.relay_target import Target
from tests.media.networks.lossy import LossyLink, Trouble
from tests.media.support import Client, TestSfu, until


class FarClient(Client):
    """A client behind a bad link."""

    link: LossyLink

    async def answer(self, offer: OfferNeeded) -> None:
        await super().answer(msgspec.structs.replace(offer, sdp=self.link.lead(offer.sdp)))


async def test_lost_packets_are_repeated_in_both_directions() -> None:
    async with TestSfu() as sfu:
        link = LossyLink("127.0.0.1", sfu.port.number, Trouble(0.2, 0.05, 0.05, 0.02))
        await link.start()
        FarClient.link = link
        try:
            near = sfu.join("near", Kind.AUDIO, Kind.VIDEO)
            far = sfu.join("far", Kind.AUDIO, Kind.VIDEO, client=FarClient)
            for client in (near, far):
                await until(
                    lambda client=client: (
                        min(client.frames.get("audio", 0), client.frames.get("video", 0)) > 30
                    ),
                    f"{client.peer_id} sees and hears",
                    deadline=60,
                )
            peer = sfu.rooms["room"].peers["far"]
            down = peer.downlink.outbound_streams["near", Kind.VIDEO]
            await until(lambda: down.rtx.count > 3, "what is lost on the way down is repeated", 60)
            await until(
                lambda: sum(inbound.recovered for inbound in peer.inbound_streams.values()) > 3,
                "what is lost on the way up is got again",
                60,
            )
            assert link.doubled
            assert sfu.forwarder.errors == 0
        finally:
            link.stop()


@pytest.mark.parametrize(("sent", "blamed"), [(lambda n: n % 5, 0.0), (lambda n: True, 0.2)])
async def test_a_publishers_bad_link_is_not_taken_for_the_subscribers(
    sent: Callable[[int], object], blamed: float
) -> None:
    target = Target()
    await target.fill("ab")
    try:
        publisher = Hostile(target.clients["a"], seed=1)
        subscriber = Hostile(target.clients["b"], seed=1)
        peer = target.sfu.rooms["room"].peers["b"]
        for number in range(1, 101):
            if sent(number):
                publisher.send(publisher.seal(publisher.rtp(publisher.own_ssrc, number)))
        publisher.client.port.flush()
        target.sfu.forwarder.drain(target.port)
        seen = peer.downlink.outbound_streams["a", Kind.VIDEO]
        assert seen.packets
        for highest in (100, 200):
            block = RtcpReceiverInfo(seen.ssrc, 51, 20, highest, 0, 0, 0)
            subscriber.send(subscriber.seal_rtcp(rtcp.receiver_reports(1, [block])))
            subscriber.client.port.flush()
            target.sfu.forwarder.drain(target.port)
        assert peer.downlink.loss == pytest.approx(blamed, abs=0.03)
    finally:
        await target.close()


async def test_a_publisher_hears_how_much_of_its_audio_gets_lost_further_on() -> None:
    """Its browser adds as much in-band FEC as its own receiver reports show loss."""
    target = Target()
    await target.fill("ab")
    try:
        subscriber = Hostile(target.clients["b"], seed=1)
        peer = target.sfu.rooms["room"].peers["b"]
        audio = target.clients["a"].audio
        assert audio is not None
        target.clients["a"].send_packets(audio, 20, 0.0)
        target.sfu.forwarder.drain(target.port)
        seen_ssrcs = peer.downlink.outbound_streams["a", Kind.AUDIO]
        assert seen_ssrcs.packets
        for highest in (100, 400):
            block = RtcpReceiverInfo(seen_ssrcs.ssrc, 64, 5, highest, 0, 0, 0)
            subscriber.send(subscriber.seal_rtcp(rtcp.receiver_reports(1, [block])))
            subscriber.client.port.flush()
            target.sfu.forwarder.drain(target.port)
        sent: list[bytes] = []
        owner = target.sfu.rooms["room"].peers["a"]
        owner.send_rtcp = sent.append  # type: ignore[method-assign]
        rtcp_sent.send_receiver_reports(owner, 1.0, 0)
        report, _ = RtcpPacket.parse(sent[0])
        assert [block.fraction_lost for block in report.reports if block.ssrc == audio.ssrc] == [64]
        assert owner.uplink.loss == 0.0, "its own link is not to blame"
    finally:
        await target.close()


async def test_an_encoding_that_is_not_sent_is_asked_for_no_keyframe() -> None:
    """But a still screen is, and a camera that sends nothing at all."""
    target = Target()
    await target.fill("ab")
    try:
        peer = target.sfu.rooms["room"].peers["a"]
        outbound = target.sfu.rooms["room"].peers["b"].downlink.outbound_streams["a", Kind.VIDEO]
        asked: list[bytes] = []
        peer.send_rtcp = asked.append  # type: ignore[method-assign]
        large, small = (
            InboundStream(number, VP8, "a", rid) for number, rid in ((7, "h"), (8, "l"))
        )
        peer.inbound_streams.clear()
        peer.inbound_streams.update({7: large, 8: small})
        large.waiting = (outbound,)
        large.want_keyframe()
        small.last_seen = 50.0
        rtcp_sent.send_keyframe_requests(peer, 50.0)
        assert asked == []
        large.last_seen = 50.0
        rtcp_sent.send_keyframe_requests(peer, 50.0)
        assert len(asked) == 1
        rtcp_sent.send_keyframe_requests(peer, 60.0)
        assert len(asked) == 2, "nothing is sent at all: asking may help"
        large.rid = ""
        small.last_seen = 70.0
        rtcp_sent.send_keyframe_requests(peer, 70.0)
        assert len(asked) == 3, "what has one encoding is asked even when it is still"
    finally:
        await target.close()


async def test_a_publisher_hears_that_it_may_send_more_again() -> None:
    """Browsers keep the last REMB they received."""
    target = Target()
    await target.fill("ab")
    try:
        video = target.clients["a"].video
        assert video is not None
        target.clients["a"].send_packets(video, 20, 0.0)
        target.sfu.forwarder.drain(target.port)
        peer = target.sfu.rooms["room"].peers["a"]
        sent: list[bytes] = []
        peer.send_rtcp = sent.append  # type: ignore[method-assign]

        def limits() -> list[int]:
            found = [
                unpack_remb_fci(packet.fci)[0]
                for data in sent
                for packet in RtcpPacket.parse(data)
                if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP
            ]
            sent.clear()
            return found

        rtcp_sent.send_receiver_reports(peer, 100.0, 0)
        assert limits() == []
        rtcp_sent.send_receiver_reports(peer, 101.0, 300_000)
        assert limits() == [pytest.approx(300_000, rel=0.01)]
        rtcp_sent.send_receiver_reports(peer, 102.0, 0)
        assert limits() == [pytest.approx(UNLIMITED, rel=0.01)]
        rtcp_sent.send_receiver_reports(peer, 110.0, 0)
        assert limits() == []
    finally:
        await target.close()
