"""A stream belongs to the section its MID names, else its SSRC, else its payload type alone."""

import struct

import pytest

from media.forwarding import ssrcs
from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp.codecs import H264, OPUS, RED, VP8, Kind
from media.rtp.extension_layout import Layout, read_layout
from media.streams.inbound import InboundStream
from media.streams.publication import Publication

MIDS = {Kind.AUDIO: "0", Kind.VIDEO: "1", Kind.SCREEN: "2"}
RTX, H264_RTX = 97, 103
AUDIO = frozenset((OPUS.payload_type, RED.payload_type))
VIDEO = frozenset((VP8.payload_type, RTX))


def publisher(*kinds: Kind) -> Peer:
    """A peer whose answer accepted these kinds and named no SSRC."""
    peer = Peer("room", "a", Limits())
    for kind, mid in MIDS.items():
        publication = Publication("a", kind, active=kind in kinds, mid=mid)
        publication.payload_types = AUDIO if kind is Kind.AUDIO else VIDEO
        peer.publications.by_kind[kind] = publication
    return peer


def packet(payload_type: int, ssrc: int = 7, mid: str = "", payload: bytes = b"") -> bytes:
    """An RTP packet; one with a mid has it as a header extension."""
    header = struct.pack("!BBHII", 0x90 if mid else 0x80, payload_type, 1000, 3000, ssrc)
    if mid:
        block = bytes((0x10 | (len(mid) - 1),)) + mid.encode()
        block += bytes(-len(block) % 4)
        header += struct.pack("!HH", 0xBEDE, len(block) // 4) + block
    return header + payload


def layout_of(data: bytes) -> Layout:
    layout = read_layout(data)
    assert layout is not None
    return layout


def found(peer: Peer, payload_type: int, mid: str = "", ssrc: int = 7) -> Kind | None:
    layout = layout_of(packet(payload_type, ssrc, mid))
    stream = ssrcs.new_stream(peer, ssrc, payload_type, layout)
    return stream[0].kind if stream is not None else None


def test_the_mid_comes_first() -> None:
    peer = publisher(*Kind)
    peer.publications.announce(("a", Kind.VIDEO), [(7, 0)])
    assert found(peer, VP8.payload_type, mid="2") is Kind.SCREEN
    assert found(peer, VP8.payload_type, mid="9") is None, "a section that there is not"
    assert found(peer, VP8.payload_type, mid="0") is None, "a payload type it has not"


def test_then_comes_the_ssrc_of_the_answer() -> None:
    peer = publisher(*Kind)
    peer.publications.announce(("a", Kind.SCREEN), [(7, 0)])
    assert found(peer, VP8.payload_type) is Kind.SCREEN
    assert found(peer, OPUS.payload_type) is None


def test_then_a_payload_type_that_one_section_alone_has() -> None:
    assert found(publisher(Kind.AUDIO, Kind.VIDEO), OPUS.payload_type) is Kind.AUDIO
    assert found(publisher(Kind.AUDIO, Kind.VIDEO), VP8.payload_type) is Kind.VIDEO
    assert found(publisher(*Kind), VP8.payload_type) is None, "the camera has it, and the screen"
    assert found(publisher(Kind.AUDIO), VP8.payload_type) is None


def test_what_an_answer_did_not_accept_is_not_taken() -> None:
    peer = publisher(Kind.AUDIO)
    peer.publications.by_kind[Kind.AUDIO].payload_types = frozenset((OPUS.payload_type,))
    for mid in ("", "0"):
        assert found(peer, RED.payload_type, mid) is None
        assert found(peer, OPUS.payload_type, mid) is Kind.AUDIO


@pytest.mark.parametrize("mid", ["", "1"])
def test_a_retransmission_of_an_ssrc_not_announced_belongs_to_the_only_stream(mid: str) -> None:
    peer = publisher(Kind.AUDIO, Kind.VIDEO)
    found = ssrcs.new_stream(peer, 7, VP8.payload_type, layout_of(packet(VP8.payload_type)))
    assert found is not None
    publication, inbound = found
    ssrcs.enter(peer, publication, inbound, now=1.0)
    inbound.accept(100, 1.0)
    inbound.accept(102, 1.0)
    probe = packet(RTX, 8, mid)
    assert ssrcs.undo_retransmission(peer, probe, layout_of(probe)) is None
    assert not peer.publications.repairs, "a probe for bandwidth repairs nothing"
    again = packet(RTX, 8, mid, (101).to_bytes(2) + b"picture")
    undone = ssrcs.undo_retransmission(peer, again, layout_of(again))
    assert undone is not None
    assert undone[0] is inbound
    assert ssrcs.new_stream(peer, 8, VP8.payload_type, layout_of(packet(VP8.payload_type))) is None
    assert undone[1].endswith(b"picture")
    assert peer.publications.repairs == {8: 7}


def test_a_retransmission_without_rid_belongs_to_none_of_several_streams() -> None:
    peer = publisher(Kind.VIDEO)
    publication = peer.publications.by_kind[Kind.VIDEO]
    publication.rids = ("h", "l")
    for ssrc, rid in ((7, "h"), (9, "l")):
        inbound = InboundStream(ssrc, VP8, "a", rid)
        ssrcs.enter(peer, publication, inbound, now=1.0)
        inbound.accept(100, 1.0)
        inbound.accept(102, 1.0)
    again = packet(RTX, 8, "1", (101).to_bytes(2) + b"picture")
    assert ssrcs.undo_retransmission(peer, again, layout_of(again)) is None


def test_audio_takes_no_retransmissions() -> None:
    """An answer may name a repair for it all the same; its subscribers would get a video's packets."""
    peer = publisher(Kind.AUDIO)
    peer.publications.announce(("a", Kind.AUDIO), [(7, 8)])
    inbound = InboundStream(7, OPUS, "a")
    ssrcs.enter(peer, peer.publications.by_kind[Kind.AUDIO], inbound, now=1.0)
    inbound.accept(100, 1.0)
    inbound.accept(102, 1.0)
    again = packet(RTX, 8, "0", (101).to_bytes(2) + b"picture")
    assert ssrcs.undo_retransmission(peer, again, layout_of(again)) is None
    assert 101 in inbound.missing


def test_a_retransmission_has_the_codec_that_its_payload_type_repairs() -> None:
    """Though the sender has changed its codec since."""
    peer = publisher(Kind.VIDEO)
    publication = peer.publications.by_kind[Kind.VIDEO]
    publication.payload_types |= {H264.payload_type, H264_RTX}
    inbound = InboundStream(7, VP8, "a")
    ssrcs.enter(peer, publication, inbound, now=1.0)
    inbound.accept(100, 1.0)
    inbound.accept(102, 1.0)
    assert ssrcs.change_payload(inbound, H264.payload_type)
    again = packet(RTX, 8, "1", (101).to_bytes(2) + b"picture")
    undone = ssrcs.undo_retransmission(peer, again, layout_of(again))
    assert undone is not None
    assert undone[1][1] & 0x7F == VP8.payload_type
