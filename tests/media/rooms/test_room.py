"""A room decides who receives whom, at a cost that does not grow with who else is there."""

import re
import sys
from collections.abc import Callable

import pytest

from media.forwarding import ssrcs
from media.messages import Event, OfferNeeded, Published, Publishing, Traced
from media.participant_limits import Limits
from media.rooms.publications import Publications
from media.rooms.room import Refused, Room
from media.rtp.codecs import VP8, Kind
from media.rtp.extension_layout import NO_LAYOUT
from media.streams.inbound import InboundStream
from media.transport.dtls import Certificate

CERTIFICATE = Certificate.generateCertificate()
FINGERPRINT = "sha-256 " + ":".join(["AA"] * 32)
BOTH = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))


class RoomHost:
    """What a room needs, without a network: callbacks run on demand."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.due: list[Callable[[], None]] = []

    def certificate(self) -> Certificate:
        return CERTIFICATE

    def addresses(self) -> list[tuple[str, int]]:
        return [("127.0.0.1", 9)]

    def tcp_addresses(self) -> list[tuple[str, int]]:
        return []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def now(self) -> float:
        return 1.0

    def soon(self, callback: Callable[[], None]) -> None:
        self.due.append(callback)

    def take(self, kind: type) -> list:
        """Run the callbacks, and return the events of a kind since the last call."""
        while self.due:
            self.due.pop(0)()
        found = [event for event in self.events if isinstance(event, kind)]
        self.events = [event for event in self.events if not isinstance(event, kind)]
        return found


def answer(offer: str, announced: str = "") -> str:
    """An answer that accepts and sends all that is offered; ``announced`` are its SSRC lines."""
    sections = re.split(r"(?m)^(?=m=)", offer.replace("\r\n", "\n"))
    lines = [*sections[0].strip().split("\n")]
    for section in sections[1:]:
        kept = ("m=", "a=mid:", "a=extmap:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "c=")
        lines += [line for line in section.strip().split("\n") if line.startswith(kept)]
        lines += ["a=ice-ufrag:abcd", f"a=ice-pwd:{'x' * 24}", f"a=fingerprint:{FINGERPRINT}"]
        lines += ["a=setup:active", "a=rtcp-mux"]
        sends = "a=recvonly" in section
        lines.append("a=sendonly" if sends else "a=recvonly")
        if sends and announced:
            lines.append(announced)
    return "\r\n".join(lines) + "\r\n"


def settle(room: Room, host: RoomHost) -> list[OfferNeeded]:
    """Answer all offers until none is left."""
    offers: list[OfferNeeded] = []
    while new := host.take(OfferNeeded):
        offers += new
        for offer in new:
            room.answer(room.peers[offer.peer_id], answer(offer.sdp), offer.revision)
    return offers


def offers_until(room: Room, host: RoomHost, publisher: str) -> list[OfferNeeded]:
    """Answer for a newcomer until the others are offered what it publishes; these offers."""
    while True:
        offers: list[OfferNeeded] = host.take(OfferNeeded)
        if any(publisher in offer.sdp for offer in offers if offer.peer_id != publisher):
            return offers
        for offer in offers:
            room.answer(room.peers[offer.peer_id], answer(offer.sdp), offer.revision)


def room_of(viewers: int) -> tuple[Room, RoomHost]:
    """A room with two publishers and others who only watch."""
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    for name in ("a", "b"):
        room.join(name, BOTH, automatic=True)
    for index in range(viewers):
        room.join(f"viewer {index}", (), automatic=True)
    settle(room, host)
    return room, host


def test_everybody_receives_everybody_else() -> None:
    room, host = room_of(3)
    sources = {(name, kind) for name in ("a", "b") for kind in (Kind.AUDIO, Kind.VIDEO)}
    for name, peer in room.peers.items():
        assert set(peer.downlink.outbound_streams) == {
            source for source in sources if source[0] != name
        }
        assert set(peer.negotiation.receiving) == set(peer.downlink.outbound_streams)
    assert len(host.take(Published)) == 4


def test_what_a_client_leaves_out_of_its_answer_it_is_not_sent() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    room.join("a", BOTH, automatic=True)
    viewer = room.join("viewer", (), automatic=True)
    while offers := host.take(OfferNeeded):
        for offer in offers:
            said = answer(offer.sdp)
            if offer.peer_id == "viewer":
                said = re.sub("a=extmap:(2|5) .*\r\n", "", said)
            room.answer(room.peers[offer.peer_id], said, offer.revision)
    declined = {
        kind: outbound.declined for (_, kind), outbound in viewer.downlink.outbound_streams.items()
    }
    assert declined == {Kind.AUDIO: 1 << 2, Kind.VIDEO: 1 << 2 | 1 << 5}


@pytest.mark.parametrize("left_out", ["a=extmap:3 ", "a=rtcp-fb:96 transport-cc"])
def test_whoever_will_not_report_arrivals_is_not_probed(left_out: str) -> None:
    """It takes both: the numbers, and the feedback on them."""
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    room.join("a", BOTH, automatic=True)
    for name in ("viewer", "other"):
        room.join(name, (), automatic=True)
    while offers := host.take(OfferNeeded):
        for offer in offers:
            said = answer(offer.sdp)
            if offer.peer_id == "viewer":
                assert "a=mid:1" not in said or left_out in said
                said = re.sub(f"(?m)^{left_out.replace('96', '.*')}.*\r\n", "", said)
            room.answer(room.peers[offer.peer_id], said, offer.revision)
    for name, reports in (("viewer", False), ("other", True)):
        outbound = room.peers[name].downlink.outbound_streams["a", Kind.VIDEO]
        assert outbound.reports_arrivals is reports
        assert outbound.takes_padding is reports


@pytest.mark.parametrize("refusal", ["a=inactive", "a=sendonly", "port 0"])
def test_who_stops_receiving_is_sent_nothing_from_then_on(refusal: str) -> None:
    room, host = room_of(1)
    viewer = room.peers["viewer 0"]
    section = viewer.negotiation.receiving["a", Kind.VIDEO]
    outbound = viewer.downlink.outbound_streams["a", Kind.VIDEO]
    inbound = InboundStream(1, VP8, "a")
    room.follow(viewer, ("a", Kind.VIDEO), inbound, paused=False)
    outbound.begin(inbound, 1, 1, memoryview(b""), 1.0)
    room.join("late", BOTH, automatic=True)
    settle(room, host)
    # An answer that still receives changes nothing.
    assert inbound.outbound_streams == (outbound,)
    room.join("later", BOTH, automatic=True)
    (offer,) = (one for one in offers_until(room, host, "later") if one.peer_id == viewer.id)
    first, *sections = re.split(r"(?m)^(?=m=)", answer(offer.sdp))
    index = int(section.mid)
    if refusal == "port 0":
        sections[index] = sections[index].replace(" 9 ", " 0 ", 1)
    else:
        sections[index] = sections[index].replace("a=recvonly", refusal)
    room.answer(viewer, first + "".join(sections), offer.revision)
    assert outbound.inbound is None
    assert inbound.outbound_streams == ()


def test_the_cname_of_an_offer_is_that_of_reports() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    room.join("a", [*BOTH, Publishing(Kind.SCREEN)], automatic=True)
    viewer = room.join("viewer", (), automatic=True)
    offer = settle(room, host)[-1]
    outbound_streams = viewer.downlink.outbound_streams.values()
    assert len(outbound_streams) == 3
    for outbound in outbound_streams:
        # Reports name the publisher: `send_sender_report` in media/sfu/rtcp_sent.py.
        assert f"a=ssrc:{outbound.ssrc} cname:{outbound.publisher_id}\r\n" in offer.sdp


def test_whoever_is_heard_over_a_narrow_link_is_asked_for_few_bits() -> None:
    room, host = room_of(2)
    viewer = room.peers["viewer 0"]
    viewer.downlink.thrift.wanted = True
    room.unsubscribe(viewer, "b", [Kind.AUDIO])
    settle(room, host)
    room.follow_thrift()
    offers = {offer.peer_id: offer.sdp for offer in settle(room, host)}
    assert set(offers) == {"a"}, "nobody else is bothered"
    spoken = offers["a"].split("m=")[1]
    assert "a=ptime:60\r\n" in spoken
    assert re.search(r"a=fmtp:111 .*;usedtx=1;maxaveragebitrate=20000\r\n", spoken)
    assert "a=ptime" not in "m=".join(offers["a"].split("m=")[2:]), "what it hears is as it comes"
    room.follow_thrift()
    assert not settle(room, host)
    room.set_redundancy(room.peers["a"], True)
    (offer,) = settle(room, host)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n" in offer.sdp
    assert "a=ptime:60\r\n" in offer.sdp, "one wish leaves the other alone"
    room.leave(viewer)
    settle(room, host)
    room.follow_thrift()
    (offer,) = settle(room, host)
    assert offer.peer_id == "a"
    assert "a=ptime" not in offer.sdp
    assert "maxaveragebitrate" not in offer.sdp


def test_what_ends_is_received_by_nobody() -> None:
    room, host = room_of(3)
    room.unpublish(room.peers["a"], [Kind.VIDEO])
    settle(room, host)
    assert all(
        ("a", Kind.VIDEO) not in peer.downlink.outbound_streams for peer in room.peers.values()
    )
    room.leave(room.peers["b"])
    offers = settle(room, host)
    assert {offer.peer_id for offer in offers} == {"a", "viewer 0", "viewer 1", "viewer 2"}
    assert set(room.peers["viewer 0"].downlink.outbound_streams) == {("a", Kind.AUDIO)}
    room.publish(room.peers["a"], [Publishing(Kind.VIDEO)])
    settle(room, host)
    assert set(room.peers["viewer 0"].downlink.outbound_streams) == {
        ("a", Kind.AUDIO),
        ("a", Kind.VIDEO),
    }


@pytest.mark.parametrize("shared", [False, True])
def test_a_camera_that_is_sent_again_goes_on_with_its_streams(shared: bool) -> None:
    """Browsers name mid and rid of an SSRC until a report on it has come, and never again."""
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    kinds = [Publishing(Kind.VIDEO, ("h", "l")), *[Publishing(Kind.SCREEN)] * shared]
    peer = room.join("a", kinds, automatic=True)
    rids = "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l"

    def change(direction: str) -> None:
        peer.negotiation.changed = True
        room._offer_soon(peer)
        (offer,) = host.take(OfferNeeded)
        mid = peer.publications.by_kind[Kind.VIDEO].mid
        parts = re.split(r"(?m)^(?=m=)", answer(offer.sdp))
        parts[1 + int(mid)] = parts[1 + int(mid)].replace("a=sendonly", f"a={direction}\r\n{rids}")
        room.answer(peer, "".join(parts), offer.revision)

    change("sendonly")
    publication = peer.publications.by_kind[Kind.VIDEO]
    for ssrc, rid in ((7, "h"), (8, "l")):
        ssrcs.enter(peer, publication, InboundStream(ssrc, VP8, "a", rid), 1.0)
    change("inactive")
    assert not publication.inbound_streams
    assert ssrcs.new_stream(peer, 7, VP8.payload_type, NO_LAYOUT) is None, "it is not to be sent"
    change("sendonly")
    for ssrc, rid in ((7, "h"), (8, "l")):
        found = ssrcs.new_stream(peer, ssrc, VP8.payload_type, NO_LAYOUT)
        assert found is not None
        assert (found[0], found[1].rid) == (publication, rid)
        ssrcs.enter(peer, *found, 2.0)
    assert not peer.publications.ended


def test_the_newest_streams_that_ended_are_remembered_as_many_as_one_may_send() -> None:
    publications = Publications(most_streams=3)
    for ssrc in range(10):
        publications.end_stream(("a", Kind.VIDEO), InboundStream(ssrc, VP8, "a", f"{ssrc}"))
    assert publications.ended == {ssrc: (("a", Kind.VIDEO), f"{ssrc}") for ssrc in (7, 8, 9)}


def test_who_does_not_want_is_not_sent() -> None:
    room, host = room_of(1)
    viewer = room.peers["viewer 0"]
    room.unsubscribe(viewer, "a", [Kind.VIDEO])
    room.join("chooser", (), automatic=False)
    settle(room, host)
    assert ("a", Kind.VIDEO) not in viewer.downlink.outbound_streams
    assert not room.peers["chooser"].downlink.outbound_streams
    room.subscribe(room.peers["chooser"], "b", [Kind.AUDIO])
    room.subscribe(viewer, "a", [Kind.VIDEO])
    settle(room, host)
    assert set(room.peers["chooser"].downlink.outbound_streams) == {("b", Kind.AUDIO)}
    assert ("a", Kind.VIDEO) in viewer.downlink.outbound_streams


def test_who_has_no_line_left_holds_up_nobody() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    room.join("viewer", (), automatic=True)
    room.join("chooser", (), automatic=False)
    for index in range(70):
        room.join(f"publisher {index}", [Publishing(Kind.AUDIO)], automatic=False)
    settle(room, host)
    viewer, chooser = room.peers["viewer"], room.peers["chooser"]
    assert len(viewer.downlink.outbound_streams) == len(viewer.negotiation.receiving) == 63
    with pytest.raises(Refused, match="as much as one can"):
        for index in range(70):
            room.subscribe(chooser, f"publisher {index}", [Kind.AUDIO])
    settle(room, host)
    assert len(chooser.downlink.outbound_streams) == 63


def test_what_found_no_section_gets_one_that_becomes_free() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    viewer = room.join("viewer", (), automatic=True)
    for index in range(66):
        room.join(f"publisher {index}", [Publishing(Kind.AUDIO)], automatic=False)
    settle(room, host)
    wanted = {(f"publisher {index}", Kind.AUDIO) for index in range(66)}
    left_out = wanted - set(viewer.downlink.outbound_streams)
    assert len(left_out) == 3
    for name, _ in list(wanted - left_out)[:2]:
        room.leave(room.peers[name])
    settle(room, host)
    assert len(left_out - set(viewer.downlink.outbound_streams)) == 1
    for name, _ in left_out - set(viewer.downlink.outbound_streams):
        room.leave(room.peers[name])
    settle(room, host)
    assert not viewer.subscriptions.unplaced
    assert set(viewer.downlink.outbound_streams) == {
        (name, Kind.AUDIO) for name in room.peers if name != "viewer"
    }


def test_a_section_that_becomes_free_is_for_what_has_its_medium() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    viewer = room.join("viewer", (), automatic=True)
    for index in range(63):
        room.join(f"first {index}", [Publishing(Kind.VIDEO)], automatic=False)
    settle(room, host)
    for index in range(20):
        room.join(f"voice {index}", [Publishing(Kind.AUDIO)], automatic=False)
    room.join("camera", [Publishing(Kind.VIDEO)], automatic=False)
    settle(room, host)
    assert len(viewer.subscriptions.unplaced) == 21
    room.leave(room.peers["first 5"])
    settle(room, host)
    assert ("camera", Kind.VIDEO) in viewer.downlink.outbound_streams
    assert len(viewer.subscriptions.unplaced) == 20


def test_what_answers_announce_replaces_what_earlier_ones_did() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    peer = room.join("a", [*BOTH, Publishing(Kind.SCREEN)], automatic=True)
    for turn in range(20):
        (offer,) = host.take(OfferNeeded)
        ssrcs = range(1 + 100 * turn, 61 + 100 * turn, 2)
        announced = [f"a=ssrc-group:FID {ssrc} {ssrc + 1}" for ssrc in ssrcs]
        announced += [f"a=ssrc:{ssrc + more} cname:x" for ssrc in ssrcs for more in (0, 1)]
        room.answer(peer, answer(offer.sdp, "\r\n".join(announced)), offer.revision)
        assert 0 < len(peer.publications.announced) <= peer.limits.streams
        assert len(peer.publications.repairs) <= peer.limits.streams
        assert min(peer.publications.announced) > 100 * turn
        room.set_redundancy(peer, turn % 2 == 0)
    room.unpublish(peer, list(Kind))
    assert not peer.publications.announced
    assert not peer.publications.repairs


def test_what_packets_told_of_retransmissions_outlives_answers_that_do_not() -> None:
    host = RoomHost()
    room = Room("room", host, Limits(), ())
    peer = room.join("a", BOTH, automatic=True)
    for turn in range(3):
        (offer,) = host.take(OfferNeeded)
        room.answer(peer, answer(offer.sdp, "a=ssrc:7 cname:x"), offer.revision)
        peer.publications.repairs.setdefault(8, 7)
        assert peer.publications.repairs == {8: 7}
        room.set_redundancy(peer, turn % 2 == 0)
    room.unpublish(peer, list(Kind))
    assert not peer.publications.repairs


def test_an_arrival_costs_the_same_in_a_small_and_a_large_room() -> None:
    def calls(viewers: int) -> int:
        room, host = room_of(viewers)
        count = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(note)
        try:
            room.join("late", (), automatic=True)
            settle(room, host)
        finally:
            sys.setprofile(None)
        return count

    # Random numbers are drawn again when they repeat: hence not exactly the same.
    assert abs(calls(100) - calls(10)) < 20


def test_a_trace_begins_with_the_present_offers_and_ends_when_told() -> None:
    room, host = room_of(1)
    room.trace(True)
    traced = host.take(Traced)
    assert {event.peer_id for event in traced} == set(room.peers)
    assert all(event.text.startswith("-> offer\n") for event in traced)
    room.join("late", (), automatic=True)
    settle(room, host)
    later = host.take(Traced)
    assert {event.text.split("\n")[0] for event in later} == {"-> offer", "<- answer"}
    assert "late" in {event.peer_id for event in later}
    room.trace(False)
    room.leave(room.peers["late"])
    settle(room, host)
    assert not host.take(Traced)
