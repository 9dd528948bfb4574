"""A trace shows what was negotiated and reported, and no secret."""

import random

from aiortc.rtp import RtcpReceiverInfo

from media.rooms.trace import PeerTrace, masked_sdp, rtcp_lines
from media.rtp import rtcp

SECRETS = ("s3cret", "u7rag", "AA:BB", "192.0.2.7", "2001:db8::7", "printer.local", "198.51.100.1")
ANSWER = """v=0\r
o=- 1 2 IN IP4 192.0.2.7\r
m=audio 9 UDP/TLS/RTP/SAVPF 111\r
c=IN IP6 2001:db8::7\r
a=rtcp:9 IN IP4 192.0.2.7\r
a=ice-ufrag:u7rag\r
a=ice-pwd:s3cret\r
a=fingerprint:sha-256 AA:BB\r
a=candidate:1 1 udp 2122260223 printer.local 50000 typ host generation 0\r
a=candidate:2 1 udp 1686052607 198.51.100.1 50000 typ srflx raddr 192.0.2.7 rport 50000\r
a=rtpmap:111 opus/48000/2\r
"""


def test_secrets_and_addresses_of_people_are_masked() -> None:
    masked = masked_sdp(ANSWER)
    assert not any(secret in masked for secret in SECRETS)
    assert len(masked.splitlines()) == len(ANSWER.splitlines())
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111\r" in masked
    assert "a=rtpmap:111 opus/48000/2" in masked
    assert "a=candidate:2 1 udp 1686052607 *** 50000 typ srflx" in masked


def test_an_answer_gives_the_operators_terminal_no_orders() -> None:
    printed: list[str] = []
    PeerTrace(printed.append).sdp("answer", "v=0\r\ns=\x1b]0;owned\x07\x9b2J\u202e-\r\n")
    assert printed == ["<- answer\n  v=0\n  s=\\x1b]0;owned\\x07\\x9b2J\\u202e-"]


def test_an_offers_own_candidates_stay_readable() -> None:
    assert "198.51.100.1 50000 typ srflx" in masked_sdp(ANSWER, candidates=False)


def test_each_rtcp_packet_is_a_line() -> None:
    block = RtcpReceiverInfo(7, 64, 5, 1000, 3, 0, 0)
    compound = (
        rtcp.receiver_reports(1, [block])
        + rtcp.nack(1, 7, [10, 11])
        + rtcp.keyframe_request(1, 7)
        + rtcp.bitrate_limit(1, 250_000, [7])
    )
    assert list(rtcp_lines(compound)) == [
        "RTCP RR ssrc=1 [media=7 lost=25.0% cumulative=5 highest=1000 jitter=3]",
        "RTCP NACK ssrc=1 media=7 lost=10,11",
        "RTCP PLI ssrc=1 media=7",
        "RTCP REMB ssrc=1 bitrate=250000 media=7",
    ]


def test_malformed_rtcp_raises_nothing() -> None:
    chance = random.Random(1)
    for length in range(400):
        head = bytes((0x80 | chance.randrange(32), chance.randint(200, 206)))
        list(rtcp_lines(head + chance.randbytes(length)))
