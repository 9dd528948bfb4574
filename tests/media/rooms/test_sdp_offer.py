"""Offers contain what browsers need."""

from media.rooms.sdp_offer import Section, write_offer
from media.rtp.codecs import codecs_of
from media.transport.ice import Credentials


def offered() -> list[Section]:
    return [
        Section("0", "audio", "recvonly", codecs_of("audio")),
        Section("1", "video", "recvonly", codecs_of("video"), rids=("h", "l"), bitrate=2_000_000),
        Section("2", "video", "sendonly", codecs_of("video"), (), "a", "a-video", "a", 11, 12),
    ]


def test_an_offer_says_what_browsers_need() -> None:
    text = write_offer(1, 2, Credentials("u", "p"), "sha-256 AA", [("192.0.2.1", 5)], offered())
    sections = text.split("\r\n")
    for expected in (
        "a=ice-lite",
        "a=ice-options:ice2",
        "a=group:BUNDLE 0 1 2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103",
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1",
        "a=simulcast:recv h;l",
        "a=rid:l recv",
        "a=ssrc-group:FID 11 12",
        "a=msid:a a-video",
        "a=ssrc:11 cname:a",
        "b=TIAS:2000000",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 5 typ host",
    ):
        assert expected in sections, expected
    sent = text[text.index("a=mid:2") :]
    assert "transport-wide-cc" in sent, "of the padding of probes"
    for section in text.split("\r\nm=")[1:]:
        assert "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid" in section
        assert section.count("a=candidate:") == 1
        assert section.rstrip().endswith("a=end-of-candidates")


def test_h264_can_be_preferred() -> None:
    assert [codec.name for codec in codecs_of("video", ("H264",))] == ["H264", "VP8"]
